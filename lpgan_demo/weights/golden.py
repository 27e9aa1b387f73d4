"""Golden tensors: an input of a network and its outputs, stored with the weights to be compared on other machines."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

GOLDEN = "golden.safetensors"
"""Name of the file in a folder of weights."""

TOLERANCE = 2e-3
"""Largest accepted deviation of an output: processors round sums differently."""


@torch.inference_mode()
def write_golden(network, folder: str | Path) -> Path:
    """Compute and store input and outputs of a network.

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
    """Largest absolute difference between a network's outputs on this machine and its golden outputs.

    Args:
        network: a `Pretrained` network in evaluation mode.
        folder: holds its golden tensors.

    Returns:
        The difference in the unit of the outputs; infinite when the names of inputs or outputs differ.

    Raises:
        FileNotFoundError: there are no golden tensors.
    """
    tensors = load_file(Path(folder) / GOLDEN)
    inputs = {name.removeprefix("input."): value for name, value in tensors.items() if name.startswith("input.")}
    expected = {name.removeprefix("output."): value for name, value in tensors.items() if name.startswith("output.")}
    if set(inputs) != set(network.example_inputs()):
        return float("inf")
    outputs = network.golden_outputs(inputs)
    if set(outputs) != set(expected):
        return float("inf")
    return max(float((outputs[name] - value).abs().max()) for name, value in expected.items())
