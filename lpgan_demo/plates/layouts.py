"""The known kinds of plates; a new one is one more `PlateLayout` at the end of `LAYOUTS`.

Renderer, networks and decoder all read the entry. Where a country leaves the number of characters open, each number is
a kind of its own; so is each colour.

Chinese plates follow GA 36 (440 x 140 mm, characters 45 x 90, margin 15.5, gaps 12, 34 between the 2nd and the 3rd;
480 x 140 for new-energy cars), Vietnamese ones have the sizes of 2023 (520 x 110, 330 x 165, 190 x 140 mm) and before
(470 x 110). Character positions of Vietnamese plates are measured on images; those of the armed police, farm vehicles
and motorcycles are estimated from the plate's size.
"""

from __future__ import annotations

from dataclasses import replace

from .layout import DIGITS, LETTERS, PROVINCES, Box, Colour, PlateLayout

TWO_ROW_ASPECT = 2.2
"""Width over height below which a Chinese yellow plate has two rows; one-row plates are 3.1:1, two-row ones 2:1."""

CHINESE_LAYOUTS = ("cn_blue", "cn_yellow", "cn_white", "cn_black", "cn_green")
"""Names of the Chinese layouts with one row."""

_LETTERS_NO_IO = "".join(c for c in LETTERS if c not in "IO")
_CITY_LETTERS = "".join(c for c in LETTERS if c != "I")  # O is the second character of official plates (粤O...)
_SERIAL = DIGITS + _LETTERS_NO_IO
_VIETNAM_LETTERS = "".join(c for c in LETTERS if c not in "IJOQRW")


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
_TWO_ROW_CELLS = _one_row((80, 60, 80), 15, 60, 110) + _one_row((65, 15, 65, 15, 65, 15, 65, 15, 65), 90, 110, 27.5)
_WJ_CELLS = _one_row((45, 6, 45, 8, 34, 21, 44, 8, 44, 8, 44, 8, 44, 8, 44), 25, 90, 14.5)
_WJ_TWO_ROW_CELLS = _one_row((75, 15, 75, 30, 75), 15, 60, 85) + _TWO_ROW_CELLS[2:]
_MOTORCYCLE_CELLS = _one_row((38, 26, 38), 12, 42, 59) + _one_row((30, 8, 30, 8, 30, 8, 30, 8, 30), 66, 62, 19)
_FARM_CELLS = _one_row((44, 26, 40, 12, 40), 14, 52, 69) + _one_row((42, 12, 42, 12, 42, 12, 42, 12, 42), 78, 74, 21)
_CN_DOT, _TWO_ROW_DOT = ((134.5, 70, 5),), ((220, 45, 5),)
_BLUE, _YELLOW, _RED = (10, 60, 190), (245, 190, 30), (190, 20, 30)
_WHITE, _BLACK = (245, 245, 245), (10, 10, 10)
_WJ_ALPHABETS = ("W", "J", PROVINCES) + (DIGITS,) * 4 + (_SERIAL,)
_ARMY_ALPHABETS = (_LETTERS_NO_IO,) * 2 + (DIGITS,) * 5
_VN_ALPHABETS = (DIGITS, DIGITS, _VIETNAM_LETTERS) + (DIGITS,) * 5
_VN_SERIES = (DIGITS, DIGITS, _VIETNAM_LETTERS, _VIETNAM_LETTERS) + (DIGITS,) * 5
_VN_ARMY = (_VIETNAM_LETTERS,) * 2 + (DIGITS,) * 4


def _chinese(name: str, title: str, background: Colour, ink: Colour, last_marks: str, **more) -> PlateLayout:
    """One-row Chinese plate of seven characters; `last_marks` may stand last besides letters and digits."""
    alphabets = (*_CN_ALPHABETS, _SERIAL + last_marks)
    return PlateLayout(name, title, (140, 440), _CN_CELLS, alphabets, background, ink, dots_mm=_CN_DOT, **more)


def _two_rows(name: str, title: str, alphabets, background: Colour, **more) -> PlateLayout:
    """Chinese plate with two black characters above five, as on the rear of large vehicles."""
    return PlateLayout(name, title, (220, 440), _TWO_ROW_CELLS, alphabets, background, _BLACK, **more)


def _coloured(layout: PlateLayout, colour: str, title: str, background: Colour, ink: Colour, share: float):
    """The same kind of plate in another colour."""
    name = f"{layout.name}_{colour}"
    return replace(layout, name=name, title=title, background=background, ink=ink, share=share)


_VN_ONE_ROW = PlateLayout(
    "vn_one_row",
    "Vietnam, one row",
    (110, 520),
    _one_row((47, 10, 47, 10, 47, 37, 47, 10, 47, 10, 47, 24, 47, 10, 47), 15, 80, 16.5),
    _VN_ALPHABETS,
    _WHITE,
    _BLACK,
    dashes_mm=((192, 51, 18, 8),),
    dots_mm=((410.5, 88, 5),),
    flagged_one=True,
    share=0.12,
)
_VN_TWO_ROW = PlateLayout(
    "vn_two_row",
    "Vietnam, two rows (car)",
    (165, 330),
    _one_row((45, 12, 45, 12, 45), 12, 65, 85.5) + _one_row((45, 12, 45, 12, 45, 20, 45, 12, 45), 88, 65, 24.5),
    _VN_ALPHABETS,
    _WHITE,
    _BLACK,
    dots_mm=((193.5, 147, 5),),
    flagged_one=True,
    share=0.06,
)

_KINDS = (
    _chinese("cn_blue", "China, small car", _BLUE, (255, 255, 255), "", share=0.30),
    _chinese(
        "cn_yellow", "China, large vehicle, trailer or learner", _YELLOW, _BLACK, "学挂", share=0.09, mark_share=0.12
    ),
    _chinese("cn_white", "China, police", (240, 240, 240), _BLACK, "警", red_marks="警", share=0.03, mark_share=0.6),
    _chinese(
        "cn_black",
        "China, consulate and border traffic",
        (15, 15, 20),
        (255, 255, 255),
        "港澳领使",
        share=0.04,
        mark_share=0.6,
    ),
    PlateLayout(
        "cn_green",
        "China, new-energy car",
        (140, 480),
        _GREEN_CELLS,
        (PROVINCES, _LETTERS_NO_IO, "ABCDEFGHJK" + DIGITS, *(_SERIAL,) * 5),
        (232, 244, 236),
        _BLACK,
        background_bottom=(70, 185, 110),
        share=0.08,
    ),
    _VN_ONE_ROW,
    _VN_TWO_ROW,
    PlateLayout(
        "vn_motorcycle",
        "Vietnam, two rows (motorcycle)",
        (140, 190),
        _one_row((25, 7, 25, 24, 25, 7, 25), 12, 53, 26) + _one_row((25, 7, 25, 7, 25, 14, 25, 7, 25), 75, 53, 15),
        (DIGITS, DIGITS, _VIETNAM_LETTERS, DIGITS + _VIETNAM_LETTERS) + (DIGITS,) * 5,
        _WHITE,
        _BLACK,
        dashes_mm=((87, 35, 14, 6),),
        dots_mm=((115, 123, 4),),
        flagged_one=True,
        share=0.06,
    ),
    _two_rows(
        "cn_yellow_two_row",
        "China, large vehicle or trailer, two rows (rear)",
        (*_CN_ALPHABETS, _SERIAL + "挂"),
        _YELLOW,
        dots_mm=_TWO_ROW_DOT,
        share=0.04,
        mark_share=0.3,
    ),
    PlateLayout(
        "cn_green_large",
        "China, large new-energy vehicle",
        (140, 480),
        _GREEN_CELLS,
        (PROVINCES, _LETTERS_NO_IO, *(DIGITS,) * 5, "ABCDEFGHJK"),
        (90, 190, 120),
        _BLACK,
        background_left=_YELLOW,
        share=0.015,
    ),
    PlateLayout(
        "cn_armed_police",
        "China, armed police",
        (140, 440),
        _WJ_CELLS,
        _WJ_ALPHABETS,
        (240, 240, 240),
        _BLACK,
        dots_mm=((163, 70, 5),),
        red_first=3,
        share=0.012,
    ),
    PlateLayout(
        "cn_armed_police_two_row",
        "China, armed police, two rows",
        (220, 440),
        _WJ_TWO_ROW_CELLS,
        _WJ_ALPHABETS,
        (240, 240, 240),
        _BLACK,
        red_first=3,
    ),
    PlateLayout(
        "cn_military",
        "China, military",
        (140, 440),
        _CN_CELLS,
        _ARMY_ALPHABETS,
        (240, 240, 240),
        _BLACK,
        dots_mm=_CN_DOT,
        red_first=2,
        share=0.012,
    ),
    _two_rows("cn_military_two_row", "China, military, two rows", _ARMY_ALPHABETS, (240, 240, 240), red_first=2),
    PlateLayout(
        "cn_embassy",
        "China, embassy",
        (140, 440),
        _one_row((45, 12, 45, 12, 45, 34, 45, 12, 45, 12, 45, 12, 45), 25, 90, 15.5),
        (DIGITS,) * 6 + ("使",),
        (15, 15, 20),
        (255, 255, 255),
        dots_mm=((191.5, 70, 5),),
    ),
    PlateLayout(
        "cn_embassy_old",
        "China, embassy, before 2017",
        (140, 440),
        _one_row((45, 12, 45, 12, 45, 12, 45, 34, 45, 12, 45, 12, 45), 25, 90, 15.5),
        ("使",) + (DIGITS,) * 6,
        (15, 15, 20),
        (255, 255, 255),
        dots_mm=((248.5, 70, 5),),
        red_marks="使",
    ),
    PlateLayout(
        "cn_aviation",
        "China, civil aviation",
        (140, 440),
        _CN_CELLS,
        ("民", "航", _LETTERS_NO_IO + DIGITS) + (DIGITS,) * 4,
        (20, 120, 70),
        (255, 255, 255),
        dots_mm=_CN_DOT,
    ),
    PlateLayout(
        "cn_farm",
        "China, farm vehicle, two rows",
        (165, 300),
        _FARM_CELLS,
        (PROVINCES,) + (DIGITS,) * 2 + (_SERIAL,) * 5,
        (20, 120, 70),
        (255, 255, 255),
        dots_mm=((126, 40, 4),),
        share=0.015,
    ),
    PlateLayout(
        "cn_motorcycle_yellow",
        "China, motorcycle, yellow",
        (140, 220),
        _MOTORCYCLE_CELLS,
        (*_CN_ALPHABETS, _SERIAL + "学"),
        _YELLOW,
        _BLACK,
        dots_mm=((110, 33, 3),),
    ),
    PlateLayout(
        "cn_motorcycle_blue",
        "China, motorcycle, blue",
        (140, 220),
        _MOTORCYCLE_CELLS,
        (*_CN_ALPHABETS, _SERIAL),
        _BLUE,
        (255, 255, 255),
        dots_mm=((110, 33, 3),),
    ),
    PlateLayout(
        "vn_one_row_old",
        "Vietnam, one row, four digits",
        (110, 470),
        _one_row((47, 10, 47, 10, 47, 37, 47, 10, 47, 10, 47, 10, 47), 15, 80, 27),
        _VN_ALPHABETS[:-1],
        _WHITE,
        _BLACK,
        dashes_mm=((203, 51, 16, 8),),
        flagged_one=True,
        share=0.025,
    ),
    PlateLayout(
        "vn_one_row_series",
        "Vietnam, one row, two letters",
        (110, 520),
        _one_row((43, 8, 43, 8, 43, 8, 43, 30, 43, 8, 43, 8, 43, 20, 43, 8, 43), 15, 80, 17.5),
        _VN_SERIES,
        _WHITE,
        _BLACK,
        dashes_mm=((221, 51, 17, 8),),
        dots_mm=((398.5, 88, 5),),
        flagged_one=True,
        share=0.015,
    ),
    _coloured(_VN_ONE_ROW, "blue", "Vietnam, one row, state", _BLUE, (255, 255, 255), 0.012),
    _coloured(_VN_ONE_ROW, "yellow", "Vietnam, one row, commercial", (245, 205, 40), _BLACK, 0.02),
    PlateLayout(
        "vn_military",
        "Vietnam, military, one row",
        (110, 520),
        _one_row((52, 12, 52, 40, 52, 12, 52, 40, 52, 12, 52), 15, 80, 46),
        _VN_ARMY,
        _RED,
        (255, 255, 255),
        dashes_mm=((174, 51, 16, 8), (330, 51, 16, 8)),
        flagged_one=True,
        share=0.006,
    ),
    PlateLayout(
        "vn_two_row_old",
        "Vietnam, two rows (car), four digits",
        (165, 330),
        _VN_TWO_ROW.cells_mm[:3] + _one_row((45, 18, 45, 18, 45, 18, 45), 88, 65, 48),
        _VN_ALPHABETS[:-1],
        _WHITE,
        _BLACK,
        flagged_one=True,
        share=0.015,
    ),
    PlateLayout(
        "vn_two_row_series",
        "Vietnam, two rows (car), two letters",
        (165, 330),
        _one_row((45, 12, 45, 12, 45, 12, 45), 12, 65, 57) + _VN_TWO_ROW.cells_mm[3:],
        _VN_SERIES,
        _WHITE,
        _BLACK,
        dots_mm=_VN_TWO_ROW.dots_mm,
        flagged_one=True,
    ),
    _coloured(_VN_TWO_ROW, "blue", "Vietnam, two rows (car), state", _BLUE, (255, 255, 255), 0.006),
    _coloured(_VN_TWO_ROW, "yellow", "Vietnam, two rows (car), commercial", (245, 205, 40), _BLACK, 0.012),
    PlateLayout(
        "vn_military_two_row",
        "Vietnam, military, two rows",
        (165, 330),
        _one_row((45, 12, 45), 12, 65, 114) + _one_row((45, 12, 45, 30, 45, 12, 45), 88, 65, 48),
        _VN_ARMY,
        _RED,
        (255, 255, 255),
        dashes_mm=((158, 117, 14, 7),),
        flagged_one=True,
        share=0.005,
    ),
    PlateLayout(
        "vn_motorcycle_old",
        "Vietnam, two rows (motorcycle), four digits",
        (140, 190),
        _one_row((25, 7, 25, 24, 25, 7, 25), 12, 53, 26) + _one_row((25, 12, 25, 12, 25, 12, 25), 75, 53, 27),
        (DIGITS, DIGITS, _VIETNAM_LETTERS, DIGITS + _VIETNAM_LETTERS) + (DIGITS,) * 4,
        _WHITE,
        _BLACK,
        dashes_mm=((87, 35, 14, 6),),
        flagged_one=True,
        share=0.03,
    ),
)

LAYOUTS: dict[str, PlateLayout] = {layout.name: layout for layout in _KINDS}
"""{name: layout} of every known kind of plate."""

UNKNOWN = "unknown"
"""Stands in the place of a layout's name where a plate is of none of the known kinds."""


def get_layout(name: str) -> PlateLayout:
    """The layout of that name. Raises ValueError for an unknown one."""
    if name not in LAYOUTS:
        raise ValueError(f"unknown plate layout {name!r}; known: {', '.join(LAYOUTS)}")
    return LAYOUTS[name]
