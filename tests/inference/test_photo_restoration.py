"""The photo with its plates restored in place, or covered."""

import dataclasses

import numpy as np
import pytest
from visiting import scene

from lpgan_demo import PlatePipeline
from lpgan_demo.inference.photo_restoration import corners_in_photo, covered_photo, restored_photo

TWO = (("苏B24680", "cn_blue", (80, 330)), ("粤C13579", "cn_blue", (420, 350)))


@pytest.fixture(scope="module")
def pipeline():
    return PlatePipeline.from_pretrained(deblur=False)


@pytest.fixture(scope="module")
def read(pipeline):
    photo = scene(TWO)
    found = pipeline.find(photo)
    return photo, found, pipeline.read_found(photo, found)


def test_a_drawn_plate_lies_on_its_original(read):
    _, _, plates = read
    for plate, (_, _, (x, y)) in zip(plates, TWO):
        truth = np.array([[x, y], [x + 120, y], [x + 120, y + 40], [x, y + 40]])
        assert np.abs(corners_in_photo(plate) - truth).max() < 4


def test_the_restored_photo_is_read_as_the_photo_was(pipeline, read):
    photo, _, plates = read
    restored = restored_photo(photo, plates)
    assert restored.shape == photo.shape  # the plates are wide enough
    assert [plate.text for plate in pipeline(restored)] == [text for text, _, _ in TWO]


def test_small_plates_make_the_photo_larger_unless_it_may_not_grow(pipeline):
    photo = np.ascontiguousarray(scene(TWO)[::2, ::2])
    plates = [dataclasses.replace(p, legibility="good") for p in pipeline.read_found(photo, pipeline.find(photo))]
    assert plates and restored_photo(photo, plates).shape == (720, 960, 3)
    assert restored_photo(photo, plates, enlarge=False).shape == photo.shape


def test_what_cannot_be_read_stays_as_it_is(read):
    photo, _, plates = read
    unread = [dataclasses.replace(plate, legibility="illegible") for plate in plates]
    assert np.array_equal(restored_photo(photo, unread), photo)
    assert np.array_equal(restored_photo(photo, []), photo)


def test_a_plate_read_whole_is_restored_in_its_own_crop(pipeline):
    crop = scene(TWO)[326:374, 74:206]
    plate = pipeline.read_plate(crop)
    corners = corners_in_photo(plate)
    assert np.abs(corners - [[6, 4], [126, 4], [126, 44], [6, 44]]).max() < 5
    assert restored_photo(crop, [plate], enlarge=False).shape == crop.shape


def test_a_covered_photo_has_no_plate_left(pipeline, read):
    photo, found, _ = read
    covered = covered_photo(photo, found)
    assert not [plate for plate in pipeline(covered) if plate.legibility == "good"]
    assert (covered != photo).any()
    crop = photo[330:370, 80:200]
    assert not np.array_equal(covered_photo(crop, None), crop)


def test_where_registration_fails_the_detector_s_corners_are_kept(read, monkeypatch):
    from lpgan_demo.inference import photo_restoration

    _, _, plates = read
    flag = np.array([[0.0, 0.5], [1.0, 0.0], [1.0, 1.0], [0.0, 0.52]])  # shrinks to a point
    twisted = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    for corners in (flag, twisted, np.array([[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]])):
        assert not photo_restoration.plausible(corners)
        monkeypatch.setattr(photo_restoration, "place_plate", lambda drawn, picture, corners=corners: corners)
        assert np.array_equal(corners_in_photo(plates[0]), plates[0].corners)
    assert photo_restoration.plausible(np.array([[0.03, 0.05], [0.97, 0.0], [0.98, 0.93], [0.02, 1.02]]))
