"""Letterings of rendered plates other than the packaged one: installed fonts, and random strokes, widths and slants.

One font is a bias: a network that has seen a single form of the 3 takes other forms for a 9. Latin fonts are those of
the installed `fontpkg-*` packages, Chinese ones the Noto CJK fonts of the system (Debian: fonts-noto-cjk); both are
openly licensed and needed for training only.
"""

from __future__ import annotations

import importlib.metadata
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .glyphs import CELL, FLAGGED_ONE, fill_cell
from .layout import DIGITS, LETTERS, PROVINCES, SPECIAL_MARKS

WEIGHTS = (400, 500, 600, 700)
"""Weights in which a variable font is used, regular to bold."""

_FIXED_STYLES = ("-Regular", "-Medium", "-SemiBold", "-Bold")
_NOTO_CJK = Path("/usr/share/fonts/opentype/noto")
_SIMPLIFIED_CHINESE = 2  # index of that face in a Noto CJK collection


@lru_cache(maxsize=1)
def latin_fonts() -> list[tuple[str, int | None]]:
    """(file, weight) of every upright font of an installed `fontpkg-*` package; weight None where the file has one."""
    found = []
    for distribution in importlib.metadata.distributions():
        if not (distribution.metadata["Name"] or "").startswith("fontpkg-"):
            continue
        for file in distribution.files or ():
            path = str(distribution.locate_file(file))
            if not path.endswith(".ttf") or "Italic" in file.name:
                continue
            if "wght" in file.name:
                found += [(path, weight) for weight in WEIGHTS]
            elif any(style in file.name for style in _FIXED_STYLES):
                found.append((path, None))
    return sorted(found, key=lambda font: (Path(font[0]).name, font[1] or 0))


@lru_cache(maxsize=1)
def chinese_fonts() -> list[str]:
    """Files of the system's Noto CJK fonts, sans and serif, regular to black; none where they are not installed."""
    names = [f"Noto{kind}CJK-{w}.ttc" for kind in ("Sans", "Serif") for w in ("Regular", "Medium", "Bold", "Black")]
    return [str(_NOTO_CJK / name) for name in names if (_NOTO_CJK / name).is_file()]


@cache
def latin_glyphs(path: str, weight: int | None) -> dict[str, np.ndarray]:
    """Ink masks, uint8 (180, 90), of digits and letters in one of `latin_fonts`; both forms of the 1 are the font's."""
    font = ImageFont.truetype(path, 200)
    if weight is not None:
        narrow = {"Weight": lambda axis: weight, "Width": lambda axis: axis["minimum"]}
        axes = [
            (axis, axis["name"].decode() if isinstance(axis["name"], bytes) else axis["name"])
            for axis in font.get_variation_axes()
        ]
        font.set_variation_by_axes([narrow.get(name, lambda axis: axis["default"])(axis) for axis, name in axes])
    glyphs = _glyphs(font, DIGITS + LETTERS)
    return glyphs | {FLAGGED_ONE: glyphs["1"]}


@cache
def chinese_glyphs(path: str) -> dict[str, np.ndarray]:
    """Ink masks, uint8 (180, 90), of provinces and special marks in one of `chinese_fonts`."""
    return _glyphs(ImageFont.truetype(path, 200, index=_SIMPLIFIED_CHINESE), PROVINCES + SPECIAL_MARKS)


def _glyphs(font: ImageFont.FreeTypeFont, symbols: str) -> dict[str, np.ndarray]:
    glyphs = {}
    for symbol in symbols:
        canvas = Image.new("L", (360, 360))
        ImageDraw.Draw(canvas).text((70, 30), symbol, font=font, fill=255)
        if (ink := np.asarray(canvas)).max() > 100:
            glyphs[symbol] = fill_cell(ink, symbol)
    return glyphs


def slab_one(stem: int, reach: float, fall: float) -> np.ndarray:
    """A 1 as Vietnamese makers cut it, uint8 mask of a `CELL`: no foot, and a flag that is nearly a bar.

    stem: width of the stem in pixels; reach: how far the flag stands out to its left, in stems; fall: how far it falls
    on the way, as a share of its reach.
    """
    out = round(reach * stem)
    outline = np.array([[out, 0], [0, fall * out], [0, fall * out + 0.85 * stem], [out, 1.1 * stem]])
    ink = np.zeros(CELL, np.uint8)
    ink[:, out : out + stem] = 255
    return cv2.fillPoly(ink, [outline.round().astype(np.int32)], 255, cv2.LINE_AA)


def set_one(ink: np.ndarray, flag: float, place: float) -> np.ndarray:
    """A 1 with this share of its flag; `place` 0 sets it to the left of its cell, as makers do, 0.5 in the middle."""
    used, stem = np.flatnonzero(ink.max(0) > 100), np.flatnonzero(ink[len(ink) // 2] > 100)
    kept = ink[:, used[0] + round((1 - flag) * (stem[0] - used[0])) : used[-1] + 1]
    free = ink.shape[1] - kept.shape[1]
    left = round(place * free)
    return np.pad(kept, ((0, 0), (left, free - left)))


def vary(glyphs: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Change the glyphs of one plate: the same random stroke width, character width and slant for all of them.

    The 1 with a flag is often a `slab_one`, else keeps a random part of its flag; it stands at a random place of the
    left half of its cell.
    """
    if FLAGGED_ONE in glyphs:
        one, flag = glyphs[FLAGGED_ONE], rng.uniform(0.5, 1)
        if rng.random() < 0.6:
            stem = int(np.count_nonzero(one[len(one) // 2] > 100))
            stem = min(stem, 30)  # so that the longest flag stays in the cell
            one, flag = slab_one(stem, rng.uniform(0.8, 1.7), rng.uniform(0.1, 0.9)), 1.0
        glyphs = glyphs | {FLAGGED_ONE: set_one(one, flag, rng.uniform(0, 0.6))}
    height, width = CELL
    stroke, squeeze, slant = int(rng.integers(-5, 7)), rng.uniform(0.78, 1.0), np.tan(np.deg2rad(rng.normal(0, 3)))
    warp = np.float32([[squeeze, slant, width * (1 - squeeze) / 2 - slant * height / 2], [0, 1, 0]])
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(stroke) + 1,) * 2)
    changed = {}
    for symbol, ink in glyphs.items():
        if stroke:
            ink = cv2.dilate(ink, kernel) if stroke > 0 else cv2.erode(ink, kernel)
        changed[symbol] = cv2.warpAffine(ink, warp, (width, height), flags=cv2.INTER_LINEAR)
    return changed
