"""Read plates -> a deblurred grey picture and the ink of each, by the deblur GAN's generator."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from .. import images
from ..plates.ink import DrawnPlate, draw_guide, drawn_plate
from ..results import PlateResult

Pair = tuple[np.ndarray, np.ndarray]
"""(grey, binary), uint8 (H, W) each; binary: 0 ink and 255 paper."""

ASPECTS = (1.0, 5.0)
"""Least and greatest width by height of the pictures that are returned."""


def generator_input(pictures: list[np.ndarray], drawn: list[DrawnPlate | None] | None) -> np.ndarray:
    """Input of a deblur generator, float32 (N, 3, H, W) in [-1, 1]; of a guided one (N, 5, H, W).

    pictures: uint8 RGB of one size. drawn: what GN drew of each, for a guided generator.
    """
    if drawn is None:
        return images.to_array(pictures)
    guides = [draw_guide(plate, picture) for plate, picture in zip(drawn, pictures, strict=True)]
    return np.concatenate([images.to_array(pictures), np.stack(guides)], 1)


class InkGenerator(Protocol):
    """A deblur generator, arrays in, arrays out: `TorchInkGenerator` or `OnnxInkGenerator`.

    Attributes:
        input_size: (height, width) of the pictures that it was trained on, in pixels.
        guided: whether it takes a guide, and gives a deblurred grey picture with the ink.
    """

    input_size: tuple[int, int]
    guided: bool

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (N, 3 or 5, H, W) in [-1, 1], see `generator_input` -> float32 (N, 1 or 2, H, W) in [-1, 1]."""
        ...


class PlateDeblurrer:
    """Read plates -> `Pair`s of a constant height, in the crop's own aspect.

    A generator without a guide has one output, which is `grey`; `binary` is Otsu's threshold of it, as in the paper. A
    guided one also has a deblurred grey picture; its ink is binarised at one half, so that faint ink stays paper.
    """

    def __init__(self, generator: InkGenerator):
        self.generator, self.size, self.guided = generator, tuple(generator.input_size), generator.guided

    def __call__(self, plates: list[PlateResult], batch_size: int = 8) -> list[Pair]:
        """A pair for each plate that was read, from its crop and, where guided, from what GN drew."""
        pairs = []
        for k in range(0, len(plates), batch_size):
            part = plates[k : k + batch_size]
            pictures = [images.resize(plate.crop, self.size) for plate in part]
            given = generator_input(pictures, [drawn_plate(plate) for plate in part] if self.guided else None)
            for made, plate in zip(images.to_images(self.generator(given)), part):
                height, width = plate.crop.shape[:2]
                shape = self.size[0], round(self.size[0] * min(max(width / height, ASPECTS[0]), ASPECTS[1]))
                shown = [images.resize(made[..., channel], shape) for channel in range(made.shape[-1])]
                ink = np.where(shown[0] > 127, 255, 0).astype(np.uint8) if self.guided else images.binarise(shown[0])
                pairs.append((shown[-1], ink))
        return pairs
