"""Networks as ONNX graphs, each checked against PyTorch: one for each network, and the three that the pipeline uses.

Graphs take batches of any size, and pictures of any size where the network states to be of `free_size`.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..inference.onnx_backend import DESCRIPTION
from ..networks import load_weights
from ..results import WeightsError
from ..weights import BUNDLED, facts

TOLERANCE = 1e-4
"""Largest deviation from PyTorch that a graph may have, as a share of the output's range."""


class _Whole(nn.Module):
    """A network with its outputs as a plain tuple, without those that are None."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, *inputs):
        out = self.network(*inputs)
        return (out,) if isinstance(out, torch.Tensor) else tuple(value for value in out if value is not None)


class _Encoder(_Whole):
    """GN up to the codes; a negative layout means that the network decides itself."""

    def forward(self, lq, layout):
        return tuple(value for value in self.network.encode(lq, layout, layout < 0) if value is not None)


class _Reader(_Whole):
    """DN's character logits alone."""

    def forward(self, plate, layout):
        return (self.network(plate, layout).characters,)


def export_onnx(folder: str | Path, source: str | Path | None = None) -> list[tuple[Path, float]]:
    """Write a graph of every network that states to be `exportable`, and the pipeline's three with their description.

    Args:
        folder: where the graphs go; made if need be.
        source: a folder of weights (None: the bundled ones).

    Returns:
        (file, largest deviation from PyTorch as a share of the output's range) of each graph.

    Raises:
        WeightsError: there are no weights, or a graph deviates by more than `TOLERANCE`.
        ModuleNotFoundError: onnx, onnxscript or onnxruntime is not installed.
    """
    import onnxruntime  # noqa: F401  needed for the check: if it is missing, fail before the export

    root, folder = BUNDLED if source is None else Path(source), Path(folder)
    networks = {path.parent.name: load_weights(path.parent) for path in sorted(root.glob("*/model.safetensors"))}
    if not networks:
        raise WeightsError(f"there are no weights in {root}")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, network in networks.items():
        if network.exportable:
            inputs = _batch_of_three(network.example_inputs())
            written.append(_export(folder / f"{name}.onnx", _Whole(network), inputs, network.free_size))
    if "mtgan-generator" in networks and "mtgan-discriminator" in networks:
        written += _export_pipeline(folder, networks["mtgan-generator"], networks["mtgan-discriminator"])
        known = facts(root / "mtgan-discriminator")
        described = {
            "layouts": list(networks["mtgan-generator"].config.layouts),
            "input_size": list(networks["mtgan-generator"].config.input_size),
        }
        described |= {name: known[name] for name in ("temperature", "trust") if name in known}
        (folder / DESCRIPTION).write_text(json.dumps(described, indent=1), encoding="utf-8")
    return written


def _export_pipeline(folder: Path, generator: nn.Module, discriminator: nn.Module) -> list[tuple[Path, float]]:
    """The encoder and decoder of GN, and DN as the reader."""
    inputs = _batch_of_three(generator.example_inputs())
    inputs["layout"] = torch.tensor([0, -1, 1])
    with torch.no_grad():
        _, _, codes, layout, _ = generator.encode(inputs["lq"], inputs["layout"], inputs["layout"] < 0)
        plate = generator.decoder(codes, layout)
    return [
        _export(folder / "mtgan-encoder.onnx", _Encoder(generator), inputs),
        _export(folder / "mtgan-decoder.onnx", _Whole(generator.decoder), {"codes": codes, "layout": layout}),
        _export(folder / "mtgan-reader.onnx", _Reader(discriminator), {"plate": plate, "layout": layout}),
    ]


def _batch_of_three(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The first sample of an example as a batch of three: as it is, its pictures mirrored, and halved."""
    return {
        name: torch.cat([value[:1], value[:1].flip(-1), value[:1] * 0.5])
        if value.is_floating_point()
        else value[:1].expand(3).clone()
        for name, value in inputs.items()
    }


def _export(path: Path, module: nn.Module, inputs: dict[str, torch.Tensor], free_size=False) -> tuple[Path, float]:
    """Write a graph; returns it and its deviation. Raises WeightsError when that is more than `TOLERANCE`."""
    sizes = {0: torch.export.Dim("batch")}
    if free_size:
        sizes |= {2: torch.export.Dim("height"), 3: torch.export.Dim("width")}
    shapes = tuple(sizes for _ in inputs)
    shapes = (shapes,) if type(module) is _Whole else shapes  # its forward takes *inputs
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about axes that the exporter names itself
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    gap = _deviation(path, module, inputs)
    if gap > TOLERANCE:
        raise WeightsError(f"{path.name} deviates from PyTorch by {gap:.1e}")
    return path, gap


def _deviation(path: Path, module: nn.Module, inputs: dict[str, torch.Tensor]) -> float:
    """Largest difference of outputs from PyTorch's as a share of their range, in batches of one and of three."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    gap = 0.0
    for n in (1, 3):
        part = {name: value[:n] for name, value in inputs.items()}
        with torch.no_grad():
            expected = [value.numpy() for value in module(*part.values())]
        for a, b in zip(
            session.run(None, {name: value.numpy() for name, value in part.items()}), expected, strict=True
        ):
            possible = np.abs(b[b > -1e3])  # symbols that the layout does not allow have a logit of -1e4
            gap = max(gap, float(np.abs(a - b).max()) / max(1.0, float(possible.max(initial=0))))
    return gap
