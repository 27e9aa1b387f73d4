"""Labelled real plates, and on which side of the split each one is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .. import images

SIDES = ("all", "train", "validation", "test", "not-trained", "second-half")


SPLITS = {"train": (0.0, 0.7), "validation": (0.7, 0.85), "test": (0.85, 1.0)}


@dataclass(frozen=True)
class LabelledPlate:
    """One labelled plate in a picture: path, text, layout name, and its corners (4, 2) in pixels, or None for
    a picture that is the crop. group: what decides the split, the text unless plates share a photo."""

    path: Path
    text: str
    layout: str
    corners: np.ndarray | None = None
    group: str = ""

    @property
    def split(self) -> str:
        return split_of(self.group or self.text)

    def crop(self, margin: float = 0.0, flat: bool = False) -> np.ndarray:
        """uint8 RGB: the axis-parallel box around the plate, or with flat=True its rectified view."""
        image = _read(self.path)
        if self.corners is None:
            return image
        if flat:
            return images.rectify(image, self.corners, margin)
        return images.crop_box(image, (*self.corners.min(0), *self.corners.max(0)), margin)


@lru_cache(maxsize=150)
def _read(path: Path) -> np.ndarray:
    return images.load_image(path)


def share_of(text: str) -> float:
    """A number in [0, 1) fixed by the plate's text alone: the same plate falls on the same side everywhere."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32


def split_of(text: str) -> str:
    """ "train", "validation" or "test" (70 : 15 : 15) by the plate's text."""
    share = share_of(text)
    return next(name for name, (low, high) in SPLITS.items() if low <= share < high)


def photos_of(plates: list[LabelledPlate]) -> list[tuple[Path, np.ndarray]]:
    """Labelled plates -> their photos: (path, corners (K, 4, 2)), in the order of the paths."""
    corners: dict[Path, list[np.ndarray]] = {}
    for plate in plates:
        if plate.corners is not None:
            corners.setdefault(plate.path, []).append(plate.corners)
    return [(path, np.stack(found)) for path, found in sorted(corners.items())]


def choose(plates: list[LabelledPlate], side: str) -> list[LabelledPlate]:
    """The plates of one side of the split by plate text (see `SPLITS`).

    "not-trained" is validation and test together; "second-half" is what `train --half` keeps for judging.
    """
    if side not in SIDES:
        raise ValueError(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    if side == "all":
        return plates
    if side == "second-half":
        return [plate for plate in plates if share_of(plate.group or plate.text) >= 0.5]
    if side == "not-trained":
        return [plate for plate in plates if plate.split != "train"]
    return [plate for plate in plates if plate.split == side]
