"""PyTorch and ONNX Runtime are timed at the same work, each in a process of its own."""

import pytest

from lpgan_demo.benchmarks import backends
from lpgan_demo.benchmarks.timing import run_in_new_process


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_a_backend_is_timed_from_its_start_to_photos(backend):
    pytest.importorskip("onnxruntime")
    figures = run_in_new_process("backends", "", backend, "fp32")
    assert all(value > 0 for value in figures.values()) and len(figures) == 6
    assert figures["that photo with one plate, all in all"] > figures["finding in a photo of 1280 x 960"] / 2


def test_without_pytorch_the_graphs_alone_are_timed(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None if name == "torch" else object())
    monkeypatch.setattr(backends, "run_in_new_process", lambda *arguments: {"a photo": 1.234})
    assert backends.compare_backends() == {"ONNX Runtime, fp32": {"a photo": 1.23}}
