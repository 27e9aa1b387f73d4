"""Number plates: layouts and texts, rendering of standard plates and scenes, and a camera model."""

from .layout import DIGITS, LETTERS, MAX_CHARACTERS, PROVINCES, SPECIAL_MARKS, SYMBOLS, PlateLayout
from .layouts import CHINESE_LAYOUTS, LAYOUTS, TWO_ROW_ASPECT, UNKNOWN, get_layout
from .text import allowed_symbols, decode, encode, normalise_text

__all__ = [
    "CHINESE_LAYOUTS",
    "DIGITS",
    "LAYOUTS",
    "LETTERS",
    "MAX_CHARACTERS",
    "PROVINCES",
    "SPECIAL_MARKS",
    "SYMBOLS",
    "TWO_ROW_ASPECT",
    "UNKNOWN",
    "PlateLayout",
    "allowed_symbols",
    "decode",
    "encode",
    "get_layout",
    "normalise_text",
]
