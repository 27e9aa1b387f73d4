"""Read standard plates off pictures, and the judge: a reader that never met GN, so that nothing can be hidden from it.

A generator and a reader that are trained together may agree on a pixel code that no person sees. The judge
(weights "plate-judge") was trained on rendered standard plates alone (`training/readers.py`): what it reads in GN's
picture is what the picture shows. It serves evaluation only.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from ...images import to_tensor
from ...networks import load_weights
from ...networks.mtgan import MultiTaskDiscriminator
from ...plates import decode, get_layout
from ...weights import weights_folder

BATCH = 64


class PictureReader:
    """Reads standard plates with a network of DN's form, DN itself included.

    Args:
        network: in evaluation mode.
    """

    def __init__(self, network: MultiTaskDiscriminator):
        self.network = network

    @classmethod
    def from_pretrained(cls, source=None) -> PictureReader:
        """The judge of the weights in `source` (see `weights.weights_folder`). Raises WeightsError without one."""
        return cls(load_weights(weights_folder(source, "plate-judge")))

    @torch.inference_mode()
    def __call__(self, pictures: list[np.ndarray], layouts: list[str]) -> list[str]:
        """Read pictures.

        Args:
            pictures: uint8 (64, 192, 3) RGB, standard plates.
            layouts: name of each one's layout.

        Returns:
            Their texts.

        Raises:
            ValueError: the network does not know a layout.
        """
        names = list(self.network.config.layouts)
        if unknown := set(layouts) - set(names):
            raise ValueError(f"this reader does not know the layouts {', '.join(sorted(unknown))}")
        index = torch.tensor([names.index(layout) for layout in layouts])
        texts = []
        for k in range(0, len(pictures), BATCH):
            logits = self.network(to_tensor(np.stack(pictures[k : k + BATCH])), index[k : k + BATCH]).characters
            for belief, layout in zip(logits.softmax(-1).numpy(), layouts[k : k + BATCH]):
                texts.append("".join(reading[0] for reading in decode(belief, get_layout(layout))))
        return texts


def blurred(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """A 3x3 box blur: it removes a code hidden in single pixels and leaves what a person reads."""
    return [cv2.blur(picture, (3, 3)) for picture in pictures]
