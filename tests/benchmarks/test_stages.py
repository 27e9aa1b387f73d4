"""The benchmark's parts: what it times is what the pipeline does, and its table compares two runs."""

import subprocess

import pytest
import torch

from lpgan_demo.benchmarks import report, stages, timing
from lpgan_demo.benchmarks.steps import RestoreAndRead, measure_steps
from lpgan_demo.inference import PlatePipeline


def test_stages_name_every_part_and_seven_views_cost_more_than_one(small_weights):
    spent = stages.time_stages(PlatePipeline.from_pretrained(small_weights, views=1), 2)
    parts = {"input", "encode (GN)", "draw (GN)", "read (DN)", "evidence"}
    assert parts | {"read once", "read seven times", "as it comes"} <= set(spent)
    assert all(value > 0 for value in spent.values())
    assert spent["read seven times"] > spent["read once"]


def test_every_step_towards_speed_keeps_the_answers(small_networks):
    reading = RestoreAndRead(*small_networks)
    steps = measure_steps(reading, torch.rand(2, 3, 32, 96) * 2 - 1, (1, 2), compiles=False)
    assert len(steps) == 7 and not any("compile" in name for name in steps)
    assert all(row["changes"] < 0.02 for row in steps.values())
    assert all(row["changes"] < 1e-5 for name, row in steps.items() if "bf16" not in name and "thread" not in name)
    assert all(row["batch 1"] > 0 and row["batch 2"] > 0 for row in steps.values())
    assert torch.get_num_threads() == 1, "the step on one thread restores what was set"


def test_onnx_runtime_is_timed_in_a_process_of_its_own(tmp_path):
    pytest.importorskip("onnxruntime")
    with pytest.raises(subprocess.CalledProcessError) as error:
        timing.run_in_new_process("onnx_process", tmp_path, 1)
    assert "WeightsError: there are no graphs" in error.value.stderr


def test_starting_is_timed_in_a_process_of_its_own(small_weights):
    times = timing.run_in_new_process("startup", small_weights, "examples/tiny.png")
    assert set(times) == {"import", "load", "first"} and all(seconds > 0 for seconds in times.values())


def test_multiply_accumulates_include_the_first_convolution(small_weights):
    networks = PlatePipeline.from_pretrained(small_weights).restorer.networks
    first = 8 * 3 * 4 * 4 * 16 * 48  # 8 filters of 4 x 4 on 3 channels, half of 32 x 96
    assert stages.multiply_accumulates(networks) > first


def test_the_drawn_street_has_room_for_its_plates():
    photo = timing.street_photo(16)
    assert photo.shape == (960, 1280, 3)
    assert (timing.street_photo(16, 640) != timing.street_photo(0, 640)).any()


def test_two_runs_are_compared_figure_by_figure():
    before, now = {"a": {"b": 10.0, "c": "x"}, "d": 4}, {"a": {"b": 5.0, "c": "x"}, "d": 4}
    assert report.flatten(now) == {"a / b": 5.0, "a / c": "x", "d": 4}
    first, second, third = report.as_table(now, before).splitlines()
    assert first.split()[-3:] == ["5.0", "10.0", "x0.50"] and third.endswith("x1.00")
    assert second.split() == ["a", "/", "c", "x"]


def test_a_call_is_timed_in_milliseconds(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock) * 0.5)
    assert timing.milliseconds(lambda: None) == pytest.approx(500)
