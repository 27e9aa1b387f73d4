"""Labelled real plates and their split into training, validation and test."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .. import images

SIDES = ("all", "train", "validation", "test", "not-trained", "second-half")
"""What `choose` can choose."""

SPLITS = {"train": (0.0, 0.7), "validation": (0.7, 0.85), "test": (0.85, 1.0)}
"""Side of the split -> its half-open interval of `share_of`."""


@dataclass(frozen=True)
class LabelledPlate:
    """One labelled plate in a picture.

    Attributes:
        path: the picture.
        text: the plate's text, normalised.
        layout: name of its layout.
        corners: (4, 2) in pixels, clockwise from the top left; None for a picture that is a crop of the plate.
        group: plates of one group are on one side of the split; the text, where it is empty.
    """

    path: Path
    text: str
    layout: str
    corners: np.ndarray | None = None
    group: str = ""

    @property
    def split_key(self) -> str:
        """The text that decides the side of the split."""
        return self.group or self.text

    @property
    def split(self) -> str:
        """Side of the split: "train", "validation" or "test"."""
        return split_of(self.split_key)

    def crop(self, margin: float = 0.0, flat: bool = False) -> np.ndarray:
        """The plate, uint8 (H, W, 3) RGB: the axis-parallel box around it, or with flat=True its rectified view.

        margin: what is added on every side, as a share of the plate's size; never to a picture that is a crop.
        """
        image = _read(self.path)
        if self.corners is None:
            return image
        if flat:
            return images.rectify(image, self.corners, margin)
        return images.crop_box(image, (*self.corners.min(0), *self.corners.max(0)), margin)

    def corners_in_crop(self, margin: float = 0.0, flat: bool = False) -> np.ndarray | None:
        """The plate's corners in `crop(margin, flat)`, as shares of its width and height; None for a crop."""
        if self.corners is None:
            return None
        if flat:
            inner = margin / (1 + 2 * margin)
            return images.UNIT_SQUARE * (1 - 2 * inner) + inner
        low, extent = self.corners.min(0), np.ptp(self.corners, 0)
        return (self.corners - low + margin * extent) / (extent * (1 + 2 * margin))


@lru_cache(maxsize=150)
def _read(path: Path) -> np.ndarray:
    return images.load_image(path)


def share_of(text: str) -> float:
    """The text's hash as a number in [0, 1): a plate is on the same side of the split in every data set."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32


def split_of(text: str) -> str:
    """Side of the split of a plate's text: "train", "validation" or "test" (70 : 15 : 15)."""
    share = share_of(text)
    return next(name for name, (low, high) in SPLITS.items() if low <= share < high)


def photos_of(plates: list[LabelledPlate]) -> list[tuple[Path, np.ndarray]]:
    """The photos that show the plates, sorted by path, as (path, corners of its plates (K, 4, 2) in pixels)."""
    corners: dict[Path, list[np.ndarray]] = {}
    for plate in plates:
        if plate.corners is not None:
            corners.setdefault(plate.path, []).append(plate.corners)
    return [(path, np.stack(found)) for path, found in sorted(corners.items())]


def choose(plates: list[LabelledPlate], side: str) -> list[LabelledPlate]:
    """The plates of one side of the split, one of `SIDES`; raises ValueError for another one.

    "not-trained" is validation and test together; "second-half" is what `train --half` keeps for testing.
    """
    if side not in SIDES:
        raise ValueError(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    if side == "all":
        return plates
    if side == "second-half":
        return [plate for plate in plates if share_of(plate.split_key) >= 0.5]
    if side == "not-trained":
        return [plate for plate in plates if plate.split != "train"]
    return [plate for plate in plates if plate.split == side]
