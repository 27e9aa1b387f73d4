"""Chinese kinds of plates.

They follow GA 36: 440 x 140 mm, characters 45 x 90, margin 15.5, gaps 12, 34 between the 2nd and the 3rd; 480 x 140 for
new-energy cars. Character positions of the armed police, farm vehicles and motorcycles are estimated from the plate's
size.
"""

from __future__ import annotations

from .layout import DIGITS, LETTERS, PROVINCES, Colour, PlateLayout, row_of_cells

TWO_ROW_ASPECT = 2.2
"""Width over height below which a yellow plate has two rows; one-row plates are 3.1:1, two-row ones 2:1."""

ONE_ROW = ("cn_blue", "cn_yellow", "cn_white", "cn_black", "cn_green")
"""Names of the common layouts with one row."""

_LETTERS_NO_IO = "".join(c for c in LETTERS if c not in "IO")
_CITY_LETTERS = "".join(c for c in LETTERS if c != "I")  # O is the second character of official plates (粤O...)
_SERIAL = DIGITS + _LETTERS_NO_IO

_CN_CELLS = row_of_cells((45, 12, 45, 34, 45, 12, 45, 12, 45, 12, 45, 12, 45), 25, 90, 15.5)
_CN_ALPHABETS = (PROVINCES, _CITY_LETTERS) + (_SERIAL,) * 4
_GREEN_CELLS = row_of_cells((45, 9, 43, 49, 43, 9, 43, 9, 43, 9, 43, 9, 43, 9, 43), 25, 90, 15.5)
_TWO_ROW_CELLS = row_of_cells((80, 60, 80), 15, 60, 110) + row_of_cells(
    (65, 15, 65, 15, 65, 15, 65, 15, 65), 90, 110, 27.5
)
_WJ_CELLS = row_of_cells((45, 6, 45, 8, 34, 21, 44, 8, 44, 8, 44, 8, 44, 8, 44), 25, 90, 14.5)
_WJ_TWO_ROW_CELLS = row_of_cells((75, 15, 75, 30, 75), 15, 60, 85) + _TWO_ROW_CELLS[2:]
_MOTORCYCLE_CELLS = row_of_cells((38, 26, 38), 12, 42, 59) + row_of_cells((30, 8, 30, 8, 30, 8, 30, 8, 30), 66, 62, 19)
_FARM_CELLS = row_of_cells((44, 26, 40, 12, 40), 14, 52, 69) + row_of_cells(
    (42, 12, 42, 12, 42, 12, 42, 12, 42), 78, 74, 21
)
_CN_DOT, _TWO_ROW_DOT = ((134.5, 70, 5),), ((220, 45, 5),)
_BLUE, _YELLOW = (10, 60, 190), (245, 190, 30)
_BLACK = (10, 10, 10)
_WJ_ALPHABETS = ("W", "J", PROVINCES) + (DIGITS,) * 4 + (_SERIAL,)
_ARMY_ALPHABETS = (_LETTERS_NO_IO,) * 2 + (DIGITS,) * 5


def _chinese(name: str, title: str, background: Colour, ink: Colour, last_marks: str, **more) -> PlateLayout:
    """One-row Chinese plate of seven characters; `last_marks` may stand last besides letters and digits."""
    alphabets = (*_CN_ALPHABETS, _SERIAL + last_marks)
    return PlateLayout(name, title, (140, 440), _CN_CELLS, alphabets, background, ink, dots_mm=_CN_DOT, **more)


def _two_rows(name: str, title: str, alphabets, background: Colour, **more) -> PlateLayout:
    """Chinese plate with two black characters above five, as on the rear of large vehicles."""
    return PlateLayout(name, title, (220, 440), _TWO_ROW_CELLS, alphabets, background, _BLACK, **more)


KINDS = (
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
        row_of_cells((45, 12, 45, 12, 45, 34, 45, 12, 45, 12, 45, 12, 45), 25, 90, 15.5),
        (DIGITS,) * 6 + ("使",),
        (15, 15, 20),
        (255, 255, 255),
        dots_mm=((191.5, 70, 5),),
    ),
    PlateLayout(
        "cn_embassy_old",
        "China, embassy, before 2017",
        (140, 440),
        row_of_cells((45, 12, 45, 12, 45, 12, 45, 34, 45, 12, 45, 12, 45), 25, 90, 15.5),
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
)
"""In the order in which the networks learnt them: a new one stands last."""
