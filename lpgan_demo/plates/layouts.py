"""Number plates as data: what stands where on each kind of plate, and text <-> network targets.

Adding a country is adding one `PlateLayout` to `LAYOUTS`: the renderer, the networks and the decoder
all read the entry. The share a_i of MTGAN's domain prior (W_i = W * a_i, H_i = H) is `PlateLayout.shares`.

Sources of the measures: GA 36 for the Chinese plates (440 x 140 mm, characters 45 x 90, margin 15.5, gaps 12,
34 between the 2nd and the 3rd; 480 x 140 for new-energy cars). The Vietnamese entries follow the 2023 sizes
(520 x 110, 330 x 165, 190 x 140 mm); their character positions are measured off pictures, not off a norm.
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
"""Every symbol any layout uses; networks have one output per symbol, masked by the position's alphabet."""

MAX_CHARACTERS = 9

_NO_IO = "".join(c for c in LETTERS if c not in "IO")


_SECOND = "".join(c for c in LETTERS if c != "I")  # O stands second on official plates (粤O...)


_SERIAL = DIGITS + _NO_IO


_VIETNAM_LETTERS = "".join(c for c in LETTERS if c not in "IJOQRW")

Box = tuple[float, float, float, float]


Colour = tuple[int, int, int]


@dataclass(frozen=True)
class PlateLayout:
    """One kind of plate.

    size_mm: (height, width). cells_mm: per character (x, y, width, height) of its cell, in reading order.
    alphabets: per character the symbols that may stand there. background, ink: RGB 0-255.
    background_bottom: second colour of a vertical gradient. dots_mm: (x, y, radius) of separators.
    red_marks: symbols painted red. frame: whether a line runs along the edge.
    flagged_one: whether the 1 has a flag; a Chinese plate's is a bare bar.
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
        return len(self.alphabets)

    @cached_property
    def regions(self) -> np.ndarray:
        """(n, 4) float: the region each character owns as (x0, y0, x1, y1) in [0, 1] of the plate.

        Neighbours meet in the middle of their gap and rows share the height, so the regions of one row tile
        the plate's width: MTGAN's W_i = W * a_i with H_i = H on a one-row plate.
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
        return (self.cells_mm[left][0] + self.cells_mm[left][2] + self.cells_mm[right][0]) / 2

    @property
    def shares(self) -> np.ndarray:
        """(n,) the paper's a_i: each character's share of the plate's width."""
        return self.regions[:, 2] - self.regions[:, 0]

    def accepts(self, text: str) -> bool:
        """Whether `text` is spelt with this layout's alphabets, position by position."""
        return len(text) == self.num_characters and all(c in a for c, a in zip(text, self.alphabets))

    def random_text(self, rng: np.random.Generator) -> str:
        """A text drawn position by position; digits prevail in the serial and special marks stay rare, as on roads."""
        text, digit_share = "", rng.choice((0.5, 0.8))
        for alphabet in self.alphabets:
            marks = [c for c in alphabet if c in SPECIAL_MARKS]
            plain = [c for c in alphabet if c not in SPECIAL_MARKS]
            pool = marks if marks and (not plain or rng.random() < 0.04) else plain
            if set(DIGITS) < set(pool):
                pool = DIGITS if rng.random() < digit_share else [c for c in pool if c not in DIGITS]
            text += pool[rng.integers(len(pool))]
        return text


def _one_row(widths_and_gaps, top, height, left):
    """Cells from an alternating sequence width, gap, width, ..., starting at x = left (mm)."""
    cells, x = [], left
    for k, step in enumerate(widths_and_gaps):
        if k % 2 == 0:
            cells.append((x, top, step, height))
        x += step
    return tuple(cells)


_CN_CELLS = _one_row((45, 12, 45, 34, 45, 12, 45, 12, 45, 12, 45, 12, 45), 25, 90, 15.5)


_CN_ALPHABETS = (PROVINCES, _SECOND) + (_SERIAL,) * 4


_GREEN_CELLS = _one_row((45, 9, 43, 49, 43, 9, 43, 9, 43, 9, 43, 9, 43, 9, 43), 25, 90, 15.5)


_VN_ALPHABETS = (DIGITS, DIGITS, _VIETNAM_LETTERS) + (DIGITS,) * 5


def _chinese(name, title, background, ink, last, red=""):
    return PlateLayout(
        name,
        title,
        (140, 440),
        _CN_CELLS,
        (*_CN_ALPHABETS, _SERIAL + last),
        background,
        ink,
        dots_mm=((134.5, 70, 5),),
        red_marks=red,
    )


LAYOUTS: dict[str, PlateLayout] = {
    layout.name: layout
    for layout in (
        _chinese("cn_blue", "China, small car", (10, 60, 190), (255, 255, 255), ""),
        _chinese("cn_yellow", "China, large vehicle, trailer or learner", (245, 190, 30), (10, 10, 10), "学挂"),
        _chinese("cn_white", "China, police", (240, 240, 240), (10, 10, 10), "警", red="警"),
        _chinese(
            "cn_black",
            "China, consulate and border traffic",
            (15, 15, 20),
            (255, 255, 255),
            "港澳领使",
        ),
        PlateLayout(
            "cn_green",
            "China, new-energy car",
            (140, 480),
            _GREEN_CELLS,
            (PROVINCES, _NO_IO, "ABCDEFGHJK" + DIGITS, *(_SERIAL,) * 5),
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

TWO_ROW_ASPECT = 2.2
"""Width over height below which a Chinese yellow plate has two rows: they are made 2:1 and 3.1:1."""

CHINESE_LAYOUTS = ("cn_blue", "cn_yellow", "cn_white", "cn_black", "cn_green")


def get_layout(name: str) -> PlateLayout:
    """The layout of that name; ValueError names the known ones."""
    if name not in LAYOUTS:
        raise ValueError(f"unknown plate layout {name!r}; known: {', '.join(LAYOUTS)}")
    return LAYOUTS[name]
