"""A plate as a PNG file that says what it shows: how one tab hands a plate to another."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, PngImagePlugin

from ..plates import LAYOUTS, get_layout

KEY = "lpgan-plate"
"""Keyword of the text chunk that holds the note, LAYOUT:TEXT."""


class PlateNote(NamedTuple):
    """What is known of a crop of one plate: its text and the name of its layout, as it was made; both "" of others."""

    text: str = ""
    layout: str = ""


NOT_KNOWN = PlateNote()
"""The note of a crop of which nothing is known but that it shows one plate."""


def write_plate(picture: np.ndarray, path: Path, note: PlateNote = NOT_KNOWN) -> Path:
    """Write the crop of one plate and what is known of it.

    Args:
        picture: uint8 (H, W, 3) RGB.
        path: of the PNG file.
        note: what is known.

    Returns:
        path.
    """
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt(KEY, f"{note.layout}:{note.text}")
    Image.fromarray(picture).save(path, pnginfo=chunks)
    return path


def read_note(path: str | Path) -> PlateNote | None:
    """The note of a file that `write_plate` wrote; None for any other file. A note that cannot be true is empty."""
    try:
        with Image.open(path, formats=["PNG"]) as file:
            note = file.info.get(KEY)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    if note is None:
        return None
    layout, _, text = note.partition(":")
    return PlateNote(text, layout) if layout in LAYOUTS and get_layout(layout).accepts(text) else NOT_KNOWN
