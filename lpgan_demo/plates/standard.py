"""The standard plate of a text, MTGAN's ground truth: flat, frontal and clean; and its exact ink mask."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from .glyphs import FLAGGED_ONE, STANDARD_STYLE, font_glyphs
from .layout import PlateLayout

STANDARD_SIZE = (64, 192)
"""(height, width) in pixels of the standard plate that GN generates."""

_RED = (200, 20, 30)


def ink_coverage(
    text: str, layout: PlateLayout, size: tuple[int, int], glyphs: dict | None = None, frame: bool = True
) -> np.ndarray:
    """Share of each pixel that is covered by ink: characters, separators and the frame line.

    Args:
        text: need not fit the alphabets, but every symbol must be in `SYMBOLS`.
        layout: gives the positions.
        size: (height, width) in pixels.
        glyphs: {symbol: ink mask}; missing symbols, and None, take the standard style.
        frame: False leaves out the frame line.

    Returns:
        float32 `size` in [0, 1].
    """
    glyphs = glyphs or font_glyphs(STANDARD_STYLE)
    height_mm, width_mm = layout.size_mm
    scale = max(1.0, size[1] / width_mm)
    canvas = np.zeros((round(height_mm * scale), round(width_mm * scale)), np.uint8)
    for symbol, (x, y, w, h) in zip(text, layout.cells_mm):
        symbol = FLAGGED_ONE if symbol == "1" and layout.flagged_one else symbol
        glyph = glyphs[symbol] if symbol in glyphs else font_glyphs(STANDARD_STYLE)[symbol]
        x0, y0, x1, y1 = (round(v * scale) for v in (x, y, x + w, y + h))
        drawn = cv2.resize(glyph, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        canvas[y0:y1, x0:x1] = np.maximum(canvas[y0:y1, x0:x1], drawn)
    for x, y, r in layout.dots_mm:
        cv2.circle(canvas, (round(x * scale), round(y * scale)), round(r * scale), 255, -1, cv2.LINE_AA)
    for x, y, w, h in layout.dashes_mm:
        x0, y0, x1, y1 = (round(v * scale) for v in (x, y, x + w, y + h))
        canvas[y0:y1, x0:x1] = 255
    if frame and layout.frame:
        inset, thickness = round(5 * scale), max(1, round(2.5 * scale))
        corner = (canvas.shape[1] - 1 - inset, canvas.shape[0] - 1 - inset)
        cv2.rectangle(canvas, (inset, inset), corner, 255, thickness)
    canvas = cv2.resize(canvas, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return canvas.astype(np.float32) / 255.0


@lru_cache(maxsize=64)
def background(layout: PlateLayout, size: tuple[int, int]) -> np.ndarray:
    """The plate without ink: float32 (*size, 3) RGB, plain, a vertical gradient, or in two colours side by side."""
    top = np.asarray(layout.background, np.float32)
    bottom = np.asarray(layout.background_bottom or layout.background, np.float32)
    t = np.linspace(0, 1, size[0], dtype=np.float32)[:, None, None]
    plate = np.repeat(top * (1 - t) + bottom * t, size[1], axis=1)
    if layout.background_left is not None:
        plate[:, : round(layout.regions[1][2] * size[1])] = layout.background_left
    return plate


def ink_colour(text: str, layout: PlateLayout, size: tuple[int, int]) -> np.ndarray:
    """Ink colour of each pixel: float32 (*size, 3) RGB, or (1, 1, 3) where it is the same everywhere."""
    ink = np.asarray(layout.ink, np.float32).reshape(1, 1, 3)
    red = [k for k, symbol in enumerate(text) if k < layout.red_first or symbol in layout.red_marks]
    if not red:
        return ink
    ink = np.tile(ink, (*size, 1))
    scale = np.array(size) / layout.size_mm
    for x, y, w, h in (layout.cells_mm[k] for k in red):
        (y0, x0), (y1, x1) = np.round((y, x) * scale).astype(int), np.round((y + h, x + w) * scale).astype(int)
        ink[y0:y1, x0:x1] = _RED
    return ink


def standard_plate(text: str, layout: PlateLayout, size: tuple[int, int] = STANDARD_SIZE) -> np.ndarray:
    """The standard plate of a text, MTGAN's ground truth: uint8 (*size, 3) RGB.

    Raises ValueError when the layout does not allow the text.
    """
    if not layout.accepts(text):
        raise ValueError(f"{text!r} is not a text of layout {layout.name!r}")
    coverage = ink_coverage(text, layout, size)[..., None]
    plate = background(layout, size) * (1 - coverage) + ink_colour(text, layout, size) * coverage
    return np.rint(plate).astype(np.uint8)


def ink_mask(text: str, layout: PlateLayout, size: tuple[int, int], frame: bool = True) -> np.ndarray:
    """The exact ink of the standard plate: uint8 `size`, 0 ink and 255 paper."""
    return np.where(ink_coverage(text, layout, size, frame=frame) >= 0.5, 0, 255).astype(np.uint8)
