"""Cut out, rectify and compare image regions: boxes (x0, y0, x1, y1) and quadrilaterals (4, 2), in pixels."""

from __future__ import annotations

import cv2
import numpy as np

from .pixels import MIN_SIDE, resize

UNIT_SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
"""Corners (4, 2) of a picture as shares of its width and height, clockwise from the top left."""


def map_points(points: np.ndarray, quad: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Points (N, 2) mapped by the homography that takes the quadrilateral `quad` (4, 2) to `target` (4, 2)."""
    warp = cv2.getPerspectiveTransform(np.float32(quad), np.float32(target))
    return cv2.perspectiveTransform(np.float32(points)[None], warp)[0].astype(float)


def overlap(a, b) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    intersection = _intersection(a, b)
    return intersection / max(1e-9, box_area(a) + box_area(b) - intersection)


def share_inside(a, b) -> float:
    """Intersection of two boxes as a share of the smaller one."""
    return _intersection(a, b) / max(1e-9, min(box_area(a), box_area(b)))


def _intersection(a, b) -> float:
    """Area that two boxes share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def box_area(box) -> float:
    """Area of a box."""
    return (box[2] - box[0]) * (box[3] - box[1])


def warp_crop(image: np.ndarray, quad: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Warp the quadrilateral `quad` (4, 2), clockwise from the top left, to a rectangle of (height, width)."""
    height, width = size
    target = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    warp = cv2.getPerspectiveTransform(np.float32(quad), target)
    return cv2.warpPerspective(image, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def nudge(crop: np.ndarray, dx: float, dy: float, scale: float) -> np.ndarray:
    """The crop shifted by the shares `dx`, `dy` of its size and scaled about its centre: uint8 (64, 192, 3)."""
    quad = (UNIT_SQUARE - 0.5) / scale + 0.5 - (dx, dy)
    return warp_crop(resize(crop, (64, 192)), quad * (192, 64), (64, 192))


def straighten(crop: np.ndarray, corners: np.ndarray, margin: float = 0.03) -> np.ndarray:
    """The plate of a crop as seen from the front: uint8 (64, 192, 3).

    corners: (4, 2) as shares of the crop's width and height, clockwise from the top left. Where they can hardly be a
    plate's, which fills much of its crop, the whole crop is returned. margin: share of the plate's size on every side.
    """
    size = (64, 192)
    quad = np.float32(corners)
    plausible = np.abs(quad - 0.5).max() < 1.0 and cv2.isContourConvex(quad) and cv2.contourArea(quad, True) > 0.15
    quad = quad.mean(0) + (quad - quad.mean(0)) * (1 + 2 * margin) if plausible else UNIT_SQUARE
    return warp_crop(resize(crop, size), quad * size[::-1], size)


def rectify(image: np.ndarray, corners: np.ndarray, margin: float = 0.02) -> np.ndarray:
    """Frontal view of a plate, as large as its longer sides are in the image.

    Args:
        image: uint8 (H, W, 3).
        corners: (4, 2) in pixels, clockwise from the top left.
        margin: share of the plate's size added on every side.

    Returns:
        uint8 (h, w, 3).

    Raises:
        ValueError: the corners are not a finite (4, 2) array.
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
    """Cut out a box enlarged by `margin` (share of its size) on every side; edge pixels are repeated outside."""
    x0, y0, x1, y1 = (float(v) for v in box)
    margin_x, margin_y = (x1 - x0) * margin, (y1 - y0) * margin
    x0, x1 = int(np.floor(x0 - margin_x)), int(np.ceil(x1 + margin_x))
    y0, y1 = int(np.floor(y0 - margin_y)), int(np.ceil(y1 + margin_y))
    rows = np.clip(np.arange(y0, max(y1, y0 + 1)), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(x0, max(x1, x0 + 1)), 0, image.shape[1] - 1)
    return np.ascontiguousarray(image[rows[:, None], columns[None]])
