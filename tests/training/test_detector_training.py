"""Scenes to learn detection from, the trainer, and the figures photos are scored by."""

import json

import cv2
import numpy as np
import pytest
import torch

from lpgan_demo.cli.main import main
from lpgan_demo.data.labelled import LabelledPlate, photos_of
from lpgan_demo.data.street_scenes import MAX_PLATES, SceneBatches, StreetScenes
from lpgan_demo.data.synthetic import SyntheticPlates
from lpgan_demo.evaluation.metrics import detection_scores
from lpgan_demo.evaluation.photos import tilt, without_corners, worsened
from lpgan_demo.images import rectify, resize
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.detector import PlateFasterRCNN, PlateFasterRCNNConfig
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.results import Detection
from lpgan_demo.training import detector as detector_training
from lpgan_demo.training.detector import DetectorRecipe, DetectorTrainer, DetectorTraining
from lpgan_demo.training.trainer import tensor_batch

QUAD = np.array([[100.0, 120], [220, 130], [220, 170], [100, 160]])


@pytest.fixture
def photo(tmp_path):
    """A grey photo with one green square where the plate is."""
    picture = np.full((300, 400, 3), 128, np.uint8)
    cv2.fillConvexPoly(picture, QUAD.astype(np.int32), (0, 200, 0))
    cv2.imwrite(str(tmp_path / "photo.png"), picture)
    return tmp_path / "photo.png"


def scenes(photos=(), **options):
    return StreetScenes(photos, SyntheticPlates(("cn_blue", "vn_two_row")), (192, 256), **options)


def test_photos_of_gathers_the_plates_of_each_photo(photo):
    plates = [LabelledPlate(photo, text, "cn_blue", QUAD + k) for k, text in enumerate(("皖A12345", "皖A12346"))]
    ((path, corners),) = photos_of([*plates, LabelledPlate(photo, "皖A12347", "cn_blue")])
    assert path == photo and corners.shape == (2, 4, 2)


def test_a_batch_is_a_pure_function_of_seed_and_number(photo):
    source = scenes([(photo, QUAD[None])])
    a, b, c = (SceneBatches(source, 2, seed)[4] for seed in (1, 1, 2))
    assert all(np.array_equal(a[name], b[name]) for name in a) and not np.array_equal(a["picture"], c["picture"])
    assert a["picture"].shape == (2, 192, 256, 3) and a["corners"].shape == (2, MAX_PLATES, 4, 2)


def test_a_photo_s_plate_is_followed_to_where_it_goes(photo):
    rng = np.random.default_rng(0)
    source = scenes([(photo, QUAD[None])])
    kept = 0
    for _ in range(20):
        picture, plates = source._cut_photo(rng)
        for quad in plates:
            inside = resize(rectify(picture, quad, -0.1), (16, 48)).reshape(-1, 3).astype(int)
            assert (inside[:, 1] > inside[:, 0] + 60).mean() > 0.9
            kept += 1
        green = (np.abs(picture.astype(int) - (0, 200, 0)).max(2) < 20).sum()
        assert plates or green < 100  # a plate cut by the edge is painted over
    assert kept > 5


def test_drawn_scenes_hold_plates_inside_the_picture_that_do_not_overlap():
    rng = np.random.default_rng(1)
    source = scenes()
    counts = []
    for _ in range(20):
        picture, corners = source.sample(rng)
        assert picture.dtype == np.uint8 and picture.shape == (192, 256, 3)
        assert (corners.min((1, 2)) >= 0).all() and (corners.max((0, 1), initial=0) <= (256, 192)).all()
        boxes = [(*quad.min(0), *quad.max(0)) for quad in corners]
        for k, a in enumerate(boxes):
            assert all(a[0] > b[2] or b[0] > a[2] or a[1] > b[3] or b[1] > a[3] for b in boxes[:k])
        counts.append(len(corners))
    assert min(counts) == 0 and max(counts) > 1


def test_plates_of_unknown_kinds_are_labelled_as_plates():
    rng = np.random.default_rng(3)
    source = scenes(foreign_share=1.0)
    source.source = None  # gives plates of the known kinds
    assert max(len(source.sample(rng)[1]) for _ in range(12)) > 0


def small_trainer():
    torch.manual_seed(0)
    network = PlateFasterRCNN(PlateFasterRCNNConfig(features=16, box_features=16, corner_features=8))
    return DetectorTrainer(network, DetectorTraining(precision="fp32", warmup_steps=1, frozen_blocks=3))


def test_the_trainer_learns_resumes_and_leaves_frozen_blocks_alone():
    batch = tensor_batch(SceneBatches(scenes(), 2, 3)[1], "cpu")
    trainer = small_trainer()
    trainer.set_progress(0.1)
    stem = trainer.network.backbone.stem.weight.clone()
    block = trainer.network.backbone.blocks[6].project.weight.clone()
    losses = [trainer.step(batch) for _ in range(6)]
    assert set(losses[0]) == {"rpn", "rpn_box", "plate", "box", "corners"}
    assert losses[-1]["rpn"] < losses[0]["rpn"]
    assert torch.equal(trainer.network.backbone.stem.weight, stem)
    assert not torch.equal(trainer.network.backbone.blocks[6].project.weight, block)
    other = small_trainer()
    other.load_state_dict(trainer.state_dict())
    assert other.steps == 6
    for trained in (trainer, other):
        torch.manual_seed(5)
        trained.again = trained.step(batch)
    assert trainer.again == pytest.approx(other.again, rel=1e-4)
    assert trainer.sheet(batch).shape == (192, 512, 3)


def test_weights_in_16_bits_load_as_32_and_give_nearly_the_same_features(tmp_path):
    torch.manual_seed(0)
    network = PlateFasterRCNN(PlateFasterRCNNConfig(features=16, box_features=16, corner_features=8)).eval()
    save_weights(network, tmp_path / "detector", half=True)
    loaded = load_weights(tmp_path / "detector")
    assert loaded.config == network.config and loaded.backbone.stem.weight.dtype == torch.float32
    picture = {"picture": torch.rand(1, 3, 96, 128)}
    a, b = network.golden_outputs(picture), loaded.golden_outputs(picture)
    assert all(torch.allclose(a[name], b[name], atol=0.02) for name in a)


def test_detection_scores_count_each_plate_once():
    plate = QUAD
    box = (*plate.min(0), *plate.max(0))
    far = Detection(plate + 500, tuple(v + 500 for v in box), 0.8)
    hit, twin = Detection(plate, box, 0.9), Detection(plate, box, 0.7)
    scores = detection_scores([plate[None], plate[None]], [[hit, twin], [far]])
    assert scores == {"recall": 0.5, "precision": pytest.approx(1 / 3), "average_precision": 0.5}
    assert detection_scores([plate[None]], [[]])["recall"] == 0


def test_worsened_halves_photo_and_corners():
    picture, corners = worsened(np.zeros((100, 200, 3), np.uint8), QUAD[None])
    assert picture.shape == (50, 100, 3) and np.allclose(corners, QUAD / 2)


def test_train_export_and_read_a_photo_from_the_command_line(photo, tmp_path, small_weights, capsys):
    plate = standard_plate("皖A12345", get_layout("cn_blue"), (64, 192))
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in "ab":
        cv2.imwrite(str(folder / f"{name}.png"), np.pad(plate, ((90, 90), (60, 60), (0, 0))))
    tag = '<taggedRectangle x="156" y="122" width="192" height="64" rotation="0">蓝:皖A12345</taggedRectangle>'
    xml = "".join(f"<image><imageName>{name}</imageName>{tag}</image>" for name in "ab")
    (folder / "GroundTruth_others.xml").write_text(xml, encoding="utf-8")
    run = tmp_path / "run"
    arguments = ["train", "detector", "--run", str(run), "--steps", "2", "--batch-size", "1", "--workers", "0"]
    assert main([*arguments, "--backbone", "none", "--real", str(folder), "--precision", "fp32"]) == 0
    assert main(["export", str(run / "checkpoint.pt"), str(small_weights)]) == 0
    capsys.readouterr()
    assert main(["evaluate", "photos", str(folder), "--weights", str(small_weights), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["results"][str(folder)]
    assert report["n"] == 2 and report["plates"] == 2 and 0 <= report["recall"] <= 1


def test_tilt_is_measured_along_the_plate():
    flat = np.array([[0.0, 0], [90, 0], [90, 30], [0, 30]])
    assert tilt(flat) == pytest.approx(0)
    for degrees in (20, -20, 160):
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        assert tilt(flat @ np.array([[c, s], [-s, c]])) == pytest.approx(20)


def test_without_corners_a_find_is_its_box():
    found = [Detection(QUAD, (100.0, 120, 220, 170), 0.9)]
    (box,) = without_corners(lambda photo: found)(None)
    assert box.corners.tolist() == [[100, 120], [220, 120], [220, 170], [100, 170]] and box.score == 0.9


def test_a_run_starts_from_published_weights(tmp_path, monkeypatch):
    network = PlateFasterRCNN()
    save_weights(network, tmp_path / "before", steps=7, hours=1.0, plates_seen=28)
    started = {}
    monkeypatch.setattr(detector_training, "resume", lambda recipe, trainer, *_, **options: started.update(t=trainer))
    recipe = DetectorRecipe(start=str(tmp_path / "before"), run=str(tmp_path / "run"))
    detector_training.train_detector(recipe)
    weights = started["t"].network_ema.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in network.state_dict().items())
    assert json.loads((tmp_path / "run" / "start.json").read_text())["steps"] == 7  # `export` adds them up
