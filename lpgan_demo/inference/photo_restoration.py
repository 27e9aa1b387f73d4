"""A photo and the plates read in it -> the photo with its plates restored in place, or with all of them covered."""

from __future__ import annotations

import cv2
import numpy as np

from .. import images
from ..images.in_place import cover_plates, lay_plates
from ..plates.ink import drawn_plate, place_plate
from ..results import Detection, PlateResult
from .pipeline import CROP_MARGIN

MAX_LENGTH = 4000
"""Longest side of a restored photo that was enlarged, pixels."""

READABLE_WIDTH = 160
"""Width, in pixels, that a photo's narrowest drawn plate gets where the photo may be enlarged."""


MOST_UNEQUAL = 1.5
"""How much longer than its opposite a side of a plate may be in its crop, which is nearly straight already."""


def plausible(corners: np.ndarray) -> bool:
    """Whether a quadrilateral (4, 2), in shares of a crop, can be the outline of the plate that fills it."""
    sides = np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1)
    pairs = zip(sides[:2], sides[2:])
    even = all(max(pair) < MOST_UNEQUAL * min(pair) for pair in pairs)
    quad = np.float32(corners)
    return even and cv2.isContourConvex(quad) and cv2.contourArea(quad, True) > 0.3


def corners_in_photo(plate: PlateResult) -> np.ndarray:
    """Where the drawn plate lies in the photo: float64 (4, 2), clockwise from its own top left, in the photo's pixels.

    More exact than the detector's corners: the drawing is registered with the crop. Of a crop that was read whole, its
    own pixels are meant; where registration fails, and for a plate of no known kind, the detector's corners are kept.
    """
    drawn = drawn_plate(plate)
    height, width = plate.crop.shape[:2]
    shares = None if drawn is None else place_plate(drawn, images.resize(plate.crop, (64, 192)))
    if shares is None or not plausible(shares):
        return plate.corners if plate.corners is not None else images.UNIT_SQUARE * (width, height)
    if plate.corners is None:
        return shares * (width, height)
    centre = plate.corners.mean(0)
    return images.map_points(shares, images.UNIT_SQUARE, centre + (plate.corners - centre) * (1 + 2 * CROP_MARGIN))


def restored_photo(photo: np.ndarray, plates: list[PlateResult], enlarge: bool = True) -> np.ndarray:
    """A photo with its plates as the network draws them, laid in place.

    Plates that are illegible or of no known kind stay as they are.

    Args:
        photo: uint8 (H, W, 3) RGB.
        plates: what `PlatePipeline` read in it.
        enlarge: enlarge a photo whose plates are small, by a whole number up to 4, so that the drawings can be read.

    Returns:
        uint8 (H * scale, W * scale, 3) RGB.
    """
    legible = [plate for plate in plates if plate.label != "?"]
    corners = [corners_in_photo(plate) for plate in legible]
    scale = 1
    if legible and enlarge:
        narrowest = min(np.linalg.norm(quad[1] - quad[0]) for quad in corners)
        scale = int(np.clip(round(READABLE_WIDTH / max(narrowest, 1)), 1, 4))
        scale = max(1, min(scale, MAX_LENGTH // max(photo.shape[:2])))
    return lay_plates(photo, corners, [plate.super_resolved for plate in legible], scale)


def covered_photo(photo: np.ndarray, found: list[Detection] | None) -> np.ndarray:
    """A photo with every plate covered that the detector found, read or not; `found` None: the photo is one plate."""
    if found is None:
        return cover_plates(photo, [images.UNIT_SQUARE * photo.shape[1::-1]])
    return cover_plates(photo, [detection.corners for detection in found])
