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

FRAME_LIKENESS = 0.8
"""How correlated the errors of frames of one plate are: 0 independent, 1 as if all were the same picture."""

VIEWS = ((0.0, 0.0, 1.0), (0.01, 0.0, 1.0), (-0.01, 0.0, 1.0), (0.0, 0.03, 1.0), (0.0, -0.03, 1.0))
VIEWS += ((0.0, 0.0, 0.95), (0.0, 0.0, 1.05))
"""Test-time augmentation: shift by shares of width and height, and scale, of each view."""

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

    characters (N, P, symbols), averaged over views int64 (N,) views each; layouts (N, L), L as in `Encoding`; layout
    int64 (N,), index of the layout by which each plate is drawn and read; corners as in `Encoding`.
    """

    plates: np.ndarray
    characters: np.ndarray
    layouts: np.ndarray
    layout: np.ndarray
    views: np.ndarray
    corners: np.ndarray | None = None


class PlateRestorer:
    """Crops -> standard plates, by GN.

    A second look: the crop straightened by the corners that the first one found, and moved a little (`VIEWS`).

    views: how many are averaged, 1 (the crop alone) to 7; "auto": 1 where the first is `SURE`, else 7. Raises
    ValueError for anything else.
    """

    def __init__(self, networks: NetworksBackend, views: int | str = "auto"):
        if views != "auto" and (not isinstance(views, int) or not 1 <= views <= len(VIEWS)):
            raise ValueError(f"views must be 'auto' or from 1 to {len(VIEWS)}, not {views!r}")
        self.networks, self.views = networks, views

    def __call__(self, crops: list[np.ndarray], layout: np.ndarray | None = None) -> Restoration:
        """Restore uint8 RGB crops of any sizes; layout int64 (N,): indices of their layouts, where known."""
        codes, restoration = self._encode(crops, layout)
        return replace(restoration, plates=self._draw(codes, restoration.layout))

    def fuse_frames(self, crops: list[np.ndarray]) -> Restoration:
        """Restore several uint8 RGB crops of the same plate -> a `Restoration` with N = 1.

        Layout and characters come from the product of the frames' probabilities, flattened because the errors of
        frames of one camera are correlated (`FRAME_LIKENESS`); the plate is drawn from the mean of the codes.
        """
        codes, frames = self._encode(crops, None)
        layouts = _pool(frames.layouts[:, None])[:, 0]
        layout = layouts[:, : len(self.networks.layouts)].argmax(1)
        if (frames.layout != layout).any():
            codes, frames = self._encode(crops, layout.repeat(len(crops)))
        plate = self._draw(codes.mean(0, keepdims=True), layout)
        characters, views = _pool(frames.characters), frames.views.sum(keepdims=True)
        return Restoration(plate, characters, layouts, layout, views)

    def _encode(self, crops, layout) -> tuple[np.ndarray, Restoration]:
        """Codes float32 (N, P, code_size), and a `Restoration` whose plates are not drawn yet."""
        size = self.networks.input_size
        first = self.networks.encode(images.network_input(crops, size), layout)
        codes, characters, layouts = first.codes.copy(), softmax(first.characters), softmax(first.layouts)
        used, views = first.layout.copy(), np.ones(len(crops), np.int64)
        unsure, count = np.arange(len(crops)), self.views
        if count == "auto":
            unsure, count = np.flatnonzero(self._text_probability(characters, first.layout) < SURE), len(VIEWS)
        if count > 1 and len(unsure):
            looked = [crops[k] for k in unsure]
            if first.corners is not None:
                looked = [images.straighten(crops[k], first.corners[k]) for k in unsure]
            moved = [images.nudge(crop, *view) for view in VIEWS[: count - 1] for crop in looked]
            pictures = images.network_input([crops[k] for k in unsure] + moved, size)
            given = None if layout is None else layout[unsure]
            if given is None:
                second = softmax(self.networks.encode(pictures[len(unsure) : 2 * len(unsure)]).layouts)
                layouts[unsure] = (layouts[unsure] + second) / 2
                given = used[unsure] = layouts[unsure, : len(self.networks.layouts)].argmax(1)
            more = self.networks.encode(pictures, np.tile(given, count))
            shape = (count, len(unsure))
            characters[unsure] = softmax(more.characters).reshape(*shape, *characters.shape[1:]).mean(0)
            codes[unsure] = more.codes.reshape(*shape, *codes.shape[1:]).mean(0)
            views[unsure] = count
        not_drawn = np.empty((0, 3, 0, 0), np.float32)
        return codes, Restoration(not_drawn, characters, layouts, used, views, first.corners)

    def _draw(self, codes: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """Plates from codes, without those of places that none of the layouts has."""
        return self.networks.draw(codes[:, : self._lengths(layout).max()], layout)

    def _lengths(self, layout: np.ndarray) -> np.ndarray:
        """int64 (N,), how many characters each plate's layout has."""
        return np.array([get_layout(self.networks.layouts[k]).num_characters for k in layout])

    def _text_probability(self, characters: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """(N,) product of the best probabilities over the characters that each plate's layout has."""
        best = characters.max(-1)
        return np.where(np.arange(best.shape[1]) < self._lengths(layout)[:, None], best, 1.0).prod(1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _pool(probabilities: np.ndarray) -> np.ndarray:
    """(N, P, symbols) of N frames -> (1, P, symbols): their product to the power N ** -FRAME_LIKENESS, normalised."""
    n = len(probabilities)
    if n == 1:
        return probabilities
    logs = np.log(probabilities.clip(min=1e-5)).sum(0, keepdims=True) * n**-FRAME_LIKENESS
    return softmax(np.where((probabilities > 0).any(0, keepdims=True), logs, -1e4))


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
