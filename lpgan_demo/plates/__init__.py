"""Number plates: layouts and texts, rendering of standard plates and scenes, and a camera model."""

from .layouts import (
    CHINESE_LAYOUTS,
    DIGITS,
    LAYOUTS,
    LETTERS,
    MAX_CHARACTERS,
    PROVINCES,
    SPECIAL_MARKS,
    SYMBOLS,
    TWO_ROW_ASPECT,
    PlateLayout,
    get_layout,
)
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
    "PlateLayout",
    "allowed_symbols",
    "decode",
    "encode",
    "get_layout",
    "normalise_text",
]
