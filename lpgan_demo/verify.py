"""Proof that the weights on this machine give the published pictures and texts.

Beside each published network lies golden.safetensors: one input and what the network made of it where it was
published. `verify` computes it again here, and reads the example pictures.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .examples import EXAMPLES
from .hub import BUNDLED
from .pipeline import PlatePipeline
from .weights import load_weights

GOLDEN = "golden.safetensors"
TOLERANCE = 2e-3
"""Largest difference of an output that still counts as the same: sums are rounded differently on every processor."""


def example_inputs(network: torch.nn.Module, seed: int = 0) -> dict[str, torch.Tensor]:
    """One input of the kind the network takes, by the names of its arguments: smooth noise in [-1, 1], layout 0."""
    generator = torch.Generator().manual_seed(seed)
    kind = type(network).__name__
    if kind == "CharacterClassifier":
        return {"cells": torch.rand(2, network.layers[0].in_features, generator=generator)}
    if kind == "PatchDiscriminator":
        return {
            name: torch.rand(1, n, 64, 96, generator=generator) * 2 - 1 for name, n in (("blurred", 3), ("grey", 1))
        }
    coarse = torch.rand(1, 3, 8, 24, generator=generator) * 2 - 1
    picture = torch.nn.functional.interpolate(coarse, tuple(network.config.input_size), mode="bilinear")
    if kind in ("DeblurGenerator", "GuidedDeblurGenerator"):
        return {"blurred": picture.contiguous()}
    if kind == "PlateFasterRCNN":
        return {"picture": picture.contiguous()}
    name = "plate" if kind == "MultiTaskDiscriminator" else "lq"
    return {name: picture.contiguous(), "layout": torch.zeros(1, dtype=torch.long)}


@torch.inference_mode()
def outputs(network: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What the network answers, by name; of the detector the features, because boxes come and go by a hair."""
    if hasattr(network, "backbone"):
        return {f"level_{name}": value for name, value in network.backbone(inputs["picture"]).items()}
    out = network(**inputs)
    if isinstance(out, torch.Tensor):
        return {"output": out}
    return {name: value.contiguous() for name, value in out._asdict().items() if value is not None}


def write_golden(folder: str | Path) -> Path:
    """Compute and keep input and outputs of the network in `folder`."""
    network = load_weights(folder)
    inputs = example_inputs(network)
    tensors = {f"input.{name}": value for name, value in inputs.items()}
    tensors |= {f"output.{name}": value.clone() for name, value in outputs(network, inputs).items()}
    path = Path(folder) / GOLDEN
    save_file(tensors, path)
    return path


def deviation(folder: str | Path) -> float:
    """The largest difference between what the network answers here and what it answered when published.

    Raises WeightsError when the weights are damaged, FileNotFoundError without golden tensors.
    """
    tensors = load_file(Path(folder) / GOLDEN)
    inputs = {name.removeprefix("input."): value for name, value in tensors.items() if name.startswith("input.")}
    network = load_weights(folder)
    if set(inputs) != set(example_inputs(network)):
        return float("inf")
    answers = outputs(network, inputs)
    expected = {name.removeprefix("output."): value for name, value in tensors.items() if name.startswith("output.")}
    if set(answers) != set(expected):
        return float("inf")
    return max(float((answers[name] - value).abs().max()) for name, value in expected.items())


def verify(folder: str | Path | None = None) -> list[tuple[str, bool, str]]:
    """(what, whether it is as published, in words) for every network in `folder` and every bundled example picture."""
    root = BUNDLED if folder is None else Path(folder)
    checks = []
    for network in sorted(path.parent for path in root.glob("*/model.safetensors")):
        if not (network / GOLDEN).is_file():
            checks.append((network.name, False, f"there is no {GOLDEN}"))
            continue
        gap = deviation(network)
        checks.append((network.name, gap <= TOLERANCE, f"differs by at most {gap:.1e}"))
    pipeline = PlatePipeline.from_pretrained(folder)
    for example in EXAMPLES:
        path = BUNDLED.parent / "examples" / f"{example.name}.png"
        if path.is_file():
            text = pipeline.read_plate(path).text
            checks.append((f"examples/{path.name}", text == example.text, f"reads {text}"))
    return checks
