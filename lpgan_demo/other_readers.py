"""Another reader of plates in photos, to compare with where it is installed: AgentCLPR (package agentclpr, Apache-2.0).

For evaluation only; neither the demo nor training needs it. (`general_ocr.py` is the other one, for a line of print.)
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass

import numpy as np

from .plates.text import normalise_text


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
