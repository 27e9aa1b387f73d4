"""Smaller graphs: weights stored in half precision, or the convolutions in 8-bit integers, which are faster, too.

Ranges of activations are measured on rendered plates and streets; weights have one scale per output channel. GN's
decoder stays in floating point: its picture would lose, and DN with it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from pathlib import Path

import numpy as np

from .. import images
from ..data.street_scenes import StreetScenes
from ..data.synthetic import SyntheticPlates
from ..inference import PlatePipeline
from ..inference.deblurring import PlateDeblurrer
from ..inference.onnx_backend import OnnxDetector, OnnxGraphs, OnnxInkGenerator, OnnxNetworks
from ..inference.restoration import PlateReader, PlateRestorer
from ..weights import write_file
from .cards import write_onnx_card

READING = ["Conv", "Gemm", "Relu", "LeakyRelu", "Clip"]
OPERATORS = {"mtgan-encoder": READING, "mtgan-reader": READING, "detector": READING, "ink": ["Conv"]}
"""Operators to quantise, by graph. Not the additions of residual blocks: with them, one validation plate in sixty is
lost; and not the ink's last convolution, whose grey values would be too few."""

STREETS = ((384, 512), (480, 640), (720, 960))
"""Sizes of the streets that the detector's ranges are measured on, (height, width) in pixels."""

LEAST = 256
"""Numbers in a weight tensor from which it is stored in half precision; smaller ones save nothing."""


def to_int8(folder: str | Path, plates: int = 256, seed: int = 0) -> list[Path]:
    """Replace GN's encoder, DN, the detector and the ink that `export_onnx` wrote by 8-bit ones.

    Args:
        folder: of the graphs.
        plates, seed: how many rendered plates, and a tenth as many streets, the activation ranges are measured on.

    Returns:
        The files replaced.

    Raises:
        WeightsError: the folder has no graphs.
        ModuleNotFoundError: onnx or onnxruntime is not installed.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    folder, written = Path(folder), []
    graphs = _run_on_rendered(folder, plates, seed)
    for name in (name for name in OPERATORS if name in graphs):
        path = folder / f"{name}.onnx"
        with tempfile.TemporaryDirectory() as work:
            logging.disable(logging.WARNING)  # it recommends the preprocessing that was just done
            try:
                quant_pre_process(path, Path(work) / "plain.onnx", skip_symbolic_shape=True)
                nodes = onnx.load(Path(work) / "plain.onnx").graph.node
                convolutions = [node.name for node in nodes if node.op_type == "Conv"]
                quantize_static(
                    Path(work) / "plain.onnx",
                    path,
                    _Batches(graphs.inputs[name]),
                    per_channel=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    op_types_to_quantize=OPERATORS[name],
                    nodes_to_exclude=[convolutions[-1]] if name == "ink" else [],
                )
            finally:
                logging.disable(logging.NOTSET)
        written.append(path)
    _state_changes(folder, written, "--int8")
    return written


def to_half(folder: str | Path) -> list[Path]:
    """Store the weights of every graph in a folder in half precision; they are computed with in single precision.

    Args, Returns, Raises: as `to_int8`; all files are replaced.
    """
    import onnx
    from onnx import numpy_helper

    folder = Path(folder)
    written = [folder / f"{name}.onnx" for name in OnnxGraphs(folder).names]
    for path in written:
        model = onnx.load(path)
        widened = []
        for weights in model.graph.initializer:
            if weights.data_type != onnx.TensorProto.FLOAT or np.prod(weights.dims) < LEAST:
                continue
            name, halved = weights.name, numpy_helper.to_array(weights).astype(np.float16)
            weights.CopyFrom(numpy_helper.from_array(halved, f"{name}_half"))
            widened.append(onnx.helper.make_node("Cast", [weights.name], [name], to=onnx.TensorProto.FLOAT))
        nodes = [*widened, *model.graph.node]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        write_file(path, model.SerializeToString())
    _state_changes(folder, written, "--half")
    return written


def _state_changes(folder: Path, files: list[Path], option: str) -> None:
    """Put the sha256 of files that were replaced into config.json, and write the folder's card anew."""
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    document["files"] |= {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    write_file(folder / "config.json", (json.dumps(document, indent=2) + "\n").encode())
    write_onnx_card(folder, [(folder / name, None) for name in document["files"]], option)


class _RecordedGraphs(OnnxGraphs):
    """Graphs that keep what they were run on: inputs, {graph: its inputs, batch by batch}."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.inputs: dict[str, list[dict[str, np.ndarray]]] = {}

    def run(self, name: str, **inputs: np.ndarray) -> list[np.ndarray]:
        self.inputs.setdefault(name, []).append(inputs)
        return super().run(name, **inputs)


def _run_on_rendered(folder: Path, plates: int, seed: int) -> _RecordedGraphs:
    """The graphs of a folder after reading `plates` rendered plates and searching a tenth as many streets."""
    rng, graphs = np.random.default_rng(seed), _RecordedGraphs(folder)
    networks = OnnxNetworks(graphs)
    rendered = SyntheticPlates(networks.layouts)
    crops = [rendered.sample(rng)[0] for _ in range(plates)]
    deblurrer = PlateDeblurrer(OnnxInkGenerator(graphs)) if "ink" in graphs else None
    PlatePipeline(PlateRestorer(networks, views=1), PlateReader(networks), deblurrer=deblurrer).read_plates(crops, 16)
    if "detector" in graphs:
        streets, search = [StreetScenes([], rendered, size) for size in STREETS], OnnxDetector(graphs)
        for k in range(max(len(streets), plates // 10)):
            search(images.to_array([streets[k % len(streets)].sample(rng)[0]])[0])
    return graphs


class _Batches:
    """A calibration data reader of ONNX Runtime."""

    def __init__(self, batches: list[dict[str, np.ndarray]]):
        self.batches = iter(batches)

    def get_next(self):
        return next(self.batches, None)
