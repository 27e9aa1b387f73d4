"""Golden tensors: one input of a network and its outputs, kept beside its weights to be compared on other machines."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

GOLDEN = "golden.safetensors"


TOLERANCE = 2e-3
"""Largest difference of an output that still counts as the same: sums are rounded differently on every processor."""


@torch.inference_mode()
def write_golden(network, folder: str | Path) -> Path:
    """Compute and keep input and outputs of a network.

    Args:
        network: a `Pretrained` network in evaluation mode.
        folder: of its weights.

    Returns:
        The file written.
    """
    inputs = network.example_inputs()
    tensors = {f"input.{name}": value for name, value in inputs.items()}
    tensors |= {f"output.{name}": value.clone() for name, value in network.golden_outputs(inputs).items()}
    path = Path(folder) / GOLDEN
    save_file(tensors, path)
    return path


@torch.inference_mode()
def deviation(network, folder: str | Path) -> float:
    """The largest difference between what a network answers here and what it answered when published.

    Args:
        network: a `Pretrained` network in evaluation mode.
        folder: where its golden tensors are.

    Returns:
        The difference, in the outputs' own unit; infinite when inputs or outputs have other names.

    Raises:
        FileNotFoundError: there are no golden tensors.
    """
    tensors = load_file(Path(folder) / GOLDEN)
    inputs = {name.removeprefix("input."): value for name, value in tensors.items() if name.startswith("input.")}
    expected = {name.removeprefix("output."): value for name, value in tensors.items() if name.startswith("output.")}
    if set(inputs) != set(network.example_inputs()):
        return float("inf")
    answers = network.golden_outputs(inputs)
    if set(answers) != set(expected):
        return float("inf")
    return max(float((answers[name] - value).abs().max()) for name, value in expected.items())
