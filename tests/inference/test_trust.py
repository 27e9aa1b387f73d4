import numpy as np
import pytest

from lpgan_demo.evaluation.metrics import calibration_error
from lpgan_demo.inference.trust import Trust, evidence, fit_trust
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.camera import Camera, shoot
from lpgan_demo.plates.standard import standard_plate

BLUE = get_layout("cn_blue")


def test_evidence_is_high_for_the_plate_that_was_photographed_and_lower_for_another():
    rng = np.random.default_rng(0)
    true, other = (standard_plate(text, BLUE, (64, 192)) for text in ("苏B24680", "沪AX1357"))
    crop = shoot(true, Camera(width=60, defocus=0.8, motion=3, gain=0.6, noise=3), rng)
    assert evidence(crop, true) > 0.8
    assert evidence(crop, true) > evidence(crop, other) + 0.1


def test_evidence_forgives_light_and_corners_a_few_pixels_off():
    plate = standard_plate("苏B24680", BLUE, (64, 192))
    loose = (np.pad(plate, ((20, 30), (40, 50), (0, 0)), mode="edge") * 0.3 + 20).astype(np.uint8)
    quad = np.array([[40, 20], [232, 20], [232, 84], [40, 84]], float)
    assert evidence(loose, plate, quad) > 0.95
    assert evidence(loose, plate, quad + (7, -4)) > 0.8


def test_a_crop_of_one_colour_is_no_evidence():
    plate = standard_plate("苏B24680", BLUE, (64, 192))
    assert evidence(np.full((24, 94, 3), 90, np.uint8), plate) == 0


def test_trust_says_the_belief_unless_fitted():
    assert Trust()(0.7, 0.1) == pytest.approx(0.7)
    assert Trust(1.0, 2.0, -1.0)(0.5, 0.9) > Trust(1.0, 2.0, -1.0)(0.5, 0.3)


def test_fitted_trust_keeps_its_word_where_the_belief_did_not():
    rng = np.random.default_rng(0)
    believed, explained = rng.uniform(0.02, 0.98, 4000), rng.uniform(0.3, 1.0, 4000)
    honest = Trust(0.6, 3.0, -1.5)
    p = np.array([honest(b, e) for b, e in zip(believed, explained)])
    right = rng.random(4000) < p
    fitted = fit_trust(right, believed, explained)
    stated = np.array([fitted(b, e) for b, e in zip(believed, explained)])
    assert calibration_error(right, stated) < 0.03 < calibration_error(right, believed)
    assert fitted.evidence == pytest.approx(3.0, abs=0.6)


def test_evidence_never_counts_against_a_reading():
    rng = np.random.default_rng(1)
    believed, explained = rng.uniform(0.02, 0.98, 2000), rng.uniform(0, 1, 2000)
    right = rng.random(2000) < believed * (1.2 - explained).clip(0, 1)
    fitted = fit_trust(right, believed, explained)
    assert fitted.evidence == 0 and fitted(0.9, 0.8) < 0.9  # what it learns is the rest: these are overconfident


def test_fitting_on_plates_all_read_right_stays_sane():
    fitted = fit_trust([True] * 5, [0.9, 0.99, 0.999, 1.0, 0.8], [0.9] * 5)
    assert 0.5 < fitted(0.99, 0.9) <= 1 and np.isfinite(fitted(0.0, 0.0))


def test_evidence_looks_where_the_corners_say():
    plate = standard_plate("苏B24680", BLUE, (64, 192))
    loose = np.pad(plate, ((40, 30), (60, 90), (0, 0)), constant_values=70)
    quad = np.array([[60, 40], [252, 40], [252, 104], [60, 104]], float)
    assert evidence(loose, plate, quad) > 0.95 > evidence(loose, plate) + 0.2
    assert evidence(loose, plate, quad + (300, 0)) < 0.3  # corners outside the crop
