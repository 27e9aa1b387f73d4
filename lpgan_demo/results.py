"""What the package hands back: frozen results, and the errors a caller may catch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class PlateImageError(ValueError):
    """The input is not an image that can be read; the message says in one sentence what is wrong."""


class WeightsError(RuntimeError):
    """Weights are missing, damaged or do not fit the network; the message says which and what to do."""


class NoSuchNetwork(WeightsError):
    """A folder or repository of weights does not hold the network that was asked for."""


class Encoding(NamedTuple):
    """What GN's encoder makes of N crops, as arrays.

    characters (N, P, symbols) logits; layouts (N, L) logits; codes (N, P, code_size), what plates are drawn from;
    layout (N,) int64, by which the characters were read.
    """

    characters: np.ndarray
    layouts: np.ndarray
    codes: np.ndarray
    layout: np.ndarray


@dataclass(frozen=True)
class CharacterReading:
    """One character as it was read.

    symbol: the most probable symbol of the layout's alphabet at this position.
    probability: its share of the belief, in [0, 1].
    runners_up: the next best (symbol, probability) pairs, best first.
    """

    symbol: str
    probability: float
    runners_up: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, eq=False)
class PlateResult:
    """One plate: where it was, what it says, how sure the reader is, and the pictures on the way.

    text: only symbols of the layout's alphabet, no separator dot.
    confidence: in [0, 1], how often such a reading is right in every character: the product of the characters'
    probabilities (layouts that differ only in paint count together), corrected by the evidence as calibrated.
    evidence: in [0, 1], how well the drawn plate, moved and blurred, explains the crop (`trust.evidence`).
    characters: one `CharacterReading` per position, in reading order.
    layout: name of the `PlateLayout` the image was taken for.
    box: (x0, y0, x1, y1) in pixels of the photo, or None for a plate that came as a crop.
    corners: (4, 2) float array, clockwise from the top left, in pixels of the photo, or None.
    crop: uint8 (H, W, 3) RGB, what the networks were shown.
    super_resolved: uint8 (64, 192, 3) RGB, the standard plate drawn by GN.
    deblurred: uint8 (H, W) grey, or None when no deblur network is loaded.
    binary: uint8 (H, W), 0 ink and 255 paper, or None likewise.
    legibility: "good", "poor" or "illegible", from the confidence.
    detection: in [0, 1], how sure the detector is that it is a plate, or None for a plate that came as a crop.
    """

    text: str
    confidence: float
    characters: tuple[CharacterReading, ...]
    layout: str
    crop: np.ndarray
    super_resolved: np.ndarray
    legibility: str
    evidence: float = 0.0
    box: tuple[float, float, float, float] | None = None
    corners: np.ndarray | None = None
    deblurred: np.ndarray | None = None
    binary: np.ndarray | None = None
    detection: float | None = None

    @property
    def label(self) -> str:
        """What to write beside the plate: its text, or "?" when that is illegible."""
        return "?" if self.legibility == "illegible" else self.text

    def to_dict(self) -> dict:
        """Everything but the pictures, as plain JSON-ready values."""
        return {
            "text": self.text,
            "confidence": round(float(self.confidence), 4),
            "evidence": round(float(self.evidence), 4),
            "legibility": self.legibility,
            "layout": self.layout,
            "detection": None if self.detection is None else round(float(self.detection), 4),
            "box": None if self.box is None else [round(float(v), 1) for v in self.box],
            "corners": None if self.corners is None else np.round(self.corners, 1).tolist(),
            "characters": [
                {
                    "symbol": c.symbol,
                    "probability": round(float(c.probability), 4),
                    "runners_up": [[s, round(float(p), 4)] for s, p in c.runners_up],
                }
                for c in self.characters
            ],
        }


@dataclass(frozen=True, eq=False)
class Detection:
    """One plate found. corners: float64 (4, 2), clockwise from its own top left, in pixels of the photo.

    box: (x0, y0, x1, y1), the corners' bounding box. score: in [0, 1], how sure the detector is that it is a plate.
    """

    corners: np.ndarray
    box: tuple[float, float, float, float]
    score: float
