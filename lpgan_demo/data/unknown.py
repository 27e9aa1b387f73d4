"""Pictures that the networks must not put a text to: plates of kinds that they do not know, and what is no plate.

`ForeignPlates` renders plates of random layouts and letterings; `NoPlates` takes real pieces of photos from an archive.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from .. import images
from ..plates import DIGITS, LAYOUTS, LETTERS
from ..plates.camera import random_camera, shoot
from ..plates.glyphs import font_glyphs
from ..plates.layout import PlateLayout
from ..plates.lettering import latin_fonts, latin_glyphs, vary
from ..plates.scenes import ANY_FRAMING, SceneRanges, place, used_plate
from .batches import PlateSample
from .misleading import archive_pictures

_PAPERS = ((245, 245, 245), (240, 240, 225), (245, 200, 40), (30, 70, 170), (20, 20, 25), (170, 30, 40), (30, 110, 70))


class ForeignPlates:
    """Source of rendered plates of no known kind: other sizes, rows and texts, bands, lines of small print.

    index: what stands for "no known kind" among the layouts of the samples. ranges: pose of the plates in their crops.
    """

    def __init__(self, index: int, ranges: SceneRanges = ANY_FRAMING):
        self.index, self.ranges = index, ranges

    def sample(self, rng: np.random.Generator) -> PlateSample:
        """One plate, shot by a random camera."""
        plate, coverage, aspect = foreign_plate(rng, self.ranges)
        placed = place(plate, coverage, aspect, rng, ranges=self.ranges)
        crop = shoot(placed.scene, random_camera(rng), rng)
        return PlateSample(crop, "", self.index, placed.corners / placed.scene.shape[1::-1])


def foreign_plate(rng: np.random.Generator, ranges: SceneRanges = ANY_FRAMING) -> tuple[np.ndarray, np.ndarray, float]:
    """A worn plate of no known kind: it and its ink as from `scenes.used_plate`, and its width over its height."""
    layout = random_layout(rng)
    text = layout.random_text(rng)
    while any(known.accepts(text) for known in LAYOUTS.values()):
        layout = random_layout(rng)
        text = layout.random_text(rng)
    fonts = latin_fonts()
    glyphs = latin_glyphs(*fonts[rng.integers(len(fonts))]) if fonts else font_glyphs("Medium")
    glyphs = vary({symbol: glyphs[symbol] for symbol in set(text) if symbol in glyphs}, rng)
    plate, coverage = used_plate(text, layout, rng, glyphs, ranges)
    _decorate(plate, rng)
    return plate, coverage, layout.size_mm[1] / layout.size_mm[0]


def random_layout(rng: np.random.Generator) -> PlateLayout:
    """A layout that no country has: one or two rows, 4 to 8 characters, any of a plate's usual colours and sizes."""
    rows = 1 if rng.random() < 0.8 else 2
    height, width = ((110.0, 520.0), (150.0, 300.0), (140.0, 440.0))[rng.integers(3)] if rows == 1 else (170.0, 280.0)
    count, cells = int(rng.integers(4, 9)), []
    edge = rng.uniform(0.03, 0.12) * width, rng.uniform(0.08, 0.28) * height
    for row, n in enumerate((count,) if rows == 1 else (count // 2, count - count // 2)):
        gap = rng.integers(0, n + 1)  # after this character, if it is not the last
        pitch = (width - 2 * edge[0]) / (n + (0.7 if gap < n else 0))
        tall = (height - 2 * edge[1]) / rows
        for k in range(n):
            x = edge[0] + pitch * (k + (0.7 if k >= gap else 0))
            cells.append((x, edge[1] + row * tall, pitch * 0.84, tall * (1.0 if rows == 1 else 0.86)))
    paper = _PAPERS[rng.integers(len(_PAPERS))]
    dark = (10, 10, 10) if rng.random() < 0.6 else tuple(int(v) for v in rng.integers(0, 130, 3))
    ink = dark if sum(paper) > 330 else (245, 245, 245)
    alphabets = tuple(LETTERS if rng.random() < 0.45 else DIGITS for _ in cells)
    blank = next(iter(LAYOUTS.values()))
    plain = {"dots_mm": (), "dashes_mm": (), "red_marks": "", "flagged_one": bool(rng.random() < 0.8)}
    return replace(
        blank,
        name="",
        size_mm=(height, width),
        cells_mm=tuple(cells),
        alphabets=alphabets,
        background=paper,
        ink=ink,
        frame=bool(rng.random() < 0.5),
        **plain,
    )


def _decorate(plate: np.ndarray, rng: np.random.Generator) -> None:
    """Draw a band at one end, and small print above and below, into a plate, in place."""
    height, width = plate.shape[:2]
    if rng.random() < 0.35:
        band, left = round(width * rng.uniform(0.05, 0.1)), rng.random() < 0.8
        plate[:, slice(0, band) if left else slice(width - band, width)] = rng.uniform(0, 255, 3)
    for y in (0.13, 0.95):
        if rng.random() < 0.5:
            word = "".join(LETTERS[k] for k in rng.integers(0, len(LETTERS), rng.integers(4, 16)))
            at = (round(width * rng.uniform(0.05, 0.4)), round(height * y))
            ink = np.zeros((height, width), np.uint8)
            cv2.putText(ink, word, at, cv2.FONT_HERSHEY_SIMPLEX, height / 200, 255, 1, cv2.LINE_AA)
            opacity = ink[..., None] / np.float32(255)
            plate += opacity * (np.float32(rng.uniform(0, 255, 3)) - plate)


class NoPlates:
    """Source of real pieces of photos without a readable plate.

    archive: a zip of small pictures. index: as of `ForeignPlates`. Raises ValueError when the archive holds none.
    """

    def __init__(self, archive: str | Path, index: int):
        self.index, self.pictures = index, archive_pictures(archive)

    def sample(self, rng: np.random.Generator) -> PlateSample:
        """One piece, cut out anew and shot by a random camera."""
        picture = self.pictures[rng.integers(len(self.pictures))]
        h, w = picture.shape[:2]
        quad = images.UNIT_SQUARE + rng.uniform(-0.12, 0.12, (4, 2))
        scene = images.warp_crop(picture, quad * (w, h), (64, 192))
        return PlateSample(shoot(scene, random_camera(rng, rendered=False), rng), "", self.index)
