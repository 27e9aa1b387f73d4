"""The networks in ONNX Runtime: arrays in, arrays out, without PyTorch. `publishing.onnx_export` writes the graphs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..results import Encoding, WeightsError
from ..weights.folder import damaged_files


class OnnxGraphs:
    """A folder of graphs, with config.json, which describes them; each is loaded when it is first asked for.

    The detector, a deblur generator ("ink") and the independent reader ("judge") may be missing.

    threads: of each graph, 0 for as many as the machine has cores.

    Raises WeightsError when a file is missing or damaged, or onnxruntime is not installed.
    """

    def __init__(self, folder: str | Path, threads: int = 0):
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise WeightsError("reading without PyTorch needs onnxruntime: pip install 'lpgan-demo[onnx]'") from None
        self.folder, self._runtime, self._sessions = Path(folder), onnxruntime, {}
        try:
            document = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
            self.config, self.files = document["config"], document["files"]
            damaged = damaged_files(self.folder)
        except (OSError, ValueError, KeyError, TypeError):
            raise WeightsError(
                f"there are no graphs in {folder}, or their config.json is missing or damaged: "
                f"python -m lpgan_demo export onnx {folder}"
            ) from None
        if damaged:
            raise WeightsError(
                f"{', '.join(damaged)} in {folder} missing or damaged: the sha256 is not the one in config.json"
            )
        self.calibration = {name: document[name] for name in ("temperature", "trust") if name in document}
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads
        # waiting threads of one graph would otherwise keep the processor busy while the next graph runs
        self._options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def names(self) -> list[str]:
        """Names of the graphs in the folder."""
        return [Path(file).stem for file in self.files]

    def run(self, name: str, **inputs: np.ndarray) -> list[np.ndarray]:
        """The outputs of a graph for inputs by their names; WeightsError when it cannot be loaded, or takes others."""
        if name not in self._sessions:
            try:
                self._sessions[name] = self._runtime.InferenceSession(
                    self.folder / f"{name}.onnx", self._options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # onnxruntime's errors share no base class of their own
                raise WeightsError(f"the graph {name} in {self.folder} cannot be loaded: {error}") from None
        try:
            return self._sessions[name].run(None, {key: np.ascontiguousarray(value) for key, value in inputs.items()})
        except Exception as error:
            raise WeightsError(
                f"the graph {name} in {self.folder} does not fit this version; export it again: {error}"
            ) from None


class OnnxNetworks:
    """GN and DN, as `restoration.NetworksBackend`."""

    def __init__(self, graphs: OnnxGraphs):
        self.graphs, self.layouts = graphs, tuple(graphs.config["layouts"])
        self.input_size = tuple(graphs.config["input_size"])

    def encode(self, lq: np.ndarray, layout: np.ndarray | None = None) -> Encoding:
        """float32 (N, 3, 32, 96) in [-1, 1] -> `Encoding`; layout int64 (N,), or None to predict it."""
        given = np.full(len(lq), -1, np.int64) if layout is None else np.asarray(layout, np.int64)
        return Encoding(*self.graphs.run("mtgan-encoder", lq=lq, layout=given))

    def draw(self, codes: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, P, code_size), int64 (N,) -> plates float32 (N, 3, 64, 192) in [-1, 1]."""
        parts = [slice(k, k + 8) for k in range(0, len(codes), 8)]  # more plates at once do not fit the cache
        return np.concatenate([self.graphs.run("mtgan-decoder", codes=codes[k], layout=layout[k])[0] for k in parts])

    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, 3, 64, 192) in [-1, 1], int64 (N,) -> DN's logits float32 (N, P, symbols)."""
        return self.graphs.run("mtgan-reader", plate=plates, layout=layout)[0]


class OnnxDetector:
    """The detector: a picture, float32 (3, H, W) in [-1, 1] -> corners and scores, see `detection.Search`."""

    def __init__(self, graphs: OnnxGraphs):
        self.graphs = graphs

    def __call__(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        corners, scores = self.graphs.run("detector", picture=picture)
        return corners.astype(np.float64), scores.astype(np.float64)


class OnnxInkGenerator:
    """The deblur generator, as `deblurring.InkGenerator`."""

    def __init__(self, graphs: OnnxGraphs):
        self.graphs, ink = graphs, graphs.config["ink"]
        self.input_size, self.guided = tuple(ink["input_size"]), ink["guided"]

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        return self.graphs.run("ink", blurred=pictures)[0]


class OnnxReader:
    """The independent reader of standard plates, as `readers.judge.Reader`."""

    def __init__(self, graphs: OnnxGraphs):
        self.graphs, self.layouts = graphs, tuple(graphs.config["judge_layouts"])

    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """As `OnnxNetworks.read`."""
        return self.graphs.run("judge", plate=plates, layout=layout)[0]
