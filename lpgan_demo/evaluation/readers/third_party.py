"""Readers by others, to compare with where they are installed; neither the demo nor training needs them.

AgentCLPR (package agentclpr, Apache-2.0) reads plates in photos; PP-OCRv4's recogniser (package rapidocr-onnxruntime,
Apache-2.0) reads a line of print.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...images import resize
from ...plates import normalise_text


@dataclass(frozen=True, eq=False)
class OtherReading:
    """What another reader found: as much of `PlateResult` as the evaluation of photos looks at."""

    text: str
    corners: np.ndarray
    box: tuple[float, float, float, float]
    detection: float


class AgentCLPR:
    """Photos -> plates, as `PlatePipeline` is called. Raises ModuleNotFoundError when agentclpr is not installed."""

    def __init__(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from agentclpr import CLPSystem

            logging.getLogger().setLevel(logging.ERROR)  # it reports every picture to the root logger
            self.system = CLPSystem()

    def __call__(self, photo: np.ndarray) -> list[OtherReading]:
        """uint8 RGB (H, W, 3) -> what it reads; nothing where it fails, as it does on plates at the photo's edge."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = self.system(np.ascontiguousarray(photo[..., ::-1]))
        except Exception:  # whatever comes out of it is not an answer
            return []
        readings = []
        for points, (text, score) in found:
            corners = np.array(points, float)
            box = tuple(float(v) for v in (*corners.min(0), *corners.max(0)))
            text = normalise_text(text)
            if text:
                readings.append(OtherReading(text, corners, box, float(score)))
        return readings


def find_agentclpr() -> AgentCLPR | None:
    """The reader, or None where it is not installed."""
    try:
        return AgentCLPR()
    except ModuleNotFoundError:
        return None


HEIGHT = 48


MODEL = "models/ch_PP-OCRv4_rec_infer.onnx"


class GeneralReader:
    """Reads one line of print. Raises ModuleNotFoundError when the package, or onnxruntime, is not installed."""

    def __init__(self):
        import onnxruntime

        package = find_spec("rapidocr_onnxruntime")
        if package is None:
            raise ModuleNotFoundError("the general reader needs the package rapidocr-onnxruntime")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        path = Path(package.origin).parent / MODEL
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        characters = self.session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self.symbols = ["", *characters, " "]

    def __call__(self, picture: np.ndarray) -> str:
        """uint8 (H, W) or (H, W, 3) -> what stands there, upper case, without separators; "" for nothing."""
        if picture.ndim == 2:
            picture = np.repeat(picture[..., None], 3, 2)
        width = max(HEIGHT, round(picture.shape[1] * HEIGHT / picture.shape[0]))
        line = resize(picture, (HEIGHT, width)).astype(np.float32).transpose(2, 0, 1)[None]
        scores = self.session.run(None, {self.session.get_inputs()[0].name: line[:, ::-1] / 127.5 - 1})[0][0]
        best = scores.argmax(-1)
        kept = [k for i, k in enumerate(best) if k and (i == 0 or k != best[i - 1])]
        return normalise_text("".join(self.symbols[k] for k in kept))


def find_general_reader() -> GeneralReader | None:
    """The reader, or None where it is not installed."""
    try:
        return GeneralReader()
    except ModuleNotFoundError:
        return None
