"""A source of rendered plates, shot by random cameras."""

from __future__ import annotations

import numpy as np

from ..plates import CHINESE_LAYOUTS, get_layout
from ..plates.camera import random_camera, shoot
from ..plates.glyphs import folder_glyphs, font_glyphs
from ..plates.scenes import plate_scene


class SyntheticPlates:
    """Source of rendered plates with random texts.

    Args:
        layouts, shares: names of the layouts and how often each is drawn, relatively; equally when shares is None.
        glyph_folders: (folder,) or (folder, prefix) of glyph images, as in `plates.glyphs.folder_glyphs`.
        folder_share: share of plates with glyphs from a folder; the others are drawn with a font.
    """

    def __init__(self, layouts=CHINESE_LAYOUTS, shares=None, glyph_folders=(), folder_share: float = 0.5):
        self.layouts = [get_layout(name) for name in layouts]
        self.shares = None if shares is None else np.asarray(shares, float) / np.sum(shares)
        self.fonts = [font_glyphs(style) for style in ("Regular", "Medium", "Medium", "SemiBold")]
        self.folders = [folder_glyphs(*spec) for spec in glyph_folders]
        self.folder_share = folder_share if self.folders else 0.0

    def draw_text(self, rng: np.random.Generator) -> tuple[str, int]:
        """A random text and the index of its layout."""
        index = int(rng.choice(len(self.layouts), p=self.shares))
        return self.layouts[index].random_text(rng), index

    def draw_glyphs(self, rng: np.random.Generator) -> dict:
        """The glyphs of one plate, from a font or a folder."""
        pool = self.folders if rng.random() < self.folder_share else self.fonts
        return pool[rng.integers(len(pool))]

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, str, int]:
        """(crop: uint8 RGB at the size of its camera, text, index of the layout)."""
        text, index = self.draw_text(rng)
        scene = plate_scene(text, self.layouts[index], rng, self.draw_glyphs(rng))
        return shoot(scene, random_camera(rng), rng), text, index
