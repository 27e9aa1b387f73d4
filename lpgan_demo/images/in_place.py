"""Plates changed where they are in a photo: drawn ones laid over them, or all of them covered."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from .drawing import packaged_font
from .geometry import UNIT_SQUARE
from .pixels import resize

LIGHT = (0.25, 1.5)
"""How much darker or brighter than it was drawn a plate may become in the photo's light."""

COVER_MARGIN = 0.12
"""By how much of a plate's size its cover is larger on each side."""


def lay_plates(photo: np.ndarray, corners, plates: list[np.ndarray], scale: int = 1) -> np.ndarray:
    """Lay drawn plates over those in a photo, in its perspective and light, with soft edges.

    Args:
        photo: uint8 (H, W, 3) RGB.
        corners: (K, 4, 2), of the K plates in the photo, in its pixels, clockwise from each plate's own top left.
        plates: K drawn plates, uint8 (h, w, 3) RGB.
        scale: by how much the photo is enlarged first.

    Returns:
        uint8 (H * scale, W * scale, 3) RGB.
    """
    result = photo if scale == 1 else resize(photo, (photo.shape[0] * scale, photo.shape[1] * scale))
    for quad, plate in zip(np.asarray(corners, float).reshape(-1, 4, 2) * scale, plates, strict=True):
        result = _lay_plate(result, quad, plate)
    return result


def _lay_plate(photo: np.ndarray, quad: np.ndarray, plate: np.ndarray) -> np.ndarray:
    """The photo with one drawn plate laid over the quadrilateral `quad` (4, 2)."""
    edges = np.linalg.norm(quad - np.roll(quad, -1, 0), axis=1)  # top, right, bottom, left
    width, height = max(4, round(max(edges[0], edges[2]))), max(4, round(max(edges[1], edges[3])))
    if width < plate.shape[1]:  # averaged here, because warping takes single pixels
        plate = resize(plate, (height, width))
    window, shift = _window(quad, photo.shape, margin=height)
    before = photo[window].astype(np.float32)
    if not before.size:
        return photo
    h, w = plate.shape[:2]
    warp = cv2.getPerspectiveTransform(np.float32(UNIT_SQUARE * (w, h)), np.float32(quad - shift))
    size = before.shape[1::-1]
    drawn = cv2.warpPerspective(plate, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.ones((h, w), np.float32), warp, size, flags=cv2.INTER_LINEAR)
    drawn = drawn.astype(np.float32) * _light(before, drawn, inside, height)
    opacity = _soft(inside, height)[..., None]
    result = photo.copy()
    result[window] = np.clip(np.rint(before + opacity * (drawn - before)), 0, 255).astype(np.uint8)
    return result


def _light(before: np.ndarray, drawn: np.ndarray, inside: np.ndarray, height: int) -> np.ndarray:
    """What to multiply a drawn plate by: how bright each colour of the photo is around each pixel of the plate.

    before, drawn: (H, W, 3). inside: (H, W), 1 on the plate. height: of the plate, pixels. Returns float32 (H, W, 3).
    """
    mask = inside[..., None]
    around = [cv2.GaussianBlur(np.float32(p) * mask, (0, 0), 0.6 * height) for p in (before, drawn)]
    return np.clip((around[0] + 1) / (around[1] + 1), *LIGHT).astype(np.float32)


def cover_plates(photo: np.ndarray, corners) -> np.ndarray:
    """Cover plates in a photo so that nothing of them can be read: each becomes a blend of a few of its colours.

    Args:
        photo: uint8 (H, W, 3) RGB.
        corners: (K, 4, 2), as of `lay_plates`.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    result = photo.copy()
    for quad in np.asarray(corners, float).reshape(-1, 4, 2):
        quad = quad.mean(0) + (quad - quad.mean(0)) * (1 + 2 * COVER_MARGIN)
        window, shift = _window(quad, photo.shape, margin=2)
        part = result[window]
        if not part.size:
            continue
        few = cv2.resize(part, (3, 2), interpolation=cv2.INTER_AREA)
        blend = cv2.resize(few, part.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.rint(quad - shift).astype(np.int32), 1)
        part[mask > 0] = blend[mask > 0]
    return result


def with_note(picture: np.ndarray, note: str) -> np.ndarray:
    """A picture, uint8 (H, W, 3) RGB, with a line of text on a strip below it."""
    size = max(12, picture.shape[1] // 45)
    strip = Image.new("RGB", (picture.shape[1], 2 * size), (30, 30, 30))
    font = packaged_font("Medium", chinese=not note.isascii(), size=size)
    while size > 6 and font.getlength(note) > strip.width - size:
        size -= 1
        font = packaged_font("Medium", chinese=not note.isascii(), size=size)
    ImageDraw.Draw(strip).text((size // 2, strip.height // 2), note, font=font, fill=(240, 240, 240), anchor="lm")
    return np.vstack([picture, np.asarray(strip)])


def _window(quad: np.ndarray, shape, margin: float) -> tuple[tuple[slice, slice], np.ndarray]:
    """Rows and columns of a picture around a quadrilateral, and (x, y) of where they begin."""
    height, width = shape[:2]
    x0, y0 = np.clip(np.floor(quad.min(0) - margin), 0, (width, height)).astype(int)
    x1, y1 = np.clip(np.ceil(quad.max(0) + margin), 0, (width, height)).astype(int)
    return (slice(y0, y1), slice(x0, x1)), np.array([x0, y0])


def _soft(inside: np.ndarray, height: int) -> np.ndarray:
    """A mask (H, W) in [0, 1] whose edge is softened inwards by a share of the plate's height."""
    radius = max(1, round(height / 16))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    return cv2.GaussianBlur(cv2.erode(inside, kernel), (0, 0), radius / 2)
