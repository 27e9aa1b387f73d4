"""`evaluate traffic`: the clips, and what is counted."""

import numpy as np
import pytest

from lpgan_demo.cli.main import main
from lpgan_demo.evaluation import traffic
from lpgan_demo.evaluation.traffic import PILLAR, clip, draw_cars, evaluate_traffic
from lpgan_demo.files.video import frames_of
from lpgan_demo.results import PlateResult


class Row:
    """Stands in for a row of a video."""

    def __init__(self, text, legibility="good"):
        picture = np.zeros((64, 192, 3), np.uint8)
        self.plate = PlateResult(text, 0.9, (), "cn_blue", picture, picture, legibility)


def test_cars_move_both_ways_behind_the_pillar_and_the_clock_runs(monkeypatch):
    monkeypatch.setattr(traffic, "LENGTH", 4.0)
    cars = draw_cars(np.random.default_rng(1), per_lane=2)
    assert {np.sign(car.speed) for car in cars} == {-1, 1} and any(car.is_seen for car in cars)
    frames = [frame.astype(int) for frame in clip(cars, np.random.default_rng(2))]
    assert len(frames) == 40 and np.abs(frames[5] - frames[30])[:, PILLAR[0] + 4 : PILLAR[1] - 4].mean() < 8
    assert np.abs(frames[5] - frames[30]).mean() > 8 and np.abs(frames[5] - frames[30])[20:60, 250:330].max() > 120


def test_rows_are_counted_by_the_cars_they_name(monkeypatch):
    monkeypatch.setattr(traffic, "LENGTH", 6.0)
    texts = [car.text for car in draw_cars(np.random.default_rng([0, 0])) if car.is_seen]

    def read_video(path, pipeline):
        assert len(list(frames_of(path, 0))) == 60
        return [Row(texts[0]), Row(texts[0]), Row(texts[1]), Row("CLOCK"), Row("X", "illegible")]

    monkeypatch.setattr(traffic, "read_video", read_video)
    report = evaluate_traffic(None, clips=1)
    assert report == {"clip 1": {"cars": len(texts), "read": 2, "again": 1, "wrong": 1}}


def test_one_command_prints_a_line_for_each_clip(monkeypatch, capsys, small_weights):
    monkeypatch.setattr(traffic, "LENGTH", 1.0)
    monkeypatch.setattr(traffic, "read_video", lambda path, pipeline: [])
    assert main(["evaluate", "traffic", "--clips", "2", "--weights", str(small_weights)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[1].split()[-1] == "0" and lines[0].startswith("clip 1")


def test_a_clip_is_the_same_each_time():
    first, second = (draw_cars(np.random.default_rng([3, 0])) for _ in range(2))
    assert [car.text for car in first] == [car.text for car in second]
    assert first[0].x_at(first[0].enters) == pytest.approx(-2 * first[0].plate.shape[1])
