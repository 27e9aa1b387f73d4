"""Readings do not depend on batches, their order or threads; and where they do, the figures say so."""

import numpy as np
import pytest
from PIL import Image

from lpgan_demo.evaluation.stability import evaluate_stability
from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate


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
