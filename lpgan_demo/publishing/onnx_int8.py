"""Static 8-bit quantisation of the exported graphs, for processors that are faster in integers than in floating point.

Activation ranges are measured on rendered plates; weights have one scale per output channel. GN's encoder and DN are
quantised, GN's decoder is not: ONNX Runtime's deconvolution gains nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from pathlib import Path

import numpy as np

from .. import images
from ..data.synthetic import SyntheticPlates
from ..inference.onnx_backend import OnnxGraphs, OnnxNetworks
from ..weights import write_file

OPERATORS = ["Conv", "Gemm", "Relu", "LeakyRelu"]
"""Operators to quantise. Not the additions of residual blocks: with them, one validation plate in sixty is lost."""


def to_int8(folder: str | Path, plates: int = 256, seed: int = 0) -> list[Path]:
    """Replace the encoder and the reader that `export_onnx` wrote by 8-bit ones.

    Args:
        folder: of the graphs.
        plates, seed: how many rendered plates the activation ranges are measured on, and their seed.

    Returns:
        The files replaced.

    Raises:
        WeightsError: the folder has no graphs.
        ModuleNotFoundError: onnx or onnxruntime is not installed.
    """
    from onnxruntime.quantization import QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    folder, networks = Path(folder), OnnxNetworks(OnnxGraphs(folder))
    written = []
    for name, inputs in _calibration_inputs(networks, plates, seed).items():
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
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    document["files"] |= {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in written}
    write_file(folder / "config.json", (json.dumps(document, indent=2) + "\n").encode())
    return written


def _calibration_inputs(networks: OnnxNetworks, plates: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """{graph: its inputs} for `plates` rendered plates."""
    rng, rendered = np.random.default_rng(seed), SyntheticPlates(networks.layouts)
    crops = [rendered.sample(rng)[0] for _ in range(plates)]
    lq = images.network_input(crops, networks.input_size)
    seen = networks.encode(lq)
    plate = networks.draw(seen.codes, seen.layout)
    return {
        "mtgan-encoder": {"lq": lq, "layout": np.full(plates, -1, np.int64)},
        "mtgan-reader": {"plate": plate, "layout": seen.layout},
    }


class _Batches:
    """A calibration data reader of ONNX Runtime: the inputs in batches."""

    def __init__(self, inputs: dict[str, np.ndarray], size: int = 16):
        count = len(next(iter(inputs.values())))
        self.batches = iter({k: v[i : i + size] for k, v in inputs.items()} for i in range(0, count, size))

    def get_next(self):
        return next(self.batches, None)
