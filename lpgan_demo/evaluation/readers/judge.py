"""Readers of standard plates, among them the independent one that checks what GN draws ("judge" in the reports).

A generator and a reader that are trained together may agree on a pixel code that no person sees. The independent reader
(weights "plate-judge") was trained on rendered standard plates alone (`training/readers.py`): what it reads in GN's
picture is visible there. The page says what it reads where that differs from the text.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from ...images import to_array
from ...inference.loading import onnx_graphs, resolve_backend
from ...inference.pipeline import batched
from ...inference.restoration import softmax
from ...plates import decode, get_layout
from ...weights import weights_folder

BATCH_SIZE = 64


class Reader(Protocol):
    """A network of DN's form, arrays in, arrays out: `TorchReader`, `OnnxReader`, or a pipeline's networks.

    layouts: names in the order of the indices that `read` takes.
    """

    layouts: tuple[str, ...]

    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, 3, 64, 192) in [-1, 1], int64 (N,) -> logits float32 (N, P, symbols)."""
        ...


class PictureReader:
    """Reads standard plates with a network of DN's form, DN itself included."""

    def __init__(self, network: Reader):
        self.network = network

    @classmethod
    def from_pretrained(cls, source=None, backend: str = "auto") -> PictureReader:
        """The independent reader of the weights in `source` (see `weights.weights_folder`).

        backend: as for `PlatePipeline.from_pretrained`. Raises WeightsError.
        """
        if resolve_backend(backend) == "onnx":
            from ...inference.onnx_backend import OnnxReader

            return cls(OnnxReader(onnx_graphs(source, {})))
        from ...inference.torch_backend import TorchReader
        from ...networks import load_weights

        return cls(TorchReader(load_weights(weights_folder(source, "plate-judge"))))

    def __call__(self, pictures: list[np.ndarray], layouts: list[str]) -> list[str]:
        """Standard plates, uint8 RGB (64, 192, 3), and the names of their layouts -> their texts, "" for layouts that
        the network does not know."""
        known, texts = list(self.network.layouts), [""] * len(pictures)
        rows = [row for row in enumerate(zip(pictures, layouts, strict=True)) if row[1][1] in known]
        for batch in batched(rows, BATCH_SIZE):
            index = np.array([known.index(layout) for _, (_, layout) in batch])
            logits = self.network.read(to_array([picture for _, (picture, _) in batch]), index)
            for one, (k, (_, layout)) in zip(softmax(logits), batch):
                texts[k] = "".join(reading[0] for reading in decode(one, get_layout(layout)))
        return texts


def blurred(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Blur with a 3x3 box: it removes a code hidden in single pixels and keeps what a person reads."""
    return [cv2.blur(picture, (3, 3)) for picture in pictures]
