"""A photo of any size -> the plates in it with their corners: searched as a whole and in tiles, duplicates merged."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .. import images
from ..images import overlap
from ..images.geometry import box_area, share_inside
from ..results import Detection

LENGTH = 960
"""Length of the longer side, in pixels, at which a photo, or a tile of a larger one, is searched."""

OVERLAP = 0.2
"""Overlap of neighbouring tiles, as a share of a tile's side."""

SAME_PLATE_IOU, SAME_PLATE_INSIDE = 0.4, 0.7
"""Intersection over union, and share of the smaller box inside the other, from which two finds are one plate."""


MOST_ASPECT = 10.0
"""Longer by shorter side of what may be a plate; the longest one has about 5, seen from the front."""

Search = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""A picture, float32 (3, H, W) in [-1, 1] -> corners float64 (K, 4, 2) in its pixels, scores float64 (K,), best first;
`torch_backend.TorchDetector` or `onnx_backend.OnnxDetector`."""


class PlateDetector:
    """Photos -> `Detection`s.

    Args:
        search: the network that finds plates in a picture.
        threshold: least score of a plate, in (0, 1), else ValueError.
        finest: largest scale of a tile relative to the whole photo's; the time for a large photo grows with its square.
    """

    def __init__(self, search: Search, threshold: float = 0.8, finest: int = 4):
        if not 0 < threshold < 1:
            raise ValueError(f"threshold must lie between 0 and 1, not {threshold!r}")
        self.search, self.threshold, self.finest = search, threshold, finest

    def __call__(self, photo: np.ndarray) -> list[Detection]:
        """uint8 RGB (H, W, 3) -> the plates in it, from left to right."""
        found: list[tuple[np.ndarray, float]] = []
        for scale, window in windows(photo.shape[:2], self.finest):
            found += self._search(photo, scale, window)
        return sorted(merged(found), key=lambda detection: detection.box[0])

    def _search(self, photo: np.ndarray, scale: float, window) -> list[tuple[np.ndarray, float]]:
        """(corners in the photo, score) of the plates that lie wholly inside a window (x0, y0, x1, y1) of the photo."""
        x0, y0, x1, y1 = window
        height, width = max(32, round((y1 - y0) * scale)), max(32, round((x1 - x0) * scale))
        corners, scores = self.search(images.to_array([images.resize(photo[y0:y1, x0:x1], (height, width))])[0])
        found = []
        inner_edges = [x0 > 0, y0 > 0, x1 < photo.shape[1], y1 < photo.shape[0]]
        for quad, score in zip(corners, scores):
            low, high = quad.min(0), quad.max(0)
            touched = [low[0] < 3, low[1] < 3, high[0] > width - 4, high[1] > height - 4]
            if score >= self.threshold and not any(a and b for a, b in zip(inner_edges, touched)):
                found.append((quad * ((x1 - x0) / width, (y1 - y0) / height) + (x0, y0), float(score)))
        return found


def windows(size: tuple[int, int], finest: int = 4) -> list[tuple[float, tuple[int, int, int, int]]]:
    """Where to search a photo of (height, width): (scale, at most 2; (x0, y0, x1, y1) in pixels) of each window.

    The whole photo comes first, at two scales: at half the scale, a plate that fills half the photo has a size that
    the detector was trained on. Then follow overlapping tiles, as long as the photo has the pixels for their scale.
    """
    height, width = size
    whole = min(2.0, LENGTH / max(size))
    found = [(whole, (0, 0, width, height)), (whole / 2, (0, 0, width, height))]
    level = 2
    while level <= finest and whole * level <= 1.05:
        scale = whole * level
        side = round(LENGTH / scale)
        for y in _tile_starts(height, side):
            for x in _tile_starts(width, side):
                found.append((scale, (x, y, min(width, x + side), min(height, y + side))))
        level *= 2
    return found


def _tile_starts(length: int, side: int) -> list[int]:
    """Where tiles of a side that cover a length begin; they overlap by `OVERLAP` or more."""
    if length <= side:
        return [0]
    steps = int(np.ceil((length - side) / (side * (1 - OVERLAP))))
    return [round(k * (length - side) / steps) for k in range(steps + 1)]


def merged(found: list[tuple[np.ndarray, float]]) -> list[Detection]:
    """Non-maximum suppression over all windows: (corners, score) pairs -> one `Detection` per plate, best first."""
    kept: list[Detection] = []
    for quad, score in sorted(found, key=lambda item: -item[1]):
        box = (*quad.min(0), *quad.max(0))
        outline = _convex(quad, box)
        sides = np.linalg.norm(outline - np.roll(outline, -1, 0), axis=1).reshape(2, 2).max(0)
        if min(box[2] - box[0], box[3] - box[1]) < 2 or sides.max() > MOST_ASPECT * sides.min():
            continue
        if all(overlap(box, k.box) < SAME_PLATE_IOU and share_inside(box, k.box) < SAME_PLATE_INSIDE for k in kept):
            kept.append(Detection(outline, tuple(float(v) for v in box), score))
    return kept


def _convex(quad: np.ndarray, box) -> np.ndarray:
    """The corners, or the box's where they form no convex quadrilateral, or enclose 30 % of the box or less."""
    if cv2.isContourConvex(np.float32(quad)) and cv2.contourArea(np.float32(quad)) > 0.3 * box_area(box):
        return quad
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float)
