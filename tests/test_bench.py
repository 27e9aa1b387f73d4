"""The benchmark's parts: what it times is what the pipeline does, and its table compares two runs."""

import pytest
import torch

from lpgan_demo.benchmarks import report as bench_report
from lpgan_demo.benchmarks import stages as bench
from lpgan_demo.benchmarks import timing as bench_timer
from lpgan_demo.benchmarks.steps import Reading, measure
from lpgan_demo.inference.pipeline import PlatePipeline


def test_stages_name_every_part_and_seven_views_cost_more_than_one(small_weights):
    spent = bench.stages(PlatePipeline.from_pretrained(small_weights, views=1), 2)
    parts = {"input", "encode (GN)", "draw (GN)", "read (DN)", "evidence"}
    assert parts | {"read once", "read seven times", "as it comes"} <= set(spent)
    assert all(value > 0 for value in spent.values())
    assert spent["read seven times"] > spent["read once"]


def test_every_step_towards_speed_keeps_the_answers(small_networks):
    reading = Reading(*small_networks)
    report = measure(reading, torch.rand(2, 3, 32, 96) * 2 - 1, (1, 2), compiles=False)
    assert len(report) == 7 and not any("compile" in name for name in report)
    assert all(row["changes"] < 0.02 for row in report.values())
    assert all(row["changes"] < 1e-5 for name, row in report.items() if "bf16" not in name and "thread" not in name)
    assert all(row["batch 1"] > 0 and row["batch 2"] > 0 for row in report.values())
    assert torch.get_num_threads() == 1, "the step on one thread restores what was set"


def test_the_drawn_street_has_room_for_its_plates():
    photo = bench.photo_with(16)
    assert photo.shape == (960, 1280, 3)
    assert (bench.photo_with(16, 640) != bench.photo_with(0, 640)).any()


def test_two_runs_are_compared_figure_by_figure():
    before, now = {"a": {"b": 10.0, "c": "x"}, "d": 4}, {"a": {"b": 5.0, "c": "x"}, "d": 4}
    assert bench_report.flat(now) == {"a / b": 5.0, "a / c": "x", "d": 4}
    first, second, third = bench_report.as_table(now, before).splitlines()
    assert first.split()[-3:] == ["5.0", "10.0", "x0.50"] and third.endswith("x1.00")
    assert second.split() == ["a", "/", "c", "x"]


def test_a_call_is_timed_in_milliseconds(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(bench_timer.time, "perf_counter", lambda: next(clock) * 0.5)
    assert bench_timer.milliseconds(lambda: None) == pytest.approx(500)
