"""Readers of standard plates, among them the independent one that checks what GN draws ("judge" in the reports).

A generator and a reader that are trained together may agree on a pixel code that no person sees. The independent reader
(weights "plate-judge") was trained on rendered standard plates alone (`training/readers.py`): what it reads in GN's
picture is visible there. It serves evaluation only.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from ...images import to_tensor
from ...inference.pipeline import batched
from ...networks import MultiTaskDiscriminator, load_weights
from ...plates import decode, get_layout
from ...weights import weights_folder

BATCH_SIZE = 64


class PictureReader:
    """Reads standard plates with a network of DN's form in evaluation mode, DN itself included."""

    def __init__(self, network: MultiTaskDiscriminator):
        self.network = network

    @classmethod
    def from_pretrained(cls, source=None) -> PictureReader:
        """The independent reader of the weights in `source` (see `weights.weights_folder`). Raises WeightsError."""
        return cls(load_weights(weights_folder(source, "plate-judge")))

    @torch.inference_mode()
    def __call__(self, pictures: list[np.ndarray], layouts: list[str]) -> list[str]:
        """Standard plates, uint8 RGB (64, 192, 3), and the names of their layouts -> their texts, "" for layouts that
        the network does not know."""
        known, texts = list(self.network.config.layouts), [""] * len(pictures)
        rows = [row for row in enumerate(zip(pictures, layouts, strict=True)) if row[1][1] in known]
        for batch in batched(rows, BATCH_SIZE):
            index = torch.tensor([known.index(layout) for _, (_, layout) in batch])
            logits = self.network(to_tensor([picture for _, (picture, _) in batch]), index).characters
            for probabilities, (k, (_, layout)) in zip(logits.softmax(-1).numpy(), batch):
                texts[k] = "".join(reading[0] for reading in decode(probabilities, get_layout(layout)))
        return texts


def blurred(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Blur with a 3x3 box: it removes a code hidden in single pixels and keeps what a person reads."""
    return [cv2.blur(picture, (3, 3)) for picture in pictures]
