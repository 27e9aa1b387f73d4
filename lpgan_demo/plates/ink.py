"""The ink of a plate in a picture of it: letters laid over the picture by registration.

The letters are those of a plate that GN drew (`draw_guide`), or those of a known text (`lay_text`).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..images import UNIT_SQUARE
from ..results import PlateResult
from .layout import PlateLayout
from .layouts import UNKNOWN, get_layout
from .standard import STANDARD_SIZE, background, ink_colour, ink_coverage

LEAST_CORRELATION = 0.3
"""A drawn plate that fits its crop worse after registration stays where its corners say."""

GOOD_CORRELATION = 0.85
"""Letters that fit a sharp picture as well as this need no further attempt."""

_STARTS = ((1.0, 1.0), (0.94, 0.9), (1.06, 1.1), (0.97, 0.8))
"""Factors of a plate's width and height at which letters are registered first."""

_RIM = 0.05
"""Share of a plate's width and height, at each edge, whose frame and shade take no part in registration."""

_REGISTERED_AT = 64
"""Rows of the picture in which letters are registered."""


class DrawnPlate(NamedTuple):
    """A standard plate that GN drew, uint8 (H, W, 3) RGB; the text and layout it was drawn by; and its corners (4, 2)
    in the crop, as shares of the crop's width and height, or None where they are not known."""

    plate: np.ndarray
    text: str
    layout: PlateLayout
    corners: np.ndarray | None


def drawn_plate(result: PlateResult) -> DrawnPlate | None:
    """What GN drew of a plate and where, or None for a plate of no known kind."""
    if result.layout == UNKNOWN:
        return None
    corners = None if result.quad is None else result.quad / result.crop.shape[1::-1]
    return DrawnPlate(result.super_resolved, result.text, get_layout(result.layout), corners)


class LaidInk(NamedTuple):
    """The ink of a text in a picture: ink, uint8, 0 ink and 255 paper; plate, bool, inside the plate and clear of its
    rim; correlation, in [-1, 1], of letters and picture."""

    ink: np.ndarray
    plate: np.ndarray
    correlation: float


def letters_alone(plane: np.ndarray, layout: PlateLayout, margin_mm: float = 3.0) -> np.ndarray:
    """A plate's ink (H, W) without the frame line: 0 outside the cells of characters, dots and dashes."""
    boxes = [*layout.cells_mm, *layout.dashes_mm]
    boxes += [(x - r, y - r, 2 * r, 2 * r) for x, y, r in layout.dots_mm]
    mask = np.zeros_like(plane)
    scale = np.array(plane.shape) / layout.size_mm
    for x, y, w, h in boxes:
        y0, x0 = np.floor(np.array([y - margin_mm, x - margin_mm]) * scale).astype(int).clip(0)
        y1, x1 = np.ceil(np.array([y + h + margin_mm, x + w + margin_mm]) * scale).astype(int)
        mask[y0:y1, x0:x1] = 1
    return plane * mask


def ink_share(drawn: DrawnPlate) -> np.ndarray:
    """How much of each pixel of a drawn plate is ink: float32 (H, W) in [0, 1], the frame line left out."""
    size = drawn.plate.shape[:2]
    paper = background(drawn.layout, size)
    axis = ink_colour(drawn.text, drawn.layout, size) - paper
    share = ((drawn.plate - paper) * axis).sum(-1) / (axis * axis).sum(-1)
    return letters_alone(np.clip(share, 0, 1).astype(np.float32), drawn.layout)


def draw_guide(drawn: DrawnPlate | None, picture: np.ndarray) -> np.ndarray:
    """What MTGAN believes to be ink in a picture of the crop: the guide of the guided deblur generator.

    Where the reading is sure, letters are whole; where it is not, they are the blends that GN draws.

    Args:
        drawn: what GN made of the crop; None: it believes nothing.
        picture: uint8 (H, W, 3) RGB, the crop, stretched as it likes.

    Returns:
        float32 (2, H, W) in [-1, 1]: ink, and the plate's area; -1 everywhere where nothing is believed.
    """
    size = picture.shape[:2]
    if drawn is None:
        return np.full((2, *size), -1, np.float32)
    letters = ink_share(drawn)
    warp = _place(drawn, letters, picture)
    return np.stack([_lay(plane, warp, size) for plane in (letters, np.ones_like(letters))]) * 2 - 1


def place_plate(drawn: DrawnPlate, picture: np.ndarray) -> np.ndarray:
    """Where a drawn plate lies in a picture of its crop, found from its corners and then from its letters.

    Args:
        drawn, picture: as in `draw_guide`.

    Returns:
        float64 (4, 2), its corners as shares of the picture's width and height, clockwise from its own top left.
    """
    letters = ink_share(drawn)
    outline = np.float32(UNIT_SQUARE * letters.shape[::-1])
    return cv2.perspectiveTransform(outline[None], _place(drawn, letters, picture))[0].astype(float)


def _place(drawn: DrawnPlate, letters: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Homography (3, 3) from the pixels of a drawn plate, whose ink is `letters`, to shares of the picture."""
    start = UNIT_SQUARE if drawn.corners is None else drawn.corners
    correlation, warp = _register(picture, letters, drawn.layout, start, sigmas=(4.0, 2.0), steps=30)
    return warp if correlation >= LEAST_CORRELATION else _plate_to_picture(start, letters.shape)


def lay_text(
    picture: np.ndarray,
    text: str,
    layout: PlateLayout,
    glyphs: dict | None = None,
    corners: np.ndarray | None = None,
    least: float = 0.7,
) -> LaidInk | None:
    """Lay the letters of a known text over a sharp picture of its plate, as a person would draw its ink.

    A threshold of the picture is no truth: it is ragged, takes shade for ink and loses pale strokes.

    Args:
        picture: uint8 (H, W, 3) RGB, the plate and little around it, stretched as it likes.
        text, layout, glyphs: as in `standard.ink_coverage`.
        corners: about where the plate is, as shares of the picture's size; None: it about fills the picture.
        least: correlation below which the letters do not fit.

    Returns:
        The ink of characters, dots and dashes, or None where the letters do not fit.
    """
    letters = ink_coverage(text, layout, STANDARD_SIZE, glyphs, frame=False)
    corners = UNIT_SQUARE if corners is None else corners
    correlation, warp, centre = -1.0, np.eye(3), corners.mean(0)
    for scale in _STARTS:
        start = (corners - centre) * scale + centre
        fit = _register(picture, letters, layout, start, sigmas=(4.0, 2.0, 1.2), steps=60)
        correlation, warp = max((correlation, warp), fit, key=lambda fit: fit[0])
        if correlation > GOOD_CORRELATION:
            break
    if correlation < least:
        return None
    area = np.zeros(STANDARD_SIZE, np.float32)
    area[3:-3, 3:-3] = 1
    ink = np.where(_lay(letters, warp, picture.shape[:2]) > 0.5, 0, 255).astype(np.uint8)
    return LaidInk(ink, _lay(area, warp, picture.shape[:2]) > 0.5, correlation)


def _register(picture, letters, layout, corners, sigmas, steps) -> tuple[float, np.ndarray]:
    """Fit letters to a picture by a homography that maximises their correlation, from coarse to fine.

    Enhanced correlation coefficient (Evangelidis and Psarakis 2008) of smoothed letters and picture; the picture is
    grey, without its shade, bright where ink should be, and 0 outside the plate: a dark car beside a white plate is not
    ink.

    Args:
        picture, layout: as in `lay_text`. letters: float32 (h, w) ink. corners: where the plate is at first.
        sigmas: of the smoothing, in pixels of a picture of 64 rows. steps: at most, per sigma.

    Returns:
        (correlation, homography (3, 3) from pixels of the letters to shares of the picture); (-1, that of the corners)
        where it does not converge.
    """
    size = (_REGISTERED_AT, 3 * _REGISTERED_AT)
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), size[::-1], interpolation=cv2.INTER_AREA)
    grey = grey.astype(np.float32) * (1 if sum(layout.ink) > sum(layout.background) else -1)
    first = _plate_to_picture(corners, letters.shape)
    rim = np.rint(np.array(letters.shape) * _RIM).astype(int)
    area = _lay(np.pad(np.ones(letters.shape - 2 * rim, np.float32), [(n, n) for n in rim]), first, size)
    shade, weight = (cv2.GaussianBlur(plane, (0, 0), size[0] / 3) for plane in (grey * area, area))
    grey = area * (grey - shade / np.maximum(weight, 1e-3))
    placed, step, correlation = _lay(letters, first, size), np.eye(3, dtype=np.float32), -1.0
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, steps, 1e-4)
    try:
        for sigma in sigmas:
            smooth = [cv2.GaussianBlur(plane, (0, 0), sigma) for plane in (grey, placed)]
            correlation, step = cv2.findTransformECC(*smooth, step, cv2.MOTION_HOMOGRAPHY, stop, None, 5)
    except cv2.error:  # no overlap, or no contrast
        return -1.0, first
    to_pixels = np.diag([size[1], size[0], 1.0])
    return float(correlation), np.linalg.inv(to_pixels) @ np.linalg.inv(step) @ to_pixels @ first


def _plate_to_picture(corners: np.ndarray, plate_size: tuple[int, int]) -> np.ndarray:
    """Homography (3, 3) from the pixels of a plate to shares of the picture in which it has these corners."""
    h, w = plate_size
    return cv2.getPerspectiveTransform(np.float32(UNIT_SQUARE * (w, h)), np.float32(corners))


def _lay(plane: np.ndarray, warp: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A plane of the plate's pixels as seen in a picture of (height, width); 0 outside the plate."""
    return cv2.warpPerspective(plane, np.diag([size[1], size[0], 1.0]) @ warp, size[::-1], flags=cv2.INTER_LINEAR)
