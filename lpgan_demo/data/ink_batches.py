"""Batches for the deblur GAN: degraded pictures of plates, and pixel by pixel which of them is ink.

A batch is dict(blurred, ink, sharp) of uint8: (N, H, W, 3) RGB; (N, H, W, 1), 0 ink and 255 paper; (N, H, W, 1) grey.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .. import images
from ..plates import get_layout
from ..plates.camera import Camera, random_camera, shoot
from ..plates.glyphs import font_glyphs
from ..plates.ink import LaidInk, lay_text
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

SAME_LETTERING = 0.95
"""Letters that fit a sharp crop as well as this are in the plate's own typeface; no other is tried."""

BETTER_LETTERING = 0.03
"""How much better than an earlier one letters must fit to be taken instead: a blurred stroke hides its width."""


def shoot_plate(sharp: np.ndarray, aspect: float, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Photograph a picture of a plate in the plate's true aspect ratio, so that the camera has few rows for a flat one.

    sharp: uint8 (H, W, 3) RGB, stretched to a preset's size; so is the shot that is returned. aspect: width by height
    of the plate itself.
    """
    height, width = sharp.shape[:2]
    natural = images.resize(sharp, (max(8, round(width / aspect)), width))
    return images.resize(shoot(natural, camera, rng), (height, width))


class InkSample(NamedTuple):
    """A plate to learn ink from: blurred, uint8 (H, W, 3) RGB; ink, uint8 (H, W), 0 ink and 255 paper; sharp, uint8
    (H, W), the grey picture before it was shot."""

    blurred: np.ndarray
    ink: np.ndarray
    sharp: np.ndarray


def grey_of(picture: np.ndarray) -> np.ndarray:
    """RGB 0-255 (H, W, 3) -> grey uint8 (H, W)."""
    return cv2.cvtColor(np.clip(np.rint(picture), 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)


class InkPlates:
    """Source of rendered plates in one of `PRESETS` with their exact ink.

    framing: ranges of the plates' pose in the preset "plate" (None: the preset's). Raises ValueError for an unknown
    preset.
    """

    def __init__(self, source: SyntheticPlates, preset: str = "plate", framing: SceneRanges | None = None):
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, not {preset!r}")
        self.source = source
        self.size, self.ranges = PRESETS[preset]
        if framing is not None and preset == "plate":
            self.ranges = framing

    def sample(self, rng: np.random.Generator) -> InkSample:
        """One plate, shot by a random camera."""
        text, index = self.source.draw_text(rng)
        layout, glyphs = self.source.layouts[index], self.source.draw_glyphs(rng, text)
        scene, ink = scene_with_ink(text, layout, rng, glyphs, self.size, self.ranges)
        photo = shoot_plate(scene, layout.size_mm[1] / layout.size_mm[0], random_camera(rng), rng)
        return InkSample(photo, ink, grey_of(scene))


def lettered(crop: np.ndarray, plate: LabelledPlate, lettering: list[dict], corners=None) -> LaidInk | None:
    """The ink of a labelled plate's sharp crop: the best fit of its text in several letterings, the likeliest first.

    crop: uint8 (H, W, 3) RGB. lettering: {symbol: ink mask} of each. corners: as in `plates.ink.lay_text`.
    """
    best = None
    for glyphs in lettering:
        fit = lay_text(crop, plate.text, get_layout(plate.layout), glyphs, corners)
        if fit is not None and (best is None or fit.correlation > best.correlation + BETTER_LETTERING):
            best = fit
        if best is not None and best.correlation > SAME_LETTERING:
            break
    return best


class InkOfPhotos:
    """Source of real plates, shot anew at each draw; their ink is that of their text laid over the sharp crop.

    Args:
        plates: labelled plates; left out are crops narrower than `min_width` pixels and those that no letters fit;
            ValueError when none is left.
        preset: name in `PRESETS`; "characters" takes rectified crops.
        lettering: {symbol: ink mask} of each lettering that may be the plates'; None: the standard one.
    """

    def __init__(self, plates: list[LabelledPlate], preset: str = "plate", lettering=None, min_width: int = 80):
        self.size, flat = PRESETS[preset][0], preset == "characters"
        self.samples = []
        for plate in plates:
            crop = plate.crop(margin=0.03, flat=flat)
            if crop.shape[1] >= min_width:
                sharp = images.resize(crop, self.size)
                laid = lettered(sharp, plate, lettering or [font_glyphs()], plate.corners_in_crop(0.03, flat))
                if laid is not None:
                    self.samples.append((sharp, laid.ink, crop.shape[1] / crop.shape[0]))
        if not self.samples:
            raise ValueError(f"no labelled plate is at least {min_width} pixels wide and fits its letters")

    def sample(self, rng: np.random.Generator) -> InkSample:
        """One plate, moved a little and shot by a random camera."""
        sharp, ink, aspect = self.samples[rng.integers(len(self.samples))]
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
        return InkSample(photo, np.where(ink < 128, 0, 255).astype(np.uint8), grey_of(sharp))


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
        return {
            "blurred": np.stack([row.blurred for row in rows]),
            "ink": np.stack([row.ink for row in rows])[..., None],
            "sharp": np.stack([row.sharp for row in rows])[..., None],
        }
