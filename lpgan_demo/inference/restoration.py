"""From crops to beliefs: GN restores and names the characters, DN reads what was drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .. import images
from ..plates import get_layout

READERS = ("head", "dn", "fused")

FRAME_LIKENESS = 0.25
"""How alike frames of one plate err: 0 if independently, 1 if they are all the same picture."""

VIEWS = (
    (0.0, 0.0, 1.0),
    (0.01, 0.0, 1.0),
    (-0.01, 0.0, 1.0),
    (0.0, 0.03, 1.0),
    (0.0, -0.03, 1.0),
    (0.0, 0.0, 0.95),
    (0.0, 0.0, 1.05),
)
"""Shifts (shares of width and height) and enlargement of the views that may be averaged, the crop itself first."""


SURE = 0.97
"""With views="auto", a crop whose one view reads with at least this belief is not looked at again."""


@dataclass(frozen=True)
class Restoration:
    """What GN made of a batch, as arrays.

    plates float32 (N, 3, 64, 192); probabilities of characters (N, P, symbols), from views (N,) views each, and
    of layouts (N, L); layout (N,) int64, by which the plates were drawn.
    """

    plates: np.ndarray
    characters: np.ndarray
    layouts: np.ndarray
    layout: np.ndarray
    views: np.ndarray


class PlateRestorer:
    """Crops -> standard plates, by GN.

    networks: `TorchNetworks` or `OnnxNetworks`. views: over how many slightly moved copies of a crop the characters'
    probabilities are averaged, 1 to 7; "auto" is one where that one is `SURE`, and seven elsewhere.
    """

    def __init__(self, networks, views: int | str = "auto"):
        if views != "auto" and (not isinstance(views, int) or not 1 <= views <= len(VIEWS)):
            raise ValueError(f"views must be 'auto' or from 1 to {len(VIEWS)}, not {views!r}")
        self.networks, self.views = networks, views

    def __call__(self, crops: list[np.ndarray], layout: np.ndarray | None = None) -> Restoration:
        """uint8 RGB crops of any sizes -> `Restoration`. layout (N,): indices to draw and read by, if known."""
        codes, restoration = self._restore(crops, layout)
        return replace(restoration, plates=self.networks.draw(codes, restoration.layout))

    def together(self, crops: list[np.ndarray]) -> Restoration:
        """Several crops of one plate -> the `Restoration` of that one plate.

        Layout and characters by the product of the frames' probabilities, tempered because frames of one camera err
        alike; drawn from the mean of the codes.
        """
        codes, frames = self._restore(crops, None)
        layouts = _pool(frames.layouts[:, None])[:, 0]
        layout = layouts.argmax(1)
        if (frames.layout != layout).any():
            codes, frames = self._restore(crops, layout.repeat(len(crops)))
        plate = self.networks.draw(codes.mean(0, keepdims=True), layout)
        return Restoration(plate, _pool(frames.characters), layouts, layout, frames.views.sum(keepdims=True))

    def _restore(self, crops, layout) -> tuple[np.ndarray, Restoration]:
        """Codes, and a `Restoration` whose plates are not drawn yet."""
        size = self.networks.input_size
        out = self.networks.encode(images.network_input(crops, size), layout)
        characters = _softmax(out.characters)
        again = np.arange(len(crops))
        if self.views == "auto":
            again = np.flatnonzero(self._belief(characters, out.layout) < SURE)
        count = len(VIEWS) if self.views == "auto" else self.views
        views = np.ones(len(crops), np.int64)
        if count > 1 and len(again):
            moved = [images.nudge(crops[k], *view) for view in VIEWS[1:count] for k in again]
            more = self.networks.encode(images.network_input(moved, size), np.tile(out.layout[again], count - 1))
            more = _softmax(more.characters).reshape(count - 1, len(again), *characters.shape[1:])
            characters[again] = (characters[again] + more.sum(0)) / count
            views[again] = count
        nothing = np.empty((0, 3, 0, 0), np.float32)
        return out.codes, Restoration(nothing, characters, _softmax(out.layouts), out.layout, views)

    def _belief(self, characters: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """(N,) product of the best probabilities over the characters that each plate's layout has."""
        lengths = np.array([get_layout(self.networks.layouts[k]).num_characters for k in layout])
        best = characters.max(-1)
        return np.where(np.arange(best.shape[1]) < lengths[:, None], best, 1.0).prod(1)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _pool(probabilities: np.ndarray) -> np.ndarray:
    """(N, P, symbols) of N frames -> (1, P, symbols): their product to the power N ** -FRAME_LIKENESS, normalised."""
    n = len(probabilities)
    if n == 1:
        return probabilities
    logs = np.log(probabilities.clip(min=1e-5)).sum(0, keepdims=True) * n**-FRAME_LIKENESS
    return _softmax(np.where((probabilities > 0).any(0, keepdims=True), logs, -1e4))


class PlateReader:
    """Restorations -> characters. reader: "head" (GN's codes), "dn" (DN on GN's picture) or "fused" (their mean).

    With several views DN counts as one more view. temperature: above 1 tones the probabilities down, as calibrated.
    """

    def __init__(self, networks, reader: str = "fused", temperature: float = 1.0):
        if not 0 < temperature < 100:
            raise ValueError(f"temperature must be a positive number, not {temperature!r}")
        if reader not in READERS:
            raise ValueError(f"reader must be one of {', '.join(READERS)}, not {reader!r}")
        self.networks, self.reader, self.temperature = networks, reader, temperature

    def __call__(self, restoration: Restoration) -> np.ndarray:
        """Probabilities (N, P, symbols) under the layout each plate was drawn by."""
        belief = restoration.characters
        if self.reader != "head":
            logits = self.networks.read(restoration.plates, restoration.layout)
            drawn = 1 / (1 + np.exp(-logits.clip(-80, 80)))
            drawn = np.where(logits > -1e3, drawn, 0.0)
            drawn = drawn / drawn.sum(-1, keepdims=True).clip(min=1e-12)
            views = restoration.views[:, None, None] if self.reader == "fused" else 0
            belief = (belief * views + drawn) / (views + 1)
        belief = belief ** (1 / self.temperature)
        return belief / belief.sum(-1, keepdims=True).clip(min=1e-12)
