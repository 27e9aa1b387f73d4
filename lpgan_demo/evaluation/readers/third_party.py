"""Third-party readers, to compare with where they are installed; neither the demo nor training needs them.

AgentCLPR (package agentclpr, Apache-2.0) reads plates in photos. PP-OCRv4's recogniser (package rapidocr-onnxruntime,
Apache-2.0) reads one line of print.
"""

from __future__ import annotations

import logging
import warnings
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import numpy as np

from ...images import resize
from ...plates import normalise_text

RECOGNISER = "models/ch_PP-OCRv4_rec_infer.onnx"
"""PP-OCRv4's recogniser within the package rapidocr_onnxruntime."""

LINE_HEIGHT = 48
"""Height in pixels of the recogniser's input."""


@dataclass(frozen=True, eq=False)
class OtherReading:
    """A third-party reading: those fields of `PlateResult` that the evaluation of photos uses."""

    text: str
    corners: np.ndarray
    box: tuple[float, float, float, float]
    detection: float
    legibility: str = "good"


class AgentCLPR:
    """Photo uint8 RGB (H, W, 3) -> `OtherReading`s. Raises ModuleNotFoundError when agentclpr is not installed."""

    def __init__(self):
        with warnings.catch_warnings(action="ignore"):
            from agentclpr import CLPSystem

            logging.getLogger().setLevel(logging.ERROR)  # it logs every picture to the root logger
            self.system = CLPSystem()

    def __call__(self, photo: np.ndarray) -> list[OtherReading]:
        """The plates in a photo; none where the package fails, as it does on plates at the photo's edge."""
        try:
            with warnings.catch_warnings(action="ignore"):
                found = self.system(np.ascontiguousarray(photo[..., ::-1]))
        except Exception:  # any failure of the package counts as no reading
            return []
        readings = []
        for points, (raw_text, score) in found:
            corners = np.array(points, float)
            box = tuple(float(v) for v in (*corners.min(0), *corners.max(0)))
            if text := normalise_text(raw_text):
                readings.append(OtherReading(text, corners, box, float(score)))
        return readings


class GeneralReader:
    """PP-OCRv4's recogniser: one line of print -> its text. Raises ModuleNotFoundError when it is not installed."""

    def __init__(self):
        import onnxruntime

        package = find_spec("rapidocr_onnxruntime")
        if package is None:
            raise ModuleNotFoundError("the general reader needs the package rapidocr-onnxruntime")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        path = Path(package.origin).parent / RECOGNISER
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        characters = self.session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self.symbols = ["", *characters, " "]  # the first is the blank of CTC

    def __call__(self, picture: np.ndarray) -> str:
        """uint8 (H, W) or (H, W, 3) -> its text, upper case, without separators; "" for nothing."""
        if picture.ndim == 2:
            picture = np.repeat(picture[..., None], 3, 2)
        width = max(LINE_HEIGHT, round(picture.shape[1] * LINE_HEIGHT / picture.shape[0]))
        line = resize(picture, (LINE_HEIGHT, width)).astype(np.float32).transpose(2, 0, 1)[None]
        scores = self.session.run(None, {self.session.get_inputs()[0].name: line[:, ::-1] / 127.5 - 1})[0][0]
        return normalise_text("".join(self.symbols[k] for k, _ in groupby(scores.argmax(-1).tolist())))


def find_agentclpr() -> AgentCLPR | None:
    """The reader of photos, or None where it is not installed."""
    with suppress(ModuleNotFoundError):
        return AgentCLPR()


def find_general_reader() -> GeneralReader | None:
    """The reader of lines, or None where it is not installed."""
    with suppress(ModuleNotFoundError):
        return GeneralReader()
