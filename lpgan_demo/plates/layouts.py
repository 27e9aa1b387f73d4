"""Number plates as data: size, colours, character positions and alphabets of each kind of plate.

A new kind of plate is one more `PlateLayout` in `LAYOUTS`: renderer, networks and decoder all read the entry. The
share a_i of MTGAN's domain prior (W_i = W * a_i, H_i = H) is `PlateLayout.shares`.

Dimensions: Chinese plates follow GA 36 (440 x 140 mm, characters 45 x 90, margin 15.5, gaps 12, 34 between the 2nd and
the 3rd; 480 x 140 for new-energy cars). Vietnamese plates have the sizes of 2023 (520 x 110, 330 x 165, 190 x 140 mm);
their character positions are measured on images.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PROVINCES = "京沪津渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
SPECIAL_MARKS = "学警港澳领使挂"
SYMBOLS = DIGITS + LETTERS + PROVINCES + SPECIAL_MARKS
"""The symbols of all layouts; networks have one output per symbol, masked by the alphabet of the position."""

MAX_CHARACTERS = 9
"""Most characters on a plate of any layout."""

TWO_ROW_ASPECT = 2.2
"""Width over height below which a Chinese yellow plate has two rows; one-row plates are 3.1:1, two-row ones 2:1."""

CHINESE_LAYOUTS = ("cn_blue", "cn_yellow", "cn_white", "cn_black", "cn_green")
"""Names of the Chinese layouts with one row."""

_LETTERS_NO_IO = "".join(c for c in LETTERS if c not in "IO")
_CITY_LETTERS = "".join(c for c in LETTERS if c != "I")  # O is the second character of official plates (粤O...)
_SERIAL = DIGITS + _LETTERS_NO_IO
_VIETNAM_LETTERS = "".join(c for c in LETTERS if c not in "IJOQRW")

Box = tuple[float, float, float, float]
Colour = tuple[int, int, int]


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
        dots_mm: (x, y, radius) of separator dots.
        dashes_mm: (x, y, width, height) of separator dashes.
        red_marks: symbols painted red.
        frame: whether a line is drawn along the edge.
        flagged_one: whether the 1 has a flag; that of Chinese plates is a plain bar.

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
    dots_mm: tuple[tuple[float, float, float], ...] = ()
    dashes_mm: tuple[Box, ...] = ()
    red_marks: str = ""
    frame: bool = True
    flagged_one: bool = False

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
        """Draw a text; as on roads, digits are frequent in the serial number and special marks are rare."""
        text, digit_share = "", rng.choice((0.5, 0.8))
        for alphabet in self.alphabets:
            marks = [c for c in alphabet if c in SPECIAL_MARKS]
            plain = [c for c in alphabet if c not in SPECIAL_MARKS]
            pool = marks if marks and (not plain or rng.random() < 0.04) else plain
            if set(DIGITS) < set(pool):
                pool = DIGITS if rng.random() < digit_share else [c for c in pool if c not in DIGITS]
            text += pool[rng.integers(len(pool))]
        return text


def _one_row(widths_and_gaps: tuple[float, ...], top: float, height: float, left: float) -> tuple[Box, ...]:
    """Cells of a row from the sequence width, gap, width, ..., starting at x = left; all in mm."""
    cells, x = [], left
    for k, length in enumerate(widths_and_gaps):
        if k % 2 == 0:
            cells.append((x, top, length, height))
        x += length
    return tuple(cells)


_CN_CELLS = _one_row((45, 12, 45, 34, 45, 12, 45, 12, 45, 12, 45, 12, 45), 25, 90, 15.5)
_CN_ALPHABETS = (PROVINCES, _CITY_LETTERS) + (_SERIAL,) * 4
_GREEN_CELLS = _one_row((45, 9, 43, 49, 43, 9, 43, 9, 43, 9, 43, 9, 43, 9, 43), 25, 90, 15.5)
_VN_ALPHABETS = (DIGITS, DIGITS, _VIETNAM_LETTERS) + (DIGITS,) * 5


def _chinese(name: str, title: str, background: Colour, ink: Colour, last_marks: str, red_marks: str = ""):
    """One-row Chinese plate of seven characters; `last_marks` may stand last besides letters and digits."""
    alphabets = (*_CN_ALPHABETS, _SERIAL + last_marks)
    dots = ((134.5, 70, 5),)
    return PlateLayout(
        name, title, (140, 440), _CN_CELLS, alphabets, background, ink, dots_mm=dots, red_marks=red_marks
    )


LAYOUTS: dict[str, PlateLayout] = {
    layout.name: layout
    for layout in (
        _chinese("cn_blue", "China, small car", (10, 60, 190), (255, 255, 255), ""),
        _chinese("cn_yellow", "China, large vehicle, trailer or learner", (245, 190, 30), (10, 10, 10), "学挂"),
        _chinese("cn_white", "China, police", (240, 240, 240), (10, 10, 10), "警", "警"),
        _chinese("cn_black", "China, consulate and border traffic", (15, 15, 20), (255, 255, 255), "港澳领使"),
        PlateLayout(
            "cn_green",
            "China, new-energy car",
            (140, 480),
            _GREEN_CELLS,
            (PROVINCES, _LETTERS_NO_IO, "ABCDEFGHJK" + DIGITS, *(_SERIAL,) * 5),
            (232, 244, 236),
            (10, 10, 10),
            background_bottom=(70, 185, 110),
        ),
        PlateLayout(
            "vn_one_row",
            "Vietnam, one row",
            (110, 520),
            _one_row((47, 10, 47, 10, 47, 37, 47, 10, 47, 10, 47, 24, 47, 10, 47), 15, 80, 16.5),
            _VN_ALPHABETS,
            (245, 245, 245),
            (10, 10, 10),
            dashes_mm=((192, 51, 18, 8),),
            dots_mm=((410.5, 88, 5),),
            flagged_one=True,
        ),
        PlateLayout(
            "vn_two_row",
            "Vietnam, two rows (car)",
            (165, 330),
            _one_row((45, 12, 45, 12, 45), 12, 65, 85.5) + _one_row((45, 12, 45, 12, 45, 20, 45, 12, 45), 88, 65, 24.5),
            _VN_ALPHABETS,
            (245, 245, 245),
            (10, 10, 10),
            dots_mm=((193.5, 147, 5),),
            flagged_one=True,
        ),
        PlateLayout(
            "vn_motorcycle",
            "Vietnam, two rows (motorcycle)",
            (140, 190),
            _one_row((25, 7, 25, 24, 25, 7, 25), 12, 53, 26) + _one_row((25, 7, 25, 7, 25, 14, 25, 7, 25), 75, 53, 15),
            (DIGITS, DIGITS, _VIETNAM_LETTERS, DIGITS + _VIETNAM_LETTERS) + (DIGITS,) * 5,
            (245, 245, 245),
            (10, 10, 10),
            dashes_mm=((87, 35, 14, 6),),
            dots_mm=((115, 123, 4),),
            flagged_one=True,
        ),
        PlateLayout(
            "cn_yellow_two_row",
            "China, large vehicle or trailer, two rows (rear)",
            (220, 440),
            _one_row((80, 60, 80), 15, 60, 110) + _one_row((65, 15, 65, 15, 65, 15, 65, 15, 65), 90, 110, 27.5),
            (*_CN_ALPHABETS, _SERIAL + "挂"),
            (245, 190, 30),
            (10, 10, 10),
            dots_mm=((220, 45, 5),),
        ),
    )
}
"""{name: layout} of every known kind of plate."""


def get_layout(name: str) -> PlateLayout:
    """The layout of that name. Raises ValueError for an unknown one."""
    if name not in LAYOUTS:
        raise ValueError(f"unknown plate layout {name!r}; known: {', '.join(LAYOUTS)}")
    return LAYOUTS[name]
