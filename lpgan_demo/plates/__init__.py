"""Number plates: what stands where on each kind, what a plate looks like, and what a camera makes of it."""

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
