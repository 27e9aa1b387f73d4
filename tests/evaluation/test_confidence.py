import json

import cv2
import numpy as np
import pytest

from lpgan_demo.cli.main import main
from lpgan_demo.evaluation.metrics import accuracy_over_coverage
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.camera import street_camera
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.weights.folder import facts


@pytest.fixture
def crops(tmp_path):
    folder = tmp_path / "crops"
    folder.mkdir()
    for text in ("皖A12345", "苏B67890", "沪C24680"):
        picture = standard_plate(text, get_layout("cn_blue"), (32, 96))
        (folder / f"{text}.png").write_bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
    return folder


def test_accuracy_over_coverage_starts_with_the_surest_and_shares_ties():
    curve = accuracy_over_coverage([True, False, True, True], [0.9, 0.1, 0.5, 0.7])
    assert curve.tolist() == [1, 1, 1, 0.75]
    assert accuracy_over_coverage([True, False], [0.5, 0.5]).tolist() == [0.5, 0.5]


def test_calibrate_keeps_a_temperature_that_the_pipeline_then_uses(small_weights, crops, capsys):
    from lpgan_demo.inference.pipeline import PlatePipeline

    assert main(["calibrate", str(crops), "--weights", str(small_weights)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["characters"] == 3 * 7 * 9 and said["loss_after"] <= said["loss_before"]
    assert facts(small_weights / "mtgan-discriminator")["temperature"] == said["temperature"]
    load_weights(small_weights / "mtgan-discriminator")  # still whole
    assert PlatePipeline.from_pretrained(small_weights).reader.temperature == said["temperature"]
    assert PlatePipeline.from_pretrained(small_weights, temperature=2.0).reader.temperature == 2.0


def test_evaluate_confidence_reports_every_folder_and_all_together(small_weights, crops, tmp_path, capsys):
    plot = tmp_path / "confidence.png"
    arguments = ["evaluate", "confidence", str(crops), "--weights", str(small_weights), "--plot", str(plot), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)["results"]
    assert report["crops"] == report["together"] and report["crops"]["n"] == 3
    assert 0 <= report["crops"]["read_at_99"] <= 1 and report["crops"]["expected_calibration_error"] <= 1
    assert cv2.imread(str(plot)).shape[1] > 600


def test_evaluate_tracks_reads_one_three_and_five_frames(small_weights, crops, tmp_path, capsys):
    plot = tmp_path / "tracks.png"
    arguments = ["evaluate", "tracks", str(crops), "--weights", str(small_weights), "--plot", str(plot), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)["results"]
    assert set(report) == {f"{kind}, {n}" for kind in ("light", "heavy") for n in (1, 3, 5)}
    assert all(0 <= value <= 1 for row in report.values() for value in row.values())
    assert all(row["wrong_legible"] <= row["legible"] for row in report.values())
    assert plot.is_file()


def test_a_heavy_surveillance_shot_is_worse_than_a_light_one():
    rng = np.random.default_rng(0)
    light, heavy = ([street_camera(rng, h) for _ in range(200)] for h in (False, True))
    assert np.mean([c.width for c in heavy]) < np.mean([c.width for c in light])
    assert max(c.motion for c in light) <= 4 < max(c.motion for c in heavy) <= 7
    assert all(31 <= c.width <= 62 and 25 <= c.jpeg <= 70 for c in heavy)
