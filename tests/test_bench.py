"""The benchmark's parts: what it times is what the pipeline does, and its table compares two runs."""

import pytest

from lpgan_demo import bench
from lpgan_demo.pipeline import PlatePipeline


def test_stages_name_every_part_and_add_up_to_less_than_the_whole(small_weights):
    spent = bench.stages(PlatePipeline.from_pretrained(small_weights, views=1), 2)
    assert {"input", "encode (GN)", "draw (GN)", "read (DN)", "whole"} <= set(spent)
    assert all(value > 0 for value in spent.values())


def test_the_drawn_street_has_room_for_its_plates():
    photo = bench.photo_with(16)
    assert photo.shape == (960, 1280, 3)
    assert (bench.photo_with(16, 640) != bench.photo_with(0, 640)).any()


def test_two_runs_are_compared_figure_by_figure():
    before, now = {"a": {"b": 10.0, "c": "x"}, "d": 4}, {"a": {"b": 5.0, "c": "x"}, "d": 4}
    assert bench.flat(now) == {"a / b": 5.0, "a / c": "x", "d": 4}
    first, second, third = bench.as_table(now, before).splitlines()
    assert first.split()[-3:] == ["5.0", "10.0", "x0.50"] and third.endswith("x1.00")
    assert second.split() == ["a", "/", "c", "x"]


def test_a_call_is_timed_in_milliseconds(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(clock) * 0.5)
    assert bench.milliseconds(lambda: None) == pytest.approx(500)
