"""What looks like a plate and is none: signs, lettering on cars, lines that cameras write, real pieces of photos.

Each is drawn as a `Patch`, which `street_scenes` pastes into its pictures.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..images.drawing import packaged_font
from ..plates import DIGITS, LETTERS, SYMBOLS
from ..plates.lettering import latin_fonts
from ..plates.scenes import noise_field

PAD = 6
"""Paper around the text of a patch, pixels."""


class Patch(NamedTuple):
    """`picture`: float32 (H, W, 3) RGB 0-255; `opacity`: float32 (H, W) in [0, 1], 0 where what is behind shows."""

    picture: np.ndarray
    opacity: np.ndarray


def archive_pictures(archive: str | Path) -> list[np.ndarray]:
    """The pictures in a zip, uint8 RGB; raises ValueError when it holds none."""
    found = []
    with zipfile.ZipFile(archive) as pictures:
        for name in sorted(pictures.namelist()):
            data = np.frombuffer(pictures.read(name), np.uint8)
            if len(data) and (picture := cv2.imdecode(data, cv2.IMREAD_COLOR)) is not None:
                found.append(np.ascontiguousarray(picture[..., ::-1]))
    if not found:
        raise ValueError(f"{archive} holds no pictures")
    return found


class Misleading:
    """Source of patches.

    archive: a zip of pieces of photos without a readable plate ("": none); a quarter of the patches come from it.
    """

    def __init__(self, archive: str | Path = ""):
        self.pieces = archive_pictures(archive) if archive else []

    def sample(self, rng: np.random.Generator) -> Patch:
        """A patch that belongs to the scene: it is pasted before the picture is shot."""
        if self.pieces and rng.random() < 0.25:
            piece = self.pieces[rng.integers(len(self.pieces))].astype(np.float32)
            return Patch(piece, np.ones(piece.shape[:2], np.float32))
        return sign(rng) if rng.random() < 0.4 else car_lettering(rng)


def sign(rng: np.random.Generator) -> Patch:
    """A sign on a board: a shop's name, a number or a short code, dark on bright or bright on dark."""
    ink = _text_mask(_sign_text(rng), rng, PAD + int(rng.integers(0, 20)))
    dark, bright = rng.integers(0, 110, 3), rng.integers(130, 256, 3)
    paper, colour = (dark, bright) if rng.random() < 0.5 else (bright, dark)
    picture = paper + ink[..., None] * np.float32(colour - paper)
    return Patch(picture.astype(np.float32), np.ones(ink.shape, np.float32))


def car_lettering(rng: np.random.Generator) -> Patch:
    """A maker's or a model's name in metal or paint on the car itself, without a plate around it."""
    count = int(rng.integers(3, 9))
    text = "".join(rng.choice(list(LETTERS), count)) if rng.random() < 0.75 else _chinese_word(rng)
    ink = _text_mask(text.title() if rng.random() < 0.2 else text, rng)
    height, width = ink.shape
    colour = rng.uniform(150, 255) if rng.random() < 0.7 else rng.uniform(0, 255, 3)
    shine = 1 + noise_field(rng, ink.shape, (3, 2), 1) * 0.4
    edge = cv2.dilate(ink, np.ones((3, 3), np.uint8), iterations=2)
    picture = np.full((height, width, 3), rng.uniform(0, 90), np.float32)
    picture = picture * (1 - ink[..., None]) + np.float32(colour) * shine * ink[..., None]
    return Patch(picture.clip(0, 255).astype(np.float32), ink if rng.random() < 0.5 else edge * 0.8 + ink * 0.2)


def camera_line(rng: np.random.Generator) -> Patch:
    """A line that a camera writes into its picture: date, time, a counter, a place; mostly outlined."""
    now = rng.integers((1990, 1, 1, 0, 0, 0), (2040, 13, 29, 24, 60, 60))
    mark, digits = rng.choice(list("-/.")), "".join(rng.choice(list(DIGITS + "ABCDEF"), rng.integers(4, 10)))
    texts = (
        f"{now[0]}{mark}{now[1]:02}{mark}{now[2]:02}",
        f"{now[3]:02}:{now[4]:02}:{now[5]:02}",
        f"{now[0]}{mark}{now[1]:02}{mark}{now[2]:02} {now[3]:02}:{now[4]:02}",
        f"{rng.integers(10**4):04}/{rng.integers(10**5):05}",
        digits,
        f"CAM {rng.integers(1, 40):02} {digits[:3]}",
    )
    ink = _text_mask(texts[rng.integers(len(texts))], rng)
    colours = ((255, 255, 255), (255, 255, 255), (255, 240, 0), (255, 60, 30), (90, 255, 90), (10, 10, 10))
    colour = np.float32(colours[rng.integers(len(colours))])
    edge = cv2.dilate(ink, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
    picture = (255 - colour if colour.mean() < 60 else 0 * colour) * (1 - ink[..., None]) + colour * ink[..., None]
    return Patch(picture.astype(np.float32), edge if rng.random() < 0.7 else ink)


def _sign_text(rng: np.random.Generator) -> str:
    kind = rng.integers(3)
    if kind == 0:
        return _chinese_word(rng)
    if kind == 1:
        return "".join(rng.choice(list(DIGITS), rng.integers(1, 13)))
    return "".join(rng.choice(list(LETTERS + DIGITS), rng.integers(2, 6)))


def _chinese_word(rng: np.random.Generator) -> str:
    return "".join(rng.choice([s for s in SYMBOLS if s not in LETTERS + DIGITS], rng.integers(2, 6)))


def _text_mask(text: str, rng: np.random.Generator, pad: int = PAD) -> np.ndarray:
    """The text's ink in [0, 1], float32, in one of the installed fonts."""
    fonts = latin_fonts() if text.isascii() else []
    if fonts and rng.random() < 0.7:
        font = ImageFont.truetype(fonts[rng.integers(len(fonts))][0], 48)
    else:
        font = packaged_font("Medium", chinese=not text.isascii(), size=48)
    left, top, right, bottom = font.getbbox(text)
    canvas = Image.new("L", (round(right - left) + 2 * pad, round(bottom - top) + 2 * pad))
    ImageDraw.Draw(canvas).text((pad - left, pad - top), text, font=font, fill=255)
    return np.asarray(canvas, np.float32) / 255
