"""Time ONNX Runtime in a process of its own: `python -m lpgan_demo.benchmarks.onnx_process FOLDER BATCH_SIZE...`.

In one process with PyTorch it would be slowed down: PyTorch's threads keep a core busy while they wait for work.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from ..inference.onnx_backend import OnnxGraphs, OnnxNetworks
from .timing import milliseconds


def time_onnx(folder: str, batch_sizes: list[int]) -> dict[str, float]:
    """Time restoring and reading -> {"batch N": milliseconds a plate}; save GN's logits as `characters.npy`.

    folder: The exported graphs and `lq.npy`, crops, float32 (N, 3, 32, 96) in [-1, 1].
    """
    networks, lq = OnnxNetworks(OnnxGraphs(folder)), np.load(Path(folder) / "lq.npy")

    def read(batch: np.ndarray) -> np.ndarray:
        encoding = networks.encode(batch)
        networks.read(networks.draw(encoding.codes, encoding.layout), encoding.layout)
        return encoding.characters

    times = {f"batch {n}": milliseconds(lambda n=n: read(lq[:n])) / n for n in batch_sizes}
    np.save(Path(folder) / "characters.npy", read(lq))
    return times


if __name__ == "__main__":
    print(json.dumps(time_onnx(sys.argv[1], [int(size) for size in sys.argv[2:]])))
