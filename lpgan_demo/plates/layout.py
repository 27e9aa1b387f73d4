"""One kind of plate as data: size, colours, character positions and alphabets, and the symbols that plates bear.

The share a_i of MTGAN's domain prior (W_i = W * a_i, H_i = H) is `PlateLayout.shares`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
SPECIAL_MARKS = "学警港澳领使挂民航"
SYMBOLS = DIGITS + LETTERS + PROVINCES + SPECIAL_MARKS
"""The symbols of all layouts; new ones are added at the end. A network has one output for each up to the last that its
layouts use, masked by the alphabet of the position."""

MAX_CHARACTERS = 9
"""Most characters on a plate of any layout."""

COUNTED = 1 / np.arange(1, 11) / np.sum(1 / np.arange(1, 11))
"""How often 1, 2, ... 9, 0 number the series of a letter, where registries give them out one after another."""

Box = tuple[float, float, float, float]
Colour = tuple[int, int, int]


def row_of_cells(widths_and_gaps: tuple[float, ...], top: float, height: float, left: float) -> tuple[Box, ...]:
    """Cells of a row from the sequence width, gap, width, ..., starting at x = left; all in mm."""
    cells, x = [], left
    for k, length in enumerate(widths_and_gaps):
        if k % 2 == 0:
            cells.append((x, top, length, height))
        x += length
    return tuple(cells)


@dataclass(frozen=True)
class PlateLayout:
    """One kind of plate.

    Attributes:
        name, title: the identifier and a description for people.
        size_mm: (height, width).
        cells_mm: (x, y, width, height) of each character's cell, in reading order.
        alphabets: the allowed symbols of each character.
        background, ink: RGB, 0-255.
        background_bottom: lower colour of a vertical gradient, or None for a plain background.
        background_left: colour behind the first two characters, or None where it is that of the others.
        dots_mm: (x, y, radius) of separator dots.
        dashes_mm: (x, y, width, height) of separator dashes.
        red_marks: symbols painted red.
        red_first: how many characters from the first are painted red.
        frame: whether a line is drawn along the edge.
        flagged_one: whether the 1 has a flag; that of Chinese plates is a plain bar.
        share: how often the kind is drawn among rendered plates, relatively to the other layouts.
        mark_share: probability that a drawn text has a special mark where the alphabet leaves the choice.
        series_digit: index of the character that counts the series of a letter, or None: 1 was given out first and is
            the most frequent, and a letter is rare there.

    Raises:
        ValueError: cells and alphabets differ in number or exceed `MAX_CHARACTERS`, or a symbol is not in `SYMBOLS`.
    """

    name: str
    title: str
    size_mm: tuple[float, float]
    cells_mm: tuple[Box, ...]
    alphabets: tuple[str, ...]
    background: Colour
    ink: Colour
    background_bottom: Colour | None = None
    background_left: Colour | None = None
    dots_mm: tuple[tuple[float, float, float], ...] = ()
    dashes_mm: tuple[Box, ...] = ()
    red_marks: str = ""
    red_first: int = 0
    frame: bool = True
    flagged_one: bool = False
    share: float = 0.01
    mark_share: float = 0.04
    series_digit: int | None = None

    def __post_init__(self):
        if len(self.cells_mm) != len(self.alphabets) or not 0 < len(self.cells_mm) <= MAX_CHARACTERS:
            raise ValueError(f"layout {self.name!r}: one alphabet per cell, at most {MAX_CHARACTERS} cells")
        unknown = sorted(set("".join(self.alphabets)) - set(SYMBOLS))
        if unknown:
            raise ValueError(f"layout {self.name!r}: symbols not in SYMBOLS: {unknown}")

    @property
    def num_characters(self) -> int:
        """Number of characters on the plate."""
        return len(self.alphabets)

    @property
    def row_lengths(self) -> tuple[int, ...]:
        """Number of characters of each row, from the top."""
        tops = [y for _, y, _, _ in self.cells_mm]
        return tuple(tops.count(top) for top in sorted(set(tops)))

    @cached_property
    def regions(self) -> np.ndarray:
        """Region (x0, y0, x1, y1) of each character as shares of the plate: float (n, 4) in [0, 1].

        Regions meet in the middle of the gaps and tile the plate: MTGAN's W_i = W * a_i and H_i = H on a one-row plate.
        """
        height, width = self.size_mm
        rows = sorted({y for _, y, _, _ in self.cells_mm})
        boxes = np.zeros((self.num_characters, 4))
        for r, y in enumerate(rows):
            members = [i for i, cell in enumerate(self.cells_mm) if cell[1] == y]
            top = 0.0 if r == 0 else (rows[r - 1] + self.cells_mm[members[0] - 1][3] + y) / 2
            bottom = y + self.cells_mm[members[0]][3]
            bottom = height if r == len(rows) - 1 else (bottom + rows[r + 1]) / 2
            for k, i in enumerate(members):
                x, _, w, _ = self.cells_mm[i]
                before = 0.0 if k == 0 else self._gap_middle(members[k - 1], i)
                after = width if k == len(members) - 1 else self._gap_middle(i, members[k + 1])
                boxes[i] = before / width, top / height, after / width, bottom / height
        return boxes

    def _gap_middle(self, left: int, right: int) -> float:
        """x in mm of the middle between two neighbouring cells."""
        return (self.cells_mm[left][0] + self.cells_mm[left][2] + self.cells_mm[right][0]) / 2

    @property
    def shares(self) -> np.ndarray:
        """MTGAN's a_i: each character's share of the plate's width, float (n,)."""
        return self.regions[:, 2] - self.regions[:, 0]

    def accepts(self, text: str) -> bool:
        """Whether `text` has the layout's length and every character is in the alphabet of its position."""
        return len(text) == self.num_characters and all(c in a for c, a in zip(text, self.alphabets))

    def random_text(self, rng: np.random.Generator) -> str:
        """Draw a text; as on roads, digits are frequent in the serial number."""
        text, digit_share = "", rng.choice((0.5, 0.8))
        for index, alphabet in enumerate(self.alphabets):
            if index == self.series_digit and rng.random() < 0.9:
                text += "1234567890"[rng.choice(10, p=COUNTED)]
                continue
            marks = [c for c in alphabet if c in SPECIAL_MARKS]
            plain = [c for c in alphabet if c not in SPECIAL_MARKS]
            pool = marks if marks and (not plain or rng.random() < self.mark_share) else plain
            if set(DIGITS) < set(pool):
                pool = DIGITS if rng.random() < digit_share else [c for c in pool if c not in DIGITS]
            text += pool[rng.integers(len(pool))]
        return text
