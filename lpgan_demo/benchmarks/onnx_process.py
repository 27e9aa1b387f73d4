"""Times ONNX Runtime in a process of its own: python -m lpgan_demo.benchmarks.onnx_process FOLDER."""

from __future__ import annotations

ALONE = """
import json, sys
import numpy as np
from lpgan_demo.bench_timer import milliseconds
from lpgan_demo.onnx_backend import OnnxNetworks
networks, lq = OnnxNetworks(sys.argv[1]), np.load(sys.argv[1] + "/lq.npy")
def read(x):
    seen = networks.encode(x)
    networks.read(networks.draw(seen.codes, seen.layout), seen.layout)
    return seen.characters
spent = {f"batch {n}": milliseconds(lambda: read(lq[:n])) / n for n in map(int, sys.argv[2:])}
np.save(sys.argv[1] + "/characters.npy", read(lq))
print(json.dumps(spent))
"""
"""In a process of its own: PyTorch's threads wait for work so eagerly that they slow down ONNX Runtime's."""
