"""Real single characters: to letter rendered plates with, and to give real plates another province."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from ..plates import DIGITS, LETTERS, SYMBOLS
from ..plates.glyphs import CELL

_PLACE = (slice(9, 55), slice(5, 29))  # rows and columns of the first character on a rectified view (64, 192)
_NEIGHBOUR = (slice(9, 55), slice(30, 54))  # and of the second one, whose colours the new character gets


class RealCharacters:
    """Ink masks of real characters, by symbol.

    Args:
        archive: a zip of small colour pictures SYMBOL/NAME, each of one character on blue or yellow paper.

    Raises:
        ValueError: the archive holds none.
    """

    def __init__(self, archive: str | Path):
        self.masks: dict[str, list[np.ndarray]] = {}
        with zipfile.ZipFile(archive) as pictures:
            for name in sorted(pictures.namelist()):
                symbol = PurePosixPath(name).parent.name
                if name.endswith("/") or len(symbol) != 1 or symbol not in SYMBOLS:
                    continue
                picture = cv2.imdecode(np.frombuffer(pictures.read(name), np.uint8), cv2.IMREAD_COLOR)
                mask = None if picture is None else ink_of(picture)
                if mask is not None:
                    self.masks.setdefault(symbol, []).append(mask)
        if not self.masks:
            raise ValueError(f"{archive} holds no pictures SYMBOL/NAME of characters")
        self.provinces = [symbol for symbol in self.masks if symbol not in DIGITS + LETTERS]

    def draw(self, symbol: str, rng: np.random.Generator) -> np.ndarray | None:
        """One of the symbol's ink masks, uint8 (180, 90), or None where there is none."""
        masks = self.masks.get(symbol)
        if not masks:
            return None
        return cv2.resize(masks[rng.integers(len(masks))], CELL[::-1], interpolation=cv2.INTER_CUBIC)


def ink_of(picture: np.ndarray) -> np.ndarray | None:
    """Ink of one character: uint8 (H, W, 3) BGR -> uint8 (H, W), 255 ink; None where the contrast is too low.

    On yellow paper the ink is dark, elsewhere bright.
    """
    grey = picture.mean(2)
    low, high = np.percentile(grey, (8, 92))
    if high - low < 25:
        return None
    ink = np.clip((grey - low) / (high - low), 0, 1)
    yellow = picture[..., 2].mean() - picture[..., 0].mean() > 8
    return np.uint8(255 * (1 - ink if yellow else ink))


def replace_province(
    view: np.ndarray, text: str, characters: RealCharacters, rng: np.random.Generator
) -> tuple[np.ndarray, str]:
    """Put another province on a real plate: a real character's ink in the colours of the second character.

    Args:
        view: uint8 (64, 192, 3) RGB, rectified and without margin, of a Chinese single-row plate.
        text: what it says.
        characters: all provinces of these are equally probable.
        rng: chooses the province and its picture.

    Returns:
        (view, text) of the new plate.
    """
    province = characters.provinces[rng.integers(len(characters.provinces))]
    place, colours = view[_PLACE].astype(np.float32), view[_NEIGHBOUR].reshape(-1, 3).astype(np.float32)
    ink = cv2.resize(characters.draw(province, rng), place.shape[1::-1], interpolation=cv2.INTER_AREA) / 255.0
    order = np.argsort(colours.mean(1))
    dark, bright = colours[order[: int(0.4 * len(order))]].mean(0), colours[order[int(0.85 * len(order)) :]].mean(0)
    if view[..., 0].mean() > view[..., 2].mean():  # yellow paper, dark ink
        dark, bright = colours[order[int(0.6 * len(order)) :]].mean(0), colours[order[: int(0.15 * len(order))]].mean(0)
    drawn = dark + ink[..., None] * (bright - dark) + rng.normal(0, 2, (*ink.shape, 1))
    rows, columns = (np.minimum(1, (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1) / 3) for n in ink.shape)
    opacity = (rows[:, None] * columns)[..., None]  # soft edges
    changed = view.copy()
    changed[_PLACE] = np.clip(place + opacity * (drawn - place), 0, 255).astype(np.uint8)
    return changed, province + text[1:]
