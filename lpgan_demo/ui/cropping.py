"""Cropping by hand: two clicks on opposite corners cut one plate out of the picture that is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST = 8
"""Least width and height of a crop, pixels."""


@dataclass
class Scissors:
    """Remembers the first of two clicks, and the picture that it was made in."""

    picture: str = ""
    corner: tuple[int, int] | None = None

    def click(self, picture: str, x: int, y: int) -> tuple[int, int, int, int] | None:
        """The box (x0, y0, x1, y1), in pixels, between two clicks in one picture; None after the first of them.

        A second click too near to the first, see `LEAST`, takes its place.
        """
        first = self.corner if self.picture == picture else None
        if first is None or min(abs(first[0] - x), abs(first[1] - y)) < LEAST:
            self.picture, self.corner = picture, (x, y)
            return None
        self.corner = None
        return min(first[0], x), min(first[1], y), max(first[0], x), max(first[1], y)


def cut(photo: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The part of a photo, uint8 (H, W, 3), inside a box."""
    x0, y0, x1, y1 = box
    return np.ascontiguousarray(photo[y0:y1, x0:x1])
