"""Smaller graphs: weights stored in half precision, or reading and finding in 8-bit integers, which are faster, too.

Ranges of activations are measured on rendered plates and streets; weights have one scale per output channel. GN's
decoder and the ink stay in floating point: ONNX Runtime's deconvolution gains nothing, and grey values would lose.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import images
from ..data.street_scenes import StreetScenes
from ..data.synthetic import SyntheticPlates
from ..inference.onnx_backend import OnnxGraphs, OnnxNetworks
from ..weights import write_file

OPERATORS = ["Conv", "Gemm", "Relu", "LeakyRelu", "Clip"]
"""Operators to quantise. Not the additions of residual blocks: with them, one validation plate in sixty is lost."""

STREETS = ((384, 512), (480, 640), (720, 960))
"""Sizes of the streets that the detector's ranges are measured on, (height, width) in pixels."""

LEAST = 256
"""Numbers in a weight tensor from which it is stored in half precision; smaller ones save nothing."""

Inputs = dict[str, np.ndarray]


def to_int8(folder: str | Path, plates: int = 256, seed: int = 0) -> list[Path]:
    """Replace GN's encoder, DN and the detector that `export_onnx` wrote by 8-bit ones.

    Args:
        folder: of the graphs.
        plates, seed: how many rendered plates, and a tenth as many streets, the activation ranges are measured on.

    Returns:
        The files replaced.

    Raises:
        WeightsError: the folder has no graphs.
        ModuleNotFoundError: onnx or onnxruntime is not installed.
    """
    from onnxruntime.quantization import QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    folder, graphs = Path(folder), OnnxGraphs(folder)
    written = []
    for name, inputs in _calibration_inputs(graphs, plates, seed).items():
        path = folder / f"{name}.onnx"
        with tempfile.TemporaryDirectory() as work:
            logging.disable(logging.WARNING)  # it recommends the preprocessing that was just done
            try:
                quant_pre_process(path, Path(work) / "plain.onnx", skip_symbolic_shape=True)
                quantize_static(
                    Path(work) / "plain.onnx",
                    path,
                    _Batches(inputs),
                    per_channel=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    op_types_to_quantize=OPERATORS,
                )
            finally:
                logging.disable(logging.NOTSET)
        written.append(path)
    _state_digests(folder, written)
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
    _state_digests(folder, written)
    return written


def _state_digests(folder: Path, files: list[Path]) -> None:
    """Put the sha256 of files that were replaced into config.json."""
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    document["files"] |= {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    write_file(folder / "config.json", (json.dumps(document, indent=2) + "\n").encode())


def _calibration_inputs(graphs: OnnxGraphs, plates: int, seed: int) -> dict[str, list[Inputs]]:
    """{graph: batches of its inputs} for `plates` rendered plates and a tenth as many streets."""
    rng, networks = np.random.default_rng(seed), OnnxNetworks(graphs)
    rendered = SyntheticPlates(networks.layouts)
    crops = [rendered.sample(rng)[0] for _ in range(plates)]
    lq = images.network_input(crops, networks.input_size)
    seen = networks.encode(lq)
    plate = networks.draw(seen.codes, seen.layout)
    inputs = {
        "mtgan-encoder": list(_split({"lq": lq, "layout": np.full(plates, -1, np.int64)})),
        "mtgan-reader": list(_split({"plate": plate, "layout": seen.layout})),
    }
    if "detector" in graphs:
        streets = [StreetScenes([], rendered, size) for size in STREETS]
        photos = [streets[k % len(streets)].sample(rng)[0] for k in range(max(len(streets), plates // 10))]
        inputs["detector"] = [{"picture": images.to_array([photo])[0]} for photo in photos]
    return inputs


def _split(inputs: Inputs, size: int = 16) -> Iterator[Inputs]:
    """Inputs of many plates in batches."""
    for k in range(0, len(next(iter(inputs.values()))), size):
        yield {name: value[k : k + size] for name, value in inputs.items()}


class _Batches:
    """A calibration data reader of ONNX Runtime."""

    def __init__(self, batches: list[Inputs]):
        self.batches = iter(batches)

    def get_next(self):
        return next(self.batches, None)
