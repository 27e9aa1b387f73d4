"""Plate texts: normalisation, encoding as network targets, decoding of probabilities."""

from __future__ import annotations

from functools import cache

import numpy as np

from .layout import MAX_CHARACTERS, SYMBOLS, PlateLayout

_INDEX = {symbol: i for i, symbol in enumerate(SYMBOLS)}


def normalise_text(text: str, layout: PlateLayout | None = None) -> str:
    """Upper case without separators; with a layout, O and I become 0 and 1 where its alphabets lack them."""
    text = "".join(c for c in text.upper() if c.isalnum())
    if layout is None or len(text) != layout.num_characters:
        return text
    folded = {"O": "0", "I": "1"}
    return "".join(c if c in a else folded.get(c, c) for c, a in zip(text, layout.alphabets))


def encode(text: str, layout: PlateLayout) -> np.ndarray:
    """Text -> int64 (MAX_CHARACTERS,) indices into SYMBOLS, padded with -1.

    Raises ValueError when the layout does not allow the text.
    """
    if not layout.accepts(text):
        raise ValueError(f"{text!r} is not a text of layout {layout.name!r}")
    target = np.full(MAX_CHARACTERS, -1, np.int64)
    target[: len(text)] = [_INDEX[c] for c in text]
    return target


def allowed_symbols(layout: PlateLayout) -> np.ndarray:
    """Allowed symbols of each position: bool (MAX_CHARACTERS, len(SYMBOLS)), all False past the last character."""
    return _allowed(tuple(layout.alphabets)).copy()


@cache
def _allowed(alphabets: tuple[str, ...]) -> np.ndarray:
    mask = np.zeros((MAX_CHARACTERS, len(SYMBOLS)), bool)
    for i, alphabet in enumerate(alphabets):
        mask[i, [_INDEX[c] for c in alphabet]] = True
    return mask


def decode(probabilities: np.ndarray, layout: PlateLayout, num_runners_up: int = 3) -> list[tuple]:
    """Read the most probable text of a layout.

    Args:
        probabilities: (P, S) of positions and the first S symbols. Each position is normalised over its own alphabet,
            our interpretation of the paper's confidence.
        layout: whose alphabets are used.
        num_runners_up: how many more symbols are listed per character.

    Returns:
        For each character (symbol, probability, runners-up); runners-up are (symbol, probability) pairs, best first.
    """
    shape = layout.num_characters, probabilities.shape[1]
    rows = np.where(allowed_symbols(layout)[: shape[0], : shape[1]], probabilities[: shape[0]], 0.0)
    rows = rows / rows.sum(1, keepdims=True).clip(min=1e-12)
    best = np.argsort(-rows, 1)[:, : num_runners_up + 1]
    readings = []
    for symbols, values in zip(best.tolist(), np.take_along_axis(rows, best, 1).tolist()):
        pairs = [(SYMBOLS[i], value) for i, value in zip(symbols, values) if value > 0]
        pairs = pairs or [(layout.alphabets[0][0], 0.0)]
        readings.append((*pairs[0], tuple(pairs[1:])))
    return readings
