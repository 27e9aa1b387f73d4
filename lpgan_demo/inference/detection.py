"""A photo of any size -> the plates in it with their corners: searched coarsely, then finely where a plate may be."""

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

CONTEXT = 64
"""How far around a possible plate the finest scale is searched, in its pixels, beside the plate's own length."""

LARGE_PLATE, SMALL_PLATE = 160, 48
"""Lengths in pixels at the finest scale. A plate of the first that counts at a coarser scale is not searched again;
around what is shorter than the second, a scale beyond the finest is searched too."""

MOST_ENLARGED = 1.5
"""The largest scale beyond the finest."""

OVERLAP = 0.2
"""Overlap of neighbouring tiles, as a share of a tile's side."""

SAME_PLATE_IOU, SAME_PLATE_INSIDE = 0.4, 0.7
"""Intersection over union, and share of the smaller box inside the other, from which two finds are one plate."""


MOST_ASPECT = 10.0
"""Longer by shorter side of what may be a plate; the longest one has about 5, seen from the front."""

Window = tuple[int, int, int, int]
"""A part of a photo, x0 y0 x1 y1 in pixels."""

Find = tuple[np.ndarray, float]
"""Corners float64 (4, 2) in the photo's pixels, and score."""

Search = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""A picture, float32 (3, H, W) in [-1, 1] -> corners float64 (K, 4, 2) in its pixels, scores float64 (K,), best first;
`torch_backend.TorchDetector` or `onnx_backend.OnnxDetector`."""


class PlateDetector:
    """Photos -> `Detection`s.

    All scales but the finest are searched everywhere. The finest, which would cost more than all the others together,
    is searched only around what they take for a plate, be it with a score that is far too low to count; and a still
    finer one around what is tiny.

    Args:
        search: the network that finds plates in a picture.
        threshold: least score of a plate, in (0, 1), else ValueError.
        finest: largest scale relative to that of the whole photo; the time for a large photo grows with its square.
    """

    def __init__(self, search: Search, threshold: float = 0.8, finest: int = 4):
        if not 0 < threshold < 1:
            raise ValueError(f"threshold must lie between 0 and 1, not {threshold!r}")
        self.search, self.threshold, self.finest = search, threshold, finest

    def __call__(self, photo: np.ndarray) -> list[Detection]:
        """uint8 RGB (H, W, 3) -> the plates in it, from left to right."""
        *coarse, finest = scales(photo.shape[:2], self.finest)
        whole = (0, 0, photo.shape[1], photo.shape[0])
        found = [find for scale in coarse for find in self._search(photo, scale, whole)]
        doubtful = [quad for quad, score in found if score < self.threshold or _length(quad) * finest < LARGE_PLATE]
        found += self._search_around(doubtful, photo, finest)
        if (finer := min(2 * finest, MOST_ENLARGED)) > finest:
            tiny = [quad for quad, _ in found if _length(quad) * finest < SMALL_PLATE]
            found += self._search_around(tiny, photo, finer)
        counted = [find for find in reversed(found) if find[1] >= self.threshold]  # of equals, that of the finest scale
        return sorted(merged(counted), key=lambda detection: detection.box[0])

    def _search_around(self, quads: list[np.ndarray], photo: np.ndarray, scale: float) -> list[Find]:
        """What is found at a scale around possible plates, corners (4, 2) each."""
        windows = surroundings(quads, photo.shape[:2], CONTEXT / scale)
        return [find for window in windows for find in self._search(photo, scale, window)]

    def _search(self, photo: np.ndarray, scale: float, window: Window) -> list[Find]:
        """What is found at a scale in a window of the photo, in overlapping tiles of at most `LENGTH`."""
        return [find for tile in tiles(window, round(LENGTH / scale)) for find in self._search_tile(photo, scale, tile)]

    def _search_tile(self, photo: np.ndarray, scale: float, tile: Window) -> list[Find]:
        """The finds that lie wholly inside a tile, or reach over an edge of the photo."""
        x0, y0, x1, y1 = tile
        height, width = max(32, round((y1 - y0) * scale)), max(32, round((x1 - x0) * scale))
        corners, scores = self.search(images.to_array([images.resize(photo[y0:y1, x0:x1], (height, width))])[0])
        found = []
        inner_edges = [x0 > 0, y0 > 0, x1 < photo.shape[1], y1 < photo.shape[0]]
        for quad, score in zip(corners, scores):
            low, high = quad.min(0), quad.max(0)
            touched = [low[0] < 3, low[1] < 3, high[0] > width - 4, high[1] > height - 4]
            if not any(a and b for a, b in zip(inner_edges, touched)):
                found.append((quad * ((x1 - x0) / width, (y1 - y0) / height) + (x0, y0), float(score)))
        return found


def scales(size: tuple[int, int], finest: int = 4) -> list[float]:
    """At which scales to search a photo of (height, width), ascending, at most 2.

    That at which the whole photo is `LENGTH` long comes second. At half of it, a plate that fills half the photo has a
    size that the detector was trained on. Larger ones follow as long as the photo has the pixels for them.
    """
    whole = min(2.0, LENGTH / max(size))
    found, level = [whole / 2, whole], 2
    while level <= finest and whole * level <= 1.05:
        found.append(whole * level)
        level *= 2
    return found


def tiles(window: Window, side: int) -> list[Window]:
    """Overlapping tiles, no side longer than `side` pixels, that cover a window of a photo."""
    x0, y0, x1, y1 = window
    return [
        (x, y, min(x1, x + side), min(y1, y + side))
        for y in _tile_starts(y0, y1 - y0, side)
        for x in _tile_starts(x0, x1 - x0, side)
    ]


def _tile_starts(first: int, length: int, side: int) -> list[int]:
    """Where tiles of a side that cover a length from `first` on begin; they overlap by `OVERLAP` or more."""
    if length <= side:
        return [first]
    steps = int(np.ceil((length - side) / (side * (1 - OVERLAP))))
    return [first + round(k * (length - side) / steps) for k in range(steps + 1)]


def surroundings(quads: list[np.ndarray], size: tuple[int, int], context: float) -> list[Window]:
    """Windows of a photo of (height, width) around possible plates; those that would overlap are one.

    quads: corners (4, 2) of each in pixels; on each side a window is larger by its length, and by `context` pixels.
    """
    height, width = size
    windows: list[Window] = []
    for quad in quads:
        margin = _length(quad) + context
        (x0, y0), (x1, y1) = quad.min(0) - margin, quad.max(0) + margin
        new = (max(0, int(x0)), max(0, int(y0)), min(width, int(x1) + 1), min(height, int(y1) + 1))
        while near := [window for window in windows if overlap(window, new) > 0]:
            windows = [window for window in windows if window not in near]
            new = (*np.min([new, *near], 0)[:2].tolist(), *np.max([new, *near], 0)[2:].tolist())
        windows.append(new)
    return windows


def _length(quad: np.ndarray) -> float:
    """The longer side of the box around corners (4, 2)."""
    return float(np.ptp(quad, axis=0).max())


def merged(found: list[Find]) -> list[Detection]:
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
