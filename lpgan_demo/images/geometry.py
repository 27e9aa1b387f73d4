"""Cut, straighten and compare regions of pictures: boxes (x0, y0, x1, y1) and quadrilaterals (4, 2), in pixels."""

from __future__ import annotations

import cv2
import numpy as np

from .pixels import MIN_SIDE, resize


def overlap(a, b) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    common = _common(a, b)
    return common / max(1e-9, _area(a) + _area(b) - common)


def _inside(a, b) -> float:
    """Share of the smaller box that lies in the other."""
    return _common(a, b) / max(1e-9, min(_area(a), _area(b)))


def _common(a, b) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _area(a) -> float:
    return (a[2] - a[0]) * (a[3] - a[1])


def warp_crop(image: np.ndarray, quad: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cut the quadrilateral `quad` (4, 2), clockwise from the top left, and flatten it to (height, width)."""
    height, width = size
    target = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    warp = cv2.getPerspectiveTransform(np.float32(quad), target)
    return cv2.warpPerspective(image, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def nudge(crop: np.ndarray, dx: float, dy: float, scale: float) -> np.ndarray:
    """The same crop moved by shares of its width and height and enlarged about its centre: uint8 (64, 192, 3)."""
    quad = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5
    quad = quad / scale + 0.5 - (dx, dy)
    return warp_crop(resize(crop, (64, 192)), quad * (192, 64), (64, 192))


def rectify(image: np.ndarray, corners: np.ndarray, margin: float = 0.02) -> np.ndarray:
    """A flat view of a plate from its four corners (4, 2) in pixels; no enlargement beyond its own resolution.

    margin: share of the plate's size kept around it on every side.
    """
    corners = np.asarray(corners, np.float32)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise ValueError(f"corners must be a finite (4, 2) array, not shape {corners.shape}")
    top, right, bottom, left = (np.linalg.norm(corners[i] - corners[(i + 1) % 4]) for i in range(4))
    centre = corners.mean(0)
    quad = centre + (corners - centre) * (1 + 2 * margin)
    size = (max(MIN_SIDE, round(max(left, right))), max(MIN_SIDE, round(max(top, bottom))))
    return warp_crop(image, quad, size)


def crop_box(image: np.ndarray, box, margin: float = 0.0) -> np.ndarray:
    """Cut (x0, y0, x1, y1) with a margin (share of its size); beyond the photo the edge is repeated."""
    x0, y0, x1, y1 = (float(v) for v in box)
    grow_x, grow_y = (x1 - x0) * margin, (y1 - y0) * margin
    x0, x1 = int(np.floor(x0 - grow_x)), int(np.ceil(x1 + grow_x))
    y0, y1 = int(np.floor(y0 - grow_y)), int(np.ceil(y1 + grow_y))
    rows = np.clip(np.arange(y0, max(y1, y0 + 1)), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(x0, max(x1, x0 + 1)), 0, image.shape[1] - 1)
    return np.ascontiguousarray(image[rows[:, None], columns[None]])
