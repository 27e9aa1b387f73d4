"""Readings do not depend on batches, their order or threads; and where they do, the figures say so."""

import numpy as np
import pytest
from PIL import Image
from visiting import scene

from lpgan_demo.evaluation.stability import OTHER_VIEWS, evaluate_stability, evaluate_views
from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.results import PlateResult


@pytest.fixture
def folder(tmp_path):
    rng, layout = np.random.default_rng(3), get_layout("cn_blue")
    for k in range(9):
        text = layout.random_text(rng)
        size = (12 + k, 40 + 6 * k)
        Image.fromarray(standard_plate(text, layout, size)).save(tmp_path / f"{text}.png")
    return tmp_path


def test_in_fp32_nothing_moves_by_more_than_rounding(folder):
    pipeline = PlatePipeline.from_pretrained(precision="fp32", detect=False, deblur=False)
    report = evaluate_stability([str(folder)], pipeline)
    assert len(report) == 4
    for figures in report.values():
        assert figures["n"] == 9 and figures["other_text"] == 0 and figures["moved"] < 1e-5
        assert figures["right_now"] == figures["right_before"]


def test_a_pipeline_that_depends_on_the_batch_is_found_out(folder):
    class BatchDependent(PlatePipeline):
        def read_plates(self, crops, batch_size=32, bgr=False):
            plates = super().read_plates(crops, batch_size, bgr)
            return plates if batch_size == 32 else [plates[0]] * len(plates)

    sound = PlatePipeline.from_pretrained(precision="fp32", detect=False, deblur=False)
    report = evaluate_stability([str(folder)], BatchDependent(sound.restorer, sound.reader, sound.trust))
    assert report["in other company, by fives"]["other_text"] >= 8
    assert report["the same again"]["other_text"] == 0


def test_a_folder_without_crops_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no .jpg"):
        evaluate_stability([str(tmp_path)], None)


def test_a_photo_saved_again_is_read_alike_and_a_reader_that_minds_is_found_out(tmp_path):
    picture = scene([("皖A88888", "cn_blue", (80, 330)), ("51F12345", "vn_one_row", (420, 360))])
    Image.fromarray(picture).save(tmp_path / "皖A88888.png")
    report = evaluate_views([str(tmp_path)], PlatePipeline.from_pretrained(deblur=False))
    assert set(report) == {*OTHER_VIEWS, "all of them"}
    assert all(figures == {"n": 1, "same": 1.0, "no_other": 1.0} for figures in report.values())

    def minds(photo):
        text = "皖A88888" if photo.shape[0] == 480 else "皖A88889"
        return [PlateResult(text, 0.9, (), "cn_blue", photo, photo, "good")]

    report = evaluate_views([str(tmp_path)], minds)
    assert report["JPEG 90"]["same"] == 1 and report["1 % larger"] == {"n": 1, "same": 0.0, "no_other": 0.0}
    assert report["all of them"]["same"] == 0
