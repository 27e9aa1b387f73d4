"""The exported graphs in 8-bit integers: for processors that multiply those several times as fast as floating point.

The range of every value between two layers is measured on rendered plates; weights have one scale for each output
channel. GN's encoder and DN are turned into integers, GN's decoder is not: ONNX Runtime's deconvolution gains nothing.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np

from .. import images
from ..data.synthetic import SyntheticPlates
from ..inference.onnx_backend import OnnxNetworks

OPERATORS = ["Conv", "Gemm", "Relu", "LeakyRelu"]
"""What is computed in integers. Not the sums of residual blocks: with them, validation crops lose a plate in sixty."""


def to_int8(folder: str | Path, plates: int = 256, seed: int = 0) -> list[Path]:
    """Replace the encoder and the reader in a folder of `export_onnx` by 8-bit ones; returns their files.

    plates: how many rendered plates the ranges are measured on. Raises WeightsError when the folder has no graphs,
    ModuleNotFoundError without onnx and onnxruntime.
    """
    from onnxruntime.quantization import QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    folder, networks = Path(folder), OnnxNetworks(folder)
    feeds = _inputs(networks, plates, seed)
    written = []
    for name, inputs in feeds.items():
        path = folder / f"{name}.onnx"
        with tempfile.TemporaryDirectory() as work:
            logging.disable(logging.WARNING)  # it recommends what was just done
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
    return written


def _inputs(networks: OnnxNetworks, plates: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """What encoder and reader are given for so many rendered plates."""
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
    """The inputs in batches of 16, one after the other, as ONNX Runtime's calibration asks for them."""

    def __init__(self, inputs: dict[str, np.ndarray], size: int = 16):
        count = len(next(iter(inputs.values())))
        self.batches = iter({k: v[i : i + size] for k, v in inputs.items()} for i in range(0, count, size))

    def get_next(self):
        return next(self.batches, None)
