"""Text <-> network targets: encode, decode, and which symbols may stand where."""

from __future__ import annotations

import numpy as np

from .layouts import MAX_CHARACTERS, SYMBOLS, PlateLayout

_INDEX = {symbol: i for i, symbol in enumerate(SYMBOLS)}


def normalise_text(text: str, layout: PlateLayout | None = None) -> str:
    """Upper case without separators; with a layout, O and I where it has none become 0 and 1."""
    text = "".join(c for c in text.upper() if c.isalnum())
    if layout is None or len(text) != layout.num_characters:
        return text
    folded = {"O": "0", "I": "1"}
    return "".join(c if c in a else folded.get(c, c) for c, a in zip(text, layout.alphabets))


def encode(text: str, layout: PlateLayout) -> np.ndarray:
    """Text -> int64 (MAX_CHARACTERS,) indices into SYMBOLS, -1 where the layout has no character.

    Raises ValueError when the layout does not allow the text.
    """
    if not layout.accepts(text):
        raise ValueError(f"{text!r} is not a text of layout {layout.name!r}")
    target = np.full(MAX_CHARACTERS, -1, np.int64)
    target[: len(text)] = [_INDEX[c] for c in text]
    return target


def allowed_symbols(layout: PlateLayout) -> np.ndarray:
    """bool (MAX_CHARACTERS, len(SYMBOLS)): which symbols may stand where; all False past the last character."""
    mask = np.zeros((MAX_CHARACTERS, len(SYMBOLS)), bool)
    for i, alphabet in enumerate(layout.alphabets):
        mask[i, [_INDEX[c] for c in alphabet]] = True
    return mask


def decode(probabilities: np.ndarray, layout: PlateLayout, num_runners_up: int = 3) -> list[tuple]:
    """(MAX_CHARACTERS, len(SYMBOLS)) probabilities -> per character (symbol, probability, runners-up).

    Each position is normalised over its own alphabet first (our reading of the paper's confidence); runners-up
    are (symbol, probability) pairs, best first.
    """
    readings = []
    for row, allowed in zip(probabilities[: layout.num_characters], allowed_symbols(layout)):
        belief = np.where(allowed, row, 0.0)
        belief = belief / max(float(belief.sum()), 1e-12)
        best = np.argsort(-belief)[: num_runners_up + 1]
        pairs = [(SYMBOLS[i], float(belief[i])) for i in best if belief[i] > 0] or [(layout.alphabets[0][0], 0.0)]
        readings.append((pairs[0][0], pairs[0][1], tuple(pairs[1:])))
    return readings
