"""Tests whether a network written from scratch equals the packaged one: outputs, gradients, buffers."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


def copy_parameters(source: nn.Module, target: nn.Module) -> None:
    """Copy parameters and buffers in the order of definition, whatever their names.

    Raises AssertionError that names the first tensor that does not fit.
    """
    theirs, mine = list(source.state_dict().items()), list(target.state_dict().items())
    for k, ((name, value), (own_name, own)) in enumerate(zip(theirs, mine), start=1):
        if value.shape != own.shape:
            raise AssertionError(
                f"tensor {k}: yours, {own_name!r}, has the shape {tuple(own.shape)}, "
                f"the package's, {name!r}, {tuple(value.shape)}"
            )
    if len(theirs) != len(mine):
        longer, other = (theirs, "yours") if len(theirs) > len(mine) else (mine, "the package's")
        missing = longer[min(len(theirs), len(mine))][0]
        raise AssertionError(f"{len(mine)} tensors against the package's {len(theirs)}: {other} has no {missing!r}")
    target.load_state_dict({own_name: value.clone() for (own_name, _), (_, value) in zip(mine, theirs)})


@torch.no_grad()
def randomise(network: nn.Module, seed: int = 0) -> None:
    """Set every floating-point parameter and buffer to random values, so that no initial zero hides a difference."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=generator)
            fan_in = max(1, value[0].numel()) if value.dim() > 1 else 1
            value.copy_(0.5 + noise.abs() if name.endswith("running_var") else noise * (1.5 / fan_in) ** 0.5)


def assert_same_network(
    rebuilt: nn.Module, packaged: nn.Module, inputs: dict[str, Tensor] | None = None, tolerance: float = 1e-4
) -> None:
    """Assert that two networks are the same function with the same gradients.

    Copies of both get the same random parameters and buffers, matched in order. Outputs are compared in evaluation
    mode, then outputs, gradients and buffers in training mode.

    Args:
        rebuilt, packaged: left unchanged.
        inputs: {name: tensor}, passed by position; default: `packaged.example_inputs()`.
        tolerance: largest difference, relative to the tensor's largest value or 1 if that is larger.

    Raises:
        AssertionError: names the first difference.
    """
    rebuilt, packaged = (copy.deepcopy(network).requires_grad_(True) for network in (rebuilt, packaged))
    inputs = list((inputs or packaged.example_inputs()).values())
    randomise(packaged)
    copy_parameters(packaged, rebuilt)
    for mode in ("evaluation", "training"):
        for network in (rebuilt, packaged):
            network.train(mode == "training")
        mine, theirs = _tensors(rebuilt(*inputs)), _tensors(packaged(*inputs))
        if len(mine) != len(theirs):
            raise AssertionError(f"yours returns {len(mine)} tensors, the package's {len(theirs)}")
        for k, (a, b) in enumerate(zip(mine, theirs)):
            _compare(a, b, f"output {k + 1} in {mode} mode", tolerance)
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(value.shape, generator=generator) for value in theirs]
    for outputs in (mine, theirs):
        sum((value.float() * w).sum() for value, w in zip(outputs, weights) if value.requires_grad).backward()
    for (name, a), (_, b) in zip(rebuilt.named_parameters(), packaged.named_parameters()):
        if (a.grad is None) != (b.grad is None):
            raise AssertionError(f"{name} gets a gradient in {'the package' if a.grad is None else 'yours'} only")
        if a.grad is not None:
            _compare(a.grad, b.grad, f"gradient of {name}", tolerance)
    for (name, a), (_, b) in zip(rebuilt.state_dict().items(), packaged.state_dict().items()):
        _compare(a.float(), b.float(), f"{name} after a step in training mode", tolerance)


def _tensors(out) -> list[Tensor]:
    """The tensors of an output, a tensor or a tuple of tensors and None."""
    return [out] if isinstance(out, Tensor) else [value for value in out if value is not None]


def _compare(a: Tensor, b: Tensor, what: str, tolerance: float) -> None:
    """Raise AssertionError, which names `what`, unless both have equal shapes and nearly equal values."""
    if a.shape != b.shape:
        raise AssertionError(f"{what}: your shape is {tuple(a.shape)}, the package's {tuple(b.shape)}")
    gap = float((a - b).detach().abs().max()) if a.numel() else 0.0
    if not gap <= tolerance * max(1.0, float(b.detach().abs().max()) if b.numel() else 1.0):
        raise AssertionError(f"{what} differs by up to {gap:.2g}")
