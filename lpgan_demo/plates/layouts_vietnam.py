"""Vietnamese kinds of plates.

They have the sizes of 2023 (520 x 110, 330 x 165, 190 x 140 mm) and before (470 x 110). Where the standard leaves the
number of characters open, each number is a kind of its own. Character positions are measured on images.
"""

from __future__ import annotations

from dataclasses import replace

from .layout import DIGITS, LETTERS, Colour, PlateLayout, row_of_cells

_VIETNAM_LETTERS = "".join(c for c in LETTERS if c not in "IJOQRW")
_BLUE, _RED = (10, 60, 190), (190, 20, 30)
_WHITE, _BLACK = (245, 245, 245), (10, 10, 10)
_VN_ALPHABETS = (DIGITS, DIGITS, _VIETNAM_LETTERS) + (DIGITS,) * 5
_VN_SERIES = (DIGITS, DIGITS, _VIETNAM_LETTERS, _VIETNAM_LETTERS) + (DIGITS,) * 5
_VN_ARMY = (_VIETNAM_LETTERS,) * 2 + (DIGITS,) * 4


def _coloured(layout: PlateLayout, colour: str, title: str, background: Colour, ink: Colour, share: float):
    """The same kind of plate in another colour."""
    name = f"{layout.name}_{colour}"
    return replace(layout, name=name, title=title, background=background, ink=ink, share=share)


_VN_ONE_ROW = PlateLayout(
    "vn_one_row",
    "Vietnam, one row",
    (110, 520),
    row_of_cells((47, 10, 47, 10, 47, 37, 47, 10, 47, 10, 47, 24, 47, 10, 47), 15, 80, 16.5),
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
    row_of_cells((45, 12, 45, 12, 45), 12, 65, 85.5) + row_of_cells((45, 12, 45, 12, 45, 20, 45, 12, 45), 88, 65, 24.5),
    _VN_ALPHABETS,
    _WHITE,
    _BLACK,
    dots_mm=((193.5, 147, 5),),
    flagged_one=True,
    share=0.06,
)
_VN_MOTORCYCLE_TOP = row_of_cells((22, 7, 22, 30, 22, 7, 22), 12, 52, 29)

KINDS = (
    _VN_ONE_ROW,
    _VN_TWO_ROW,
    PlateLayout(
        "vn_motorcycle",
        "Vietnam, two rows (motorcycle)",
        (140, 190),
        _VN_MOTORCYCLE_TOP + row_of_cells((22, 12, 22, 12, 22, 20, 22, 12, 22), 76, 52, 11.5),
        (DIGITS, DIGITS, _VIETNAM_LETTERS, DIGITS + _VIETNAM_LETTERS) + (DIGITS,) * 5,
        _WHITE,
        _BLACK,
        dashes_mm=((89, 36, 10, 5),),
        dots_mm=((111.5, 124, 3.5),),
        flagged_one=True,
        share=0.06,
        series_digit=3,
    ),
    PlateLayout(
        "vn_one_row_old",
        "Vietnam, one row, four digits",
        (110, 470),
        row_of_cells((47, 10, 47, 10, 47, 37, 47, 10, 47, 10, 47, 10, 47), 15, 80, 27),
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
        row_of_cells((43, 8, 43, 8, 43, 8, 43, 30, 43, 8, 43, 8, 43, 20, 43, 8, 43), 15, 80, 17.5),
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
        row_of_cells((52, 12, 52, 40, 52, 12, 52, 40, 52, 12, 52), 15, 80, 46),
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
        _VN_TWO_ROW.cells_mm[:3] + row_of_cells((45, 18, 45, 18, 45, 18, 45), 88, 65, 48),
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
        row_of_cells((45, 12, 45, 12, 45, 12, 45), 12, 65, 57) + _VN_TWO_ROW.cells_mm[3:],
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
        row_of_cells((45, 12, 45), 12, 65, 114) + row_of_cells((45, 12, 45, 30, 45, 12, 45), 88, 65, 48),
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
        _VN_MOTORCYCLE_TOP + row_of_cells((22, 15, 22, 15, 22, 15, 22), 76, 52, 29),
        (DIGITS, DIGITS, _VIETNAM_LETTERS, DIGITS + _VIETNAM_LETTERS) + (DIGITS,) * 4,
        _WHITE,
        _BLACK,
        dashes_mm=((89, 36, 10, 5),),
        flagged_one=True,
        share=0.03,
        series_digit=3,
    ),
)
"""In the order in which the networks learnt them: a new one stands last."""
