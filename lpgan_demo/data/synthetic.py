"""A source of rendered plates, shot by random cameras."""

from __future__ import annotations

import numpy as np

from ..plates import CHINESE_LAYOUTS, DIGITS, LETTERS, get_layout
from ..plates.camera import random_camera, shoot
from ..plates.glyphs import FLAGGED_ONE, folder_glyphs, font_glyphs
from ..plates.lettering import chinese_fonts, chinese_glyphs, latin_fonts, latin_glyphs, vary
from ..plates.scenes import CLOSE_FRAMING, SceneRanges, placed_plate, spaced
from .batches import PlateSample
from .characters import RealCharacters


class SyntheticPlates:
    """Source of rendered plates with random texts.

    Args:
        layouts, shares: names of the layouts and how often each is drawn, relatively; by `PlateLayout.share` when
            shares is None.
        glyph_folders: (folder,) or (folder, prefix) of glyph images, as in `plates.glyphs.folder_glyphs`.
        folder_share: share of plates with glyphs from a folder; the others are drawn with a font.
        ranges: pose of the plates in their crops.
        lettering: "packaged" fonts, or "many": every installed one, with random strokes, widths and slants.
        characters: real characters to letter some of the plates with.

    Raises:
        ValueError: the lettering is neither of these.
    """

    def __init__(
        self,
        layouts=CHINESE_LAYOUTS,
        shares=None,
        glyph_folders=(),
        folder_share: float = 0.5,
        ranges: SceneRanges = CLOSE_FRAMING,
        lettering: str = "packaged",
        characters: RealCharacters | None = None,
    ):
        if lettering not in ("packaged", "many"):
            raise ValueError(f"lettering must be packaged or many, not {lettering!r}")
        self.layouts = [get_layout(name) for name in layouts]
        shares = [layout.share for layout in self.layouts] if shares is None else shares
        self.shares = np.asarray(shares, float) / np.sum(shares)
        self.fonts = [font_glyphs(style) for style in ("Regular", "Medium", "Medium", "SemiBold")]
        self.folders = [folder_glyphs(*spec) for spec in glyph_folders]
        self.folder_share = folder_share if self.folders else 0.0
        self.ranges, self.many, self.characters = ranges, lettering == "many", characters

    def draw_text(self, rng: np.random.Generator) -> tuple[str, int]:
        """A random text and the index of its layout."""
        index = int(rng.choice(len(self.layouts), p=self.shares))
        return self.layouts[index].random_text(rng), index

    def draw_glyphs(self, rng: np.random.Generator, text: str) -> dict:
        """The glyphs of one plate that says `text`: from a font, a folder or real characters."""
        pool = self.folders if rng.random() < self.folder_share else self.fonts
        glyphs = pool[rng.integers(len(pool))]
        if not self.many:
            return glyphs
        if pool is self.fonts and rng.random() < 0.55:
            glyphs = glyphs | latin_glyphs(*_one_of(latin_fonts(), rng))
        if (pool is self.fonts or rng.random() < 0.3) and chinese_fonts():
            glyphs = glyphs | chinese_glyphs(_one_of(chinese_fonts(), rng))
        glyphs = font_glyphs() | glyphs
        glyphs = {symbol: glyphs[symbol] for symbol in (*sorted(set(text)), FLAGGED_ONE)}
        if self.characters is not None and text[0] not in DIGITS:
            share = rng.random()  # a quarter of the plates all over, as many again their Chinese characters alone
            for symbol in sorted(set(text)):
                if share < 0.25 or (share < 0.6 and symbol not in DIGITS + LETTERS):
                    ink = self.characters.draw(symbol, rng)
                    glyphs |= {} if ink is None else {symbol: ink}
        return vary(glyphs, rng) if rng.random() < 0.7 else glyphs

    def sample(self, rng: np.random.Generator) -> PlateSample:
        """One plate, shot by a random camera."""
        text, index = self.draw_text(rng)
        layout, spacing = self.layouts[index], self.ranges.spacing
        if spacing != (1.0, 1.0) and rng.random() < 0.5:
            layout = spaced(layout, rng.uniform(*spacing), rng.normal(0, 0.01))
        placed = placed_plate(text, layout, rng, self.draw_glyphs(rng, text), ranges=self.ranges)
        corners = placed.corners / placed.scene.shape[1::-1]
        return PlateSample(shoot(placed.scene, random_camera(rng), rng), text, index, corners, placed.scene)


def _one_of(choices: list, rng: np.random.Generator):
    return choices[rng.integers(len(choices))]
