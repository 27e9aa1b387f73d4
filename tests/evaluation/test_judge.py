"""The independent reader: it learns rendered standard plates, and the published one reads them all."""

import json

import numpy as np
import pytest

from lpgan_demo.cli.main import main
from lpgan_demo.evaluation.readers.judge import PictureReader, blurred
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.plates import LAYOUTS
from lpgan_demo.plates.standard import standard_plate


@pytest.fixture(scope="module")
def plates():
    rng = np.random.default_rng(11)
    known = PictureReader.from_pretrained().network.layouts
    kinds = [LAYOUTS[name] for name in known for _ in range(12)]
    texts = [layout.random_text(rng) for layout in kinds]
    return texts, [standard_plate(t, k) for t, k in zip(texts, kinds)], [k.name for k in kinds]


def test_the_published_judge_reads_rendered_plates_also_blurred(plates):
    texts, pictures, names = plates
    judge = PictureReader.from_pretrained()
    assert np.mean([a == b for a, b in zip(judge(pictures, names), texts)]) >= 0.98
    assert np.mean([a == b for a, b in zip(judge(blurred(pictures), names), texts)]) >= 0.95


def test_the_judge_reads_the_picture_and_nothing_else(plates):
    texts, pictures, names = plates
    judge = PictureReader.from_pretrained()
    noise = np.random.default_rng(0).integers(0, 255, pictures[0].shape, np.uint8)
    assert judge([noise], names[:1]) != texts[:1]
    swapped = [pictures[1], pictures[0]]
    assert judge(swapped, names[:2]) == [texts[1], texts[0]]


def test_a_plate_of_a_kind_that_the_judge_does_not_know_gets_no_text(plates):
    texts, pictures, names = plates
    read = PictureReader.from_pretrained()(pictures[:2], ["unknown", names[1]])
    assert read == ["", texts[1]]


def test_blurred_is_a_3x3_mean():
    picture = np.zeros((9, 9, 3), np.uint8)
    picture[4, 4] = 90
    (soft,) = blurred([picture])
    assert soft[3:6, 3:6].min() == soft.max() == 10 and soft.sum() == 3 * 90


def test_train_judge_writes_weights_that_load(tmp_path, capsys):
    assert main(["train", "judge", "--steps", "2", "--batch-size", "4", "--folder", str(tmp_path)]) == 0
    assert 0 <= json.loads(capsys.readouterr().out)["plate_accuracy"] <= 1
    assert load_weights(tmp_path / "plate-judge").config.layouts == tuple(LAYOUTS)
