"""The `NetworksBackend` of ONNX Runtime: arrays in, arrays out, without PyTorch.

`publishing.onnx_export` writes the three graphs and their description.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..results import Encoding, WeightsError

GRAPHS = ("mtgan-encoder", "mtgan-decoder", "mtgan-reader")

DESCRIPTION = "mtgan-onnx.json"
"""The file beside the graphs with their layouts, input size and calibration."""


class OnnxNetworks:
    """GN and DN from a folder with `GRAPHS` and `DESCRIPTION`; threads: 0 for as many as the machine has cores.

    Raises WeightsError when a file is missing or damaged, or onnxruntime is not installed.
    """

    def __init__(self, folder: str | Path, threads: int = 0):
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise WeightsError("backend='onnx' needs onnxruntime: pip install onnxruntime") from None
        folder = Path(folder)
        for name in (DESCRIPTION, *(f"{graph}.onnx" for graph in GRAPHS)):
            if not (folder / name).is_file():
                raise WeightsError(f"there is no {name} in {folder}: python -m lpgan_demo export onnx {folder}")
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self.layouts, self.input_size = tuple(described["layouts"]), tuple(described["input_size"])
        self.calibration = {name: described[name] for name in ("temperature", "trust") if name in described}
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # waiting threads of one graph would otherwise keep the processor busy while the next graph runs
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.sessions = {
                name: onnxruntime.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
                for name in GRAPHS
            }
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise WeightsError(f"the graphs in {folder} cannot be loaded: {error}") from None

    def encode(self, lq: np.ndarray, layout: np.ndarray | None = None) -> Encoding:
        """float32 (N, 3, 32, 96) in [-1, 1] -> `Encoding`; layout int64 (N,), or None to predict it."""
        given = np.full(len(lq), -1, np.int64) if layout is None else np.asarray(layout, np.int64)
        return Encoding(*self.sessions["mtgan-encoder"].run(None, {"lq": np.ascontiguousarray(lq), "layout": given}))

    def draw(self, codes: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, P, code_size), int64 (N,) -> plates float32 (N, 3, 64, 192) in [-1, 1]."""
        return self.sessions["mtgan-decoder"].run(None, {"codes": codes, "layout": layout})[0]

    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, 3, 64, 192) in [-1, 1], int64 (N,) -> DN's logits float32 (N, P, symbols)."""
        return self.sessions["mtgan-reader"].run(None, {"plate": plates, "layout": layout})[0]
