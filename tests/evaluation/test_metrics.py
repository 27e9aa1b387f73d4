import numpy as np
import pytest

from lpgan_demo.evaluation.metrics import calibration_error, edit_distance, psnr, reading_scores, ssim


def test_edit_distance():
    assert edit_distance("", "abc") == 3
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("皖A12345", "皖A12345") == 0


def test_reading_scores_by_hand():
    scores = reading_scores(["皖A12345", "苏B00D11", "粤C77777"], ["皖A12345", "皖B00D11", "粤C7777"])
    assert scores["plate_accuracy"] == pytest.approx(1 / 3)
    assert scores["accuracy_without_province"] == pytest.approx(2 / 3)
    assert scores["character_error_rate"] == pytest.approx(2 / 21)
    assert scores["wrong_length"] == pytest.approx(1 / 3)
    assert scores["confusions"] == [["苏", "皖", 1]]
    assert scores["by_first_character"]["苏"] == [0, 1]


def test_calibration_error_is_zero_when_confidence_equals_accuracy():
    assert calibration_error([1, 1, 1, 0], [0.75] * 4) == pytest.approx(0)
    assert calibration_error([0, 0], [1.0, 1.0]) == pytest.approx(1)


def test_unequal_or_empty_lists_are_refused():
    with pytest.raises(ValueError):
        reading_scores([], [])
    with pytest.raises(ValueError):
        reading_scores(["a"], [])


def test_psnr_and_ssim_of_known_pictures():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 250, (64, 192, 3)).astype(np.uint8)
    assert psnr(picture, picture) == 100 and ssim(picture, picture) == pytest.approx(1)
    assert psnr(picture, picture + 5) == pytest.approx(20 * np.log10(255 / 5), abs=1e-6)
    noisy = np.clip(picture.astype(int) + rng.normal(0, 60, picture.shape), 0, 255).astype(np.uint8)
    assert ssim(noisy, picture) < ssim(picture + 5, picture) < 1
    flat = np.full((32, 32), 100, np.uint8)  # two flat greys: only the means differ, in closed form
    c1 = (0.01 * 255) ** 2
    assert ssim(flat, flat + 50) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))
