"""Ink masks of single characters, drawn from openly licensed fonts or read from a folder of glyph images.

Packaged fonts: Barlow Condensed (OFL) for letters and digits, Noto Sans SC (OFL) for Chinese characters.
Each glyph is cropped to its ink and stretched to fill its cell, as in the plate standards.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ..images.drawing import packaged_font
from .layout import DIGITS, LETTERS, SYMBOLS

CELL = (180, 90)
"""Height and width in pixels of a stored glyph: 2 pixels per millimetre of the 45 x 90 mm cell."""

STANDARD_STYLE = "Medium"
"""Barlow Condensed weight of the standard plate."""

FLAGGED_ONE = "1 with a flag"
"""Key of the 1 of layouts whose `flagged_one` is set; "1" is the bare bar of Chinese plates."""

_NARROW = ("1", "I", FLAGGED_ONE)

_CJK_DILATION = {"Medium": 5, "SemiBold": 5, "Bold": 9}
"""Kernel size that thickens Chinese characters to each weight; the only packaged CJK font is Regular."""


def fill_cell(ink: np.ndarray, symbol: str) -> np.ndarray:
    """Crop a grey mask to its ink and stretch it to `CELL`; narrow symbols keep their aspect."""
    rows, columns = np.where(ink.max(1) > 100)[0], np.where(ink.max(0) > 100)[0]
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = CELL
    if symbol in _NARROW:
        narrow = min(width, max(8, round(height * ink.shape[1] / ink.shape[0])))
        cell = np.zeros(CELL, np.uint8)
        left = (width - narrow) // 2
        cell[:, left : left + narrow] = cv2.resize(ink, (narrow, height), interpolation=cv2.INTER_AREA)
        return cell
    return cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)


def draw_glyph(symbol: str, style: str = STANDARD_STYLE) -> np.ndarray:
    """Ink mask of one symbol in a packaged font: uint8 `CELL`, 255 ink. `style` is a Barlow weight."""
    if symbol == "1":
        return fill_cell(np.full((180, _stem_width(style)), 255, np.uint8), symbol)
    chinese = symbol not in DIGITS + LETTERS and symbol != FLAGGED_ONE
    canvas = Image.new("L", (420, 420))
    font = packaged_font("" if chinese else style, chinese)
    ImageDraw.Draw(canvas).text((90, 60), symbol[0], font=font, fill=255)
    cell = fill_cell(np.asarray(canvas), symbol)
    if chinese and style in _CJK_DILATION:
        size = _CJK_DILATION[style]
        cell = cv2.dilate(cell, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    return cell


@lru_cache(maxsize=8)
def _stem_width(style: str) -> int:
    """Stroke width of the style in cell pixels, measured on the stem of an 'L'."""
    return int((draw_glyph("L", style)[60] > 127).sum())


@lru_cache(maxsize=8)
def font_glyphs(style: str = STANDARD_STYLE) -> dict[str, np.ndarray]:
    """{symbol: ink mask} of every symbol and of `FLAGGED_ONE` in one packaged style."""
    return {symbol: draw_glyph(symbol, style) for symbol in (*SYMBOLS, FLAGGED_ONE)}


def folder_glyphs(folder: str | Path, prefix: str = "") -> dict[str, np.ndarray]:
    """Ink masks from a folder of glyph images.

    An alpha channel is taken as the ink. Otherwise the median of all corner pixels of the folder is the paper: some
    glyphs, such as E, touch their corners, so that a single image does not tell its polarity.

    Args:
        folder: holds images named prefix + symbol + extension (png, jpg); other files are ignored.
        prefix: of the file names.

    Returns:
        {symbol: uint8 `CELL`, 255 ink}; images without ink are left out.

    Raises:
        FileNotFoundError: there are no such images.
    """
    glyphs: dict[str, np.ndarray] = {}
    for path in sorted(Path(folder).iterdir()):
        symbol = path.stem[len(prefix) :].upper()
        if path.stem.startswith(prefix) and symbol in SYMBOLS and len(symbol) == 1:
            data = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
            if data is not None:
                glyphs[symbol] = data[..., 3] if data.ndim == 3 and data.shape[2] == 4 else data
    if not glyphs:
        raise FileNotFoundError(f"no glyph images named {prefix}<symbol>.png or .jpg in {folder}")
    grey = {s: cv2.cvtColor(g, cv2.COLOR_BGR2GRAY) if g.ndim == 3 else g for s, g in glyphs.items()}
    corners = np.concatenate([[g[0, 0], g[0, -1], g[-1, 0], g[-1, -1]] for g in grey.values()])
    if np.median(corners) > 127:
        grey = {s: 255 - g for s, g in grey.items()}
    return {s: fill_cell(g, s) for s, g in grey.items() if g.max() > 100}
