"""From crops to probabilities: GN restores the plate and names its characters, DN reads the restored plate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from .. import images
from ..plates import get_layout
from ..results import Encoding

READERS = ("head", "dn", "fused")
"""What the characters are read from, see `PlateReader`."""

FRAME_LIKENESS = 0.25
"""How correlated the errors of frames of one plate are: 0 independent, 1 as if all were the same picture."""

VIEWS = ((0.0, 0.0, 1.0), (0.01, 0.0, 1.0), (-0.01, 0.0, 1.0), (0.0, 0.03, 1.0), (0.0, -0.03, 1.0))
VIEWS += ((0.0, 0.0, 0.95), (0.0, 0.0, 1.05))
"""Test-time augmentation: shift by shares of width and height, and scale, of each view; the crop itself is first."""

SURE = 0.97
"""With views="auto", a crop whose text has at least this probability in its first view gets no further views."""


class NetworksBackend(Protocol):
    """GN and DN, arrays in, arrays out: `TorchNetworks` or `OnnxNetworks`, where the shapes are given.

    layouts: names in the order of the networks' outputs; input_size: (height, width) of `encode`'s input.
    """

    layouts: tuple[str, ...]
    input_size: tuple[int, int]

    def encode(self, lq: np.ndarray, layout: np.ndarray | None = None) -> Encoding: ...
    def draw(self, codes: np.ndarray, layout: np.ndarray) -> np.ndarray: ...
    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Restoration:
    """What GN makes of N crops: standard plates float32 (N, 3, 64, 192) in [-1, 1], and probabilities.

    characters (N, P, symbols), averaged over views int64 (N,) views each; layouts (N, L); layout int64 (N,), index of
    the layout by which each plate is drawn and read.
    """

    plates: np.ndarray
    characters: np.ndarray
    layouts: np.ndarray
    layout: np.ndarray
    views: np.ndarray


class PlateRestorer:
    """Crops -> standard plates, by GN.

    views: number of `VIEWS` over which the characters' probabilities are averaged, 1 to 7; "auto": 1 where the first
    view is `SURE`, else 7. Raises ValueError for anything else.
    """

    def __init__(self, networks: NetworksBackend, views: int | str = "auto"):
        if views != "auto" and (not isinstance(views, int) or not 1 <= views <= len(VIEWS)):
            raise ValueError(f"views must be 'auto' or from 1 to {len(VIEWS)}, not {views!r}")
        self.networks, self.views = networks, views

    def __call__(self, crops: list[np.ndarray], layout: np.ndarray | None = None) -> Restoration:
        """Restore uint8 RGB crops of any sizes; layout int64 (N,): indices of their layouts, where known."""
        codes, restoration = self._encode(crops, layout)
        return replace(restoration, plates=self.networks.draw(codes, restoration.layout))

    def fuse_frames(self, crops: list[np.ndarray]) -> Restoration:
        """Restore several uint8 RGB crops of the same plate -> a `Restoration` with N = 1.

        Layout and characters come from the product of the frames' probabilities, flattened because the errors of
        frames of one camera are correlated (`FRAME_LIKENESS`); the plate is drawn from the mean of the codes.
        """
        codes, frames = self._encode(crops, None)
        layouts = _pool(frames.layouts[:, None])[:, 0]
        layout = layouts.argmax(1)
        if (frames.layout != layout).any():
            codes, frames = self._encode(crops, layout.repeat(len(crops)))
        plate = self.networks.draw(codes.mean(0, keepdims=True), layout)
        return Restoration(plate, _pool(frames.characters), layouts, layout, frames.views.sum(keepdims=True))

    def _encode(self, crops, layout) -> tuple[np.ndarray, Restoration]:
        """Codes float32 (N, P, code_size), and a `Restoration` whose plates are not drawn yet."""
        size = self.networks.input_size
        first = self.networks.encode(images.network_input(crops, size), layout)
        characters, views = _softmax(first.characters), np.ones(len(crops), np.int64)
        repeated, count = np.arange(len(crops)), self.views
        if count == "auto":
            repeated, count = np.flatnonzero(self._text_probability(characters, first.layout) < SURE), len(VIEWS)
        if count > 1 and len(repeated):
            moved = [images.nudge(crops[k], *view) for view in VIEWS[1:count] for k in repeated]
            more = self.networks.encode(images.network_input(moved, size), np.tile(first.layout[repeated], count - 1))
            more = _softmax(more.characters).reshape(count - 1, len(repeated), *characters.shape[1:])
            characters[repeated] = (characters[repeated] + more.sum(0)) / count
            views[repeated] = count
        not_drawn = np.empty((0, 3, 0, 0), np.float32)
        return first.codes, Restoration(not_drawn, characters, _softmax(first.layouts), first.layout, views)

    def _text_probability(self, characters: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """(N,) product of the best probabilities over the characters that each plate's layout has."""
        lengths = np.array([get_layout(self.networks.layouts[k]).num_characters for k in layout])
        best = characters.max(-1)
        return np.where(np.arange(best.shape[1]) < lengths[:, None], best, 1.0).prod(1)


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis."""
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
    """`Restoration` -> probabilities of the characters, (N, P, symbols), under the layout each plate is drawn by.

    Args:
        reader: "head": GN's probabilities; "dn": DN's for the restored plate; "fused": their mean, in which DN counts
            as one more view.
        temperature: above 1 flattens the probabilities, below 1 sharpens them; fitted by `training.calibration`.

    Raises ValueError for an unknown reader, or a temperature outside (0, 100).
    """

    def __init__(self, networks: NetworksBackend, reader: str = "fused", temperature: float = 1.0):
        if not 0 < temperature < 100:
            raise ValueError(f"temperature must be above 0 and below 100, not {temperature!r}")
        if reader not in READERS:
            raise ValueError(f"reader must be one of {', '.join(READERS)}, not {reader!r}")
        self.networks, self.reader, self.temperature = networks, reader, temperature

    def __call__(self, restoration: Restoration) -> np.ndarray:
        probabilities = restoration.characters
        if self.reader != "head":
            logits = self.networks.read(restoration.plates, restoration.layout)
            of_dn = 1 / (1 + np.exp(-logits.clip(-80, 80)))
            of_dn = np.where(logits > -1e3, of_dn, 0.0)  # lower logits mark symbols that the layout does not allow
            of_dn = of_dn / of_dn.sum(-1, keepdims=True).clip(min=1e-12)
            views = restoration.views[:, None, None] if self.reader == "fused" else 0
            probabilities = (probabilities * views + of_dn) / (views + 1)
        probabilities = probabilities ** (1 / self.temperature)
        return probabilities / probabilities.sum(-1, keepdims=True).clip(min=1e-12)
