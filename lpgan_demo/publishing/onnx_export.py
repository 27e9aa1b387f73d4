"""Networks as ONNX graphs, each checked against PyTorch: those that a pipeline runs on, and one for each network.

Graphs take batches of any size, and pictures of any size where the network states to be of `free_size`; the detector's
takes one picture of any size.
"""

from __future__ import annotations

import copy
import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..data.street_scenes import StreetScenes
from ..data.synthetic import SyntheticPlates
from ..images import to_tensor
from ..inference.loading import DEBLURRERS, DETECTORS
from ..networks import load_weights
from ..networks.detector import corners_of
from ..plates import SYMBOLS, get_layout
from ..results import WeightsError
from ..weights import BUNDLED, facts, write_file
from ..weights.folder import digests
from .cards import write_onnx_card
from .onnx_drawing import WindowedDecoder

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


class _Finder(_Whole):
    """The detector for one picture (3, H, W): corners (K, 4, 2) in pixels, and scores (K,)."""

    def forward(self, picture):
        found = self.network([picture])[0]
        return found["keypoints"][..., :2], found["scores"]


def export_onnx(
    folder: str | Path, source: str | Path | None = None, everything: bool = False
) -> list[tuple[Path, float]]:
    """Write the graphs that a pipeline runs on, `cards.GRAPHS`, and config.json, which describes them.

    Args:
        folder: where the graphs go; made if need be.
        source: a folder of weights (None: the bundled ones).
        everything: also a graph of every network that states to be `exportable`.

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
    if everything:
        for name, network in networks.items():
            if network.exportable:
                written.append(_export_whole(folder / f"{name}.onnx", network))
    if "mtgan-generator" in networks and "mtgan-discriminator" in networks:
        graphs, described = _export_pipeline(folder, networks)
        known = facts(root / "mtgan-discriminator")
        described = {"network": "OnnxGraphs", "config": described}
        described |= {name: known[name] for name in ("temperature", "trust") if name in known}
        used = ("mtgan-generator", "mtgan-discriminator", *DETECTORS, *DEBLURRERS[:1], "plate-judge")
        described["made_from"] = {name: digests(root / name)["model.safetensors"] for name in used if name in networks}
        described["files"] = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path, _ in graphs}
        write_file(folder / "config.json", (json.dumps(described, indent=2) + "\n").encode())
        write_onnx_card(folder, graphs)
        written += [graph for graph in graphs if graph not in written]
    return written


def _export_whole(path: Path, network: nn.Module) -> tuple[Path, float]:
    """The graph of a network as it is."""
    return _export(
        path, _Whole(network), _batch_of_three(network.example_inputs()), (2, 3) if network.free_size else ()
    )


def _export_pipeline(folder: Path, networks: dict[str, nn.Module]) -> tuple[list[tuple[Path, float]], dict]:
    """(the pipeline's graphs, the configuration that its backend needs)."""
    generator, discriminator = networks["mtgan-generator"], networks["mtgan-discriminator"]
    described = {"layouts": list(generator.config.layouts), "input_size": list(generator.config.input_size)}
    described["symbols"] = SYMBOLS
    described["num_characters"] = [get_layout(name).num_characters for name in generator.config.layouts]
    inputs = _batch_of_three(generator.example_inputs())
    inputs["layout"] = torch.tensor([0, -1, 1])
    with torch.no_grad():
        _, _, codes, layout, _ = generator.encode(inputs["lq"], inputs["layout"], inputs["layout"] < 0)
        plate = generator.decoder(codes, layout)
    graphs = [
        _export(folder / "mtgan-encoder.onnx", _Encoder(generator), inputs),
        _export(
            folder / "mtgan-decoder.onnx",
            _Whole(WindowedDecoder(generator.decoder)),
            {"codes": codes, "layout": layout},
            free=(1,),
        ),
        _export(folder / "mtgan-reader.onnx", _Reader(discriminator), {"plate": plate, "layout": layout}),
    ]
    if detector := next((networks[name] for name in DETECTORS if name in networks), None):
        graphs.append(_export_detector(folder / "detector.onnx", detector))
    if ink := next((networks[name] for name in DEBLURRERS if name in networks), None):
        graphs.append(_export_whole(folder / "ink.onnx", ink))
        described["ink"] = {"input_size": list(ink.config.input_size), "guided": ink.config.guided}
    if judge := networks.get("plate-judge"):
        inputs = _batch_of_three(judge.example_inputs())
        graphs.append(_export(folder / "judge.onnx", _Reader(judge), inputs))
        described["judge_layouts"] = list(judge.config.layouts)
    return graphs, described


def _export_detector(path: Path, detector: nn.Module) -> tuple[Path, float]:
    """The detector for one picture of any size, with its batch norms fused into the convolutions.

    It chooses its boxes step by step, which only PyTorch's tracing exporter follows.
    """
    detector = copy.deepcopy(detector).eval()
    detector.backbone = detector.backbone.fused()
    picture = detector.example_inputs()["picture"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the tracing, and that it is the older exporter
        torch.onnx.export(
            _Finder(detector).eval(),
            (picture,),
            path,
            input_names=["picture"],
            output_names=["corners", "scores"],
            dynamic_axes={"picture": {1: "height", 2: "width"}, "corners": {0: "plates"}, "scores": {0: "plates"}},
            dynamo=False,
        )
    _fold_padding(path)
    _tidy(path)
    gap = _detector_deviation(path, detector)
    if gap > TOLERANCE:
        raise WeightsError(f"{path.name} deviates from PyTorch by {gap:.1e}")
    return path, gap


def _fold_padding(path: Path) -> None:
    """Let the detector's strided convolutions pad their inputs themselves: a Pad before them costs a copy each.

    Their inputs have even sizes, because pictures are padded to multiples of 32, so that the zeros needed, more of them
    at the right and lower edges, are always the same.
    """
    import onnx

    model = onnx.load(path)
    nodes = model.graph.node
    pads = {node.output[0]: node for node in nodes if node.op_type == "Pad"}
    for conv in [node for node in nodes if node.op_type == "Conv" and node.input[0] in pads]:
        values = {attribute.name: attribute.ints for attribute in conv.attribute}
        missing = [kernel - stride for kernel, stride in zip(values["kernel_shape"], values["strides"])]
        values["pads"][:] = [zeros // 2 for zeros in missing] + [zeros - zeros // 2 for zeros in missing]
        conv.input[0] = pads[conv.input[0]].input[0]
    write_file(path, model.SerializeToString())


def _tidy(path: Path) -> None:
    """Drop nodes that nothing uses, and what the exporter notes of this machine: its paths and lines of code."""
    import onnx_ir
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass, RemoveUnusedNodesPass

    model = onnx_ir.load(path)
    for tidying in (RemoveUnusedNodesPass(), ClearMetadataAndDocStringPass()):
        model = tidying(model).model
    write_file(path, onnx_ir.to_proto(model).SerializeToString())


def _detector_deviation(path: Path, detector: nn.Module) -> float:
    """Largest difference of scores, and of corners as a share of the picture, on drawn streets of several sizes."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    gap = 0.0
    for seed, size in enumerate(((384, 512), (200, 330), (543, 801))):
        street = StreetScenes([], SyntheticPlates(("cn_blue", "vn_two_row")), size)
        picture = to_tensor([street.sample(np.random.default_rng(seed))[0]])[0]
        with torch.no_grad():
            expected = corners_of(detector([picture])[0])
        corners, scores = session.run(None, {"picture": picture.numpy()})
        if corners.shape != expected[0].shape:
            return float("inf")
        gap = max(
            gap, np.abs(corners - expected[0]).max(initial=0) / max(size), np.abs(scores - expected[1]).max(initial=0)
        )
    return float(gap)


def _batch_of_three(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The first sample of an example as a batch of three: as it is, its pictures mirrored, and halved."""
    return {
        name: torch.cat([value[:1], value[:1].flip(-1), value[:1] * 0.5])
        if value.is_floating_point()
        else value[:1].expand(3).clone()
        for name, value in inputs.items()
    }


def _export(path: Path, module: nn.Module, inputs: dict[str, torch.Tensor], free=()) -> tuple[Path, float]:
    """Write a graph; returns it and its deviation. Raises WeightsError when that is more than `TOLERANCE`.

    free: axes of the inputs besides the first that may have any length.
    """
    sizes = [torch.export.Dim(name) for name in ("batch", "characters", "height", "width")]
    shapes = tuple({axis: sizes[axis] for axis in (0, *free) if axis < value.dim()} for value in inputs.values())
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
    _tidy(path)
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
