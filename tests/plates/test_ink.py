"""The ink of a plate in a picture: exact for rendered scenes, laid over real ones, drawn from what GN made."""

import cv2
import numpy as np
import pytest

from lpgan_demo.images.geometry import UNIT_SQUARE
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.glyphs import font_glyphs
from lpgan_demo.plates.ink import DrawnPlate, draw_guide, ink_share, lay_text
from lpgan_demo.plates.scenes import scene_with_ink
from lpgan_demo.plates.standard import ink_mask, standard_plate

BLUE, SIZE = get_layout("cn_blue"), (64, 192)
CORNERS = np.array([[0.06, 0.10], [0.95, 0.04], [0.93, 0.90], [0.04, 0.96]])


def f_measure(a, b):
    a, b = a < 128, b < 128
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def seen(plate, corners=CORNERS, size=SIZE, fill=90):
    """The plate in a crop, at these corners; and the homography from plate to crop."""
    h, w = plate.shape[:2]
    warp = cv2.getPerspectiveTransform(np.float32(UNIT_SQUARE * (w, h)), np.float32(corners * (size[1], size[0])))
    return cv2.warpPerspective(plate, warp, size[::-1], borderValue=(fill,) * 3, flags=cv2.INTER_AREA)


@pytest.mark.parametrize("name, text", [("cn_blue", "皖A12345"), ("cn_yellow", "苏B67890"), ("cn_military", "VA12345")])
def test_the_ink_of_a_drawn_plate_is_its_letters_without_the_frame(name, text):
    layout = get_layout(name)
    share = ink_share(DrawnPlate(standard_plate(text, layout), text, layout, None))
    assert f_measure(np.where(share > 0.5, 0, 255), ink_mask(text, layout, SIZE, frame=False)) > 0.95
    assert share[:, :2].max() == share[:3].max() == 0


def test_a_half_drawn_plate_gives_faint_ink():
    plate = standard_plate("皖A12345", BLUE).astype(float)
    blend = (plate / 2 + np.array(BLUE.background) / 2).astype(np.uint8)
    assert 0.4 < ink_share(DrawnPlate(blend, "皖A12345", BLUE, None)).max() < 0.6


def test_the_guide_finds_its_place_in_the_crop_from_corners_that_are_off():
    plate = standard_plate("皖A12345", BLUE)
    crop = cv2.GaussianBlur(seen(plate), (0, 0), 2.0)
    truth = seen(np.repeat(ink_mask("皖A12345", BLUE, SIZE, frame=False)[..., None], 3, 2), fill=255)[..., 0]
    guide = draw_guide(DrawnPlate(plate, "皖A12345", BLUE, CORNERS + 0.03), crop)
    assert guide.shape == (2, *SIZE) and guide.dtype == np.float32 and np.abs(guide).max() <= 1
    assert f_measure(np.where(guide[0] > 0, 0, 255), truth) > 0.9
    assert guide[1, 32, 96] == 1 and guide[1, 0, 0] == -1
    assert (draw_guide(None, crop) == -1).all()


def test_where_nothing_can_be_registered_the_corners_decide():
    flat = np.full((*SIZE, 3), 80, np.uint8)
    plate = DrawnPlate(standard_plate("皖A12345", BLUE), "皖A12345", BLUE, UNIT_SQUARE)
    guide = draw_guide(plate, flat)
    assert f_measure(np.where(guide[0] > 0, 0, 255), ink_mask("皖A12345", BLUE, SIZE, frame=False)) > 0.95


def test_letters_are_laid_over_a_picture_as_they_are_in_it_and_wrong_ones_do_not_fit():
    crop = cv2.GaussianBlur(seen(standard_plate("皖A12345", BLUE)), (0, 0), 0.7)
    truth = seen(np.repeat(ink_mask("皖A12345", BLUE, SIZE, frame=False)[..., None], 3, 2), fill=255)[..., 0]
    laid = lay_text(crop, "皖A12345", BLUE, font_glyphs(), CORNERS)
    assert f_measure(laid.ink, truth) > 0.93 and laid.correlation > 0.85
    assert laid.plate[32, 96] and not laid.plate[1, 1]
    assert lay_text(crop, "苏NWMK88", BLUE, font_glyphs(), CORNERS) is None
    assert lay_text(np.full_like(crop, 99), "皖A12345", BLUE) is None


@pytest.mark.parametrize("corners", [CORNERS, (CORNERS - CORNERS.mean(0)) * (0.94, 0.9) + CORNERS.mean(0)])
def test_a_dark_car_around_a_white_plate_is_not_taken_for_ink(corners):
    text, layout = "59D149489", get_layout("vn_motorcycle")
    car = cv2.GaussianBlur(seen(standard_plate(text, layout), fill=5), (0, 0), 0.7)
    truth = seen(np.repeat(ink_mask(text, layout, SIZE, frame=False)[..., None], 3, 2), fill=255)[..., 0]
    laid = lay_text(car, text, layout, corners=corners)
    assert laid is not None and f_measure(laid.ink, truth) > 0.9
    guide = draw_guide(DrawnPlate(standard_plate(text, layout), text, layout, corners), car)
    assert f_measure(np.where(guide[0] > 0, 0, 255), truth) > 0.85


def test_around_the_letters_a_rendered_scene_is_paper():
    scene, ink = scene_with_ink("皖A12345", BLUE, np.random.default_rng(0), font_glyphs(), (128, 192))
    assert scene.shape == (128, 192, 3) and set(np.unique(ink)) == {0, 255}
    assert 0.08 < (ink == 0).mean() < 0.35
    inked = scene[ink == 0].mean(0)
    assert np.abs(inked - scene[ink > 0].mean(0)).max() > 15
