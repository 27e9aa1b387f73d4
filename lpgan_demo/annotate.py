"""A photo with its plates marked: outlines that can be seen on any paint, and labels in the plates' own characters."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from .glyphs import packaged_font

MARK = (255, 214, 10)
DARK = (20, 20, 20)


def annotate(photo: np.ndarray, corners, labels) -> np.ndarray:
    """uint8 RGB (H, W, 3), corners (K, 4, 2) in pixels and K labels -> a marked copy.

    Lines and letters grow with the photo; a label stands above its plate, or below it where there is no room.
    """
    picture = Image.fromarray(photo)
    draw = ImageDraw.Draw(picture)
    unit = max(photo.shape[:2])
    line, size = max(1, round(unit / 400)), max(11, round(unit / 40))
    for quad, label in zip(np.asarray(corners, float).reshape(-1, 4, 2), labels):
        points = [tuple(point) for point in quad]
        draw.line([*points, points[0]], fill=DARK, width=line + 2, joint="curve")
        draw.line([*points, points[0]], fill=MARK, width=line, joint="curve")
        _label(draw, picture.size, quad, str(label), size)
    return np.asarray(picture)


def _label(draw: ImageDraw.ImageDraw, canvas: tuple[int, int], quad: np.ndarray, label: str, size: int) -> None:
    """Latin letters in one font, Chinese ones in the other, on a plain ground, inside the picture."""
    parts = [(c, packaged_font("Medium", chinese=not c.isascii(), size=size)) for c in label]
    width = sum(font.getlength(c) for c, font in parts)
    pad = max(2, size // 6)
    x = min(max(0.0, quad[:, 0].min()), max(0.0, canvas[0] - width - 2 * pad))
    y = quad[:, 1].min() - size - 3 * pad
    y = y if y >= 0 else min(quad[:, 1].max() + pad, canvas[1] - size - 2 * pad)
    draw.rectangle((x, y, x + width + 2 * pad, y + size + 2 * pad), fill=MARK)
    x += pad
    for c, font in parts:
        draw.text((x, y + pad + size), c, font=font, fill=DARK, anchor="ld")
        x += font.getlength(c)
