"""Plates laid over those of a photo, plates covered, and the note below."""

import cv2
import numpy as np
import pytest

from lpgan_demo.images.in_place import cover_plates, lay_plates, with_note
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate

QUAD = np.array([[120.0, 90.0], [300.0, 110.0], [296.0, 172.0], [116.0, 150.0]])
PLATE = standard_plate("皖A12345", get_layout("cn_blue"))


def photo_of(plate, light=1.0, grey=110):
    """A grey photo, 400 x 260, with a plate at QUAD, in some light."""
    warp = cv2.getPerspectiveTransform(np.float32([[0, 0], [192, 0], [192, 64], [0, 64]]), np.float32(QUAD))
    photo = np.full((260, 400, 3), grey, np.uint8)
    cv2.warpPerspective(plate, warp, (400, 260), dst=photo, borderMode=cv2.BORDER_TRANSPARENT)
    return np.uint8(photo * light)


def inside(quad=QUAD, grow=1.0):
    mask = np.zeros((260, 400), np.uint8)
    return cv2.fillConvexPoly(mask, np.rint(quad.mean(0) + (quad - quad.mean(0)) * grow).astype(int), 1) > 0


def test_a_plate_is_laid_over_its_blurred_self_and_nothing_else_changes():
    sharp = photo_of(PLATE)
    blurred = np.where(inside()[..., None], cv2.GaussianBlur(sharp, (0, 0), 6), sharp)
    result = lay_plates(blurred, [QUAD], [PLATE])
    core = inside(grow=0.85)
    assert (
        np.abs(result[core].astype(int) - sharp[core]).mean()
        < 0.35 * np.abs(blurred[core].astype(int) - sharp[core]).mean()
    )
    assert np.array_equal(result[~inside(grow=1.1)], blurred[~inside(grow=1.1)])
    assert result is not blurred and result.dtype == np.uint8


@pytest.mark.parametrize("light", [0.4, 0.7, 1.0])
def test_a_laid_plate_is_as_bright_as_the_one_below(light):
    photo = photo_of(PLATE, light)
    result, core = lay_plates(photo, [QUAD], [PLATE]), inside(grow=0.85)
    assert abs(result[core].mean() / photo[core].mean() - 1) < 0.1


def test_the_photo_may_be_enlarged_and_several_plates_laid():
    photo = photo_of(PLATE)
    away = QUAD + (-100, 90)
    result = lay_plates(photo, [QUAD, away], [PLATE, PLATE], scale=2)
    assert result.shape == (520, 800, 3)
    assert np.array_equal(lay_plates(photo, [], [], scale=1), photo)


def test_a_plate_that_leaves_the_photo_is_laid_as_far_as_it_goes():
    photo = photo_of(PLATE)
    for shift in ((-250, 0), (0, -140), (250, 150)):
        assert lay_plates(photo, [QUAD + shift], [PLATE]).shape == photo.shape
    for shift in ((-900, 0), (900, 900)):
        assert np.array_equal(lay_plates(photo, [QUAD + shift], [PLATE]), photo)
        assert np.array_equal(cover_plates(photo, [QUAD + shift]), photo)


def test_nothing_of_a_covered_plate_can_be_told():
    photos = [photo_of(standard_plate(text, get_layout("cn_blue"))) for text in ("皖A11111", "皖A88888")]
    covered = [cover_plates(photo, [QUAD]) for photo in photos]
    core = inside(grow=1.05)
    before, after = (np.abs(np.subtract(*(p[core].astype(int) for p in pair))) for pair in (photos, covered))
    assert before.max() > 150 and after.max() < 40  # two other numbers look about the same
    edges = [cv2.Laplacian(p, cv2.CV_32F)[inside(grow=0.9)].std() for p in (photos[0], covered[0])]
    assert edges[1] < 0.05 * edges[0]
    assert np.array_equal(covered[0][~inside(grow=1.4)], photos[0][~inside(grow=1.4)])


def test_the_note_stands_below_the_picture_whatever_its_width():
    for width in (60, 1200):
        picture = np.full((50, width, 3), 90, np.uint8)
        noted = with_note(picture, "Plates drawn by a network")
        assert noted.shape[1] == width and noted.shape[0] > 50
        assert np.array_equal(noted[:50], picture) and noted[50:].max() > 150
