"""Batches for the deblur GAN: degraded pictures of plates, and pixel by pixel which of them is ink.

A batch is dict(blurred, ink) of uint8: (N, H, W, 3) RGB and (N, H, W, 1), 0 ink and 255 paper.
"""

from __future__ import annotations

import cv2
import numpy as np

from .. import images
from ..images import binarise
from ..plates import get_layout
from ..plates.camera import Camera, random_camera, shoot
from ..plates.scenes import SceneRanges, scene_with_ink
from .batches import SeededBatches
from .labelled import LabelledPlate
from .synthetic import SyntheticPlates

PRESETS = {
    "plate": ((128, 192), SceneRanges()),
    "characters": (
        (128, 128),
        SceneRanges(
            margin=(-0.075, -0.045), tilt_degrees=0.7, strong_tilt_share=0.0, perspective=0.01, tight_share=0.0
        ),
    ),
}
"""The paper's two sets, plates as extracted with their border and rectified without it: name -> (size, ranges)."""


def sharp_ink(crop: np.ndarray, layout: str) -> np.ndarray:
    """Ink of a sharp uint8 (H, W, 3) RGB crop by Otsu's threshold: uint8 (H, W), 0 ink and 255 paper.

    layout: name of the plate's layout, which says whether its ink is darker or brighter than its background.
    """
    kind = get_layout(layout)
    binary = binarise(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY))
    return 255 - binary if sum(kind.ink) > sum(kind.background) else binary


def shoot_plate(sharp: np.ndarray, aspect: float, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Photograph a picture of a plate in the plate's true aspect ratio, so that the camera has few rows for a flat one.

    sharp: uint8 (H, W, 3) RGB, stretched to a preset's size; so is the shot that is returned. aspect: width by height
    of the plate itself.
    """
    height, width = sharp.shape[:2]
    natural = images.resize(sharp, (max(8, round(width / aspect)), width))
    return images.resize(shoot(natural, camera, rng), (height, width))


class InkPlates:
    """Source of rendered plates in one of `PRESETS` with their exact ink. Raises ValueError for an unknown preset."""

    def __init__(self, source: SyntheticPlates, preset: str = "plate"):
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, not {preset!r}")
        self.source = source
        self.size, self.ranges = PRESETS[preset]

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(blurred: uint8 (H, W, 3) RGB, ink: uint8 (H, W))."""
        text, index = self.source.draw_text(rng)
        layout, glyphs = self.source.layouts[index], self.source.draw_glyphs(rng, text)
        scene, ink = scene_with_ink(text, layout, rng, glyphs, self.size, self.ranges)
        return shoot_plate(scene, layout.size_mm[1] / layout.size_mm[0], random_camera(rng), rng), ink


class InkOfPhotos:
    """Source of real plates, shot anew at each draw; their ink is that of the sharp crop (see `sharp_ink`).

    Args:
        plates: labelled plates; crops narrower than `min_width` pixels are left out; ValueError when none is left.
        preset: name in `PRESETS`; "characters" takes rectified crops.
    """

    def __init__(self, plates: list[LabelledPlate], preset: str = "plate", min_width: int = 80):
        self.size = PRESETS[preset][0]
        self.pairs = []
        for plate in plates:
            crop = plate.crop(margin=0.03, flat=preset == "characters")
            if crop.shape[1] >= min_width:
                sharp = images.resize(crop, self.size)
                self.pairs.append((sharp, sharp_ink(sharp, plate.layout), crop.shape[1] / crop.shape[0]))
        if not self.pairs:
            raise ValueError(f"no labelled plate is at least {min_width} pixels wide")

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(blurred: uint8 (H, W, 3) RGB, ink: uint8 (H, W))."""
        sharp, ink, aspect = self.pairs[rng.integers(len(self.pairs))]
        height, width = self.size
        affine = np.float32(
            [
                [rng.uniform(0.94, 1.06), rng.normal(0, 0.03), rng.normal(0, 3)],
                [rng.normal(0, 0.03), rng.uniform(0.94, 1.06), rng.normal(0, 3)],
            ]
        )
        affine[:, 2] += (np.eye(2, dtype=np.float32) - affine[:, :2]) @ np.float32([width / 2, height / 2])
        sharp, ink = (cv2.warpAffine(p, affine, (width, height), borderMode=cv2.BORDER_REPLICATE) for p in (sharp, ink))
        photo = shoot_plate(sharp, aspect, random_camera(rng, rendered=False), rng)
        return photo, np.where(ink < 128, 0, 255).astype(np.uint8)


class InkBatches(SeededBatches):
    """Batches from groups of sources in turn: a batch is of one group, because the presets' sizes differ.

    groups: for each group, a list of (source, share) with samples of one size.
    """

    def __init__(self, groups, batch_size: int, seed: int, num_batches: int = 10**9):
        super().__init__(batch_size, seed, num_batches)
        self.groups = groups

    def batch(self, k: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        sources, shares = zip(*self.groups[k % len(self.groups)])
        shares = np.asarray(shares, float) / sum(shares)
        rows = [sources[i].sample(rng) for i in rng.choice(len(sources), self.batch_size, p=shares)]
        return {"blurred": np.stack([photo for photo, _ in rows]), "ink": np.stack([ink for _, ink in rows])[..., None]}
