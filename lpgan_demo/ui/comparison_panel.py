"""One plate restored in every way, as HTML and as a sheet to take away; wrong characters are marked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from ..images.drawing import packaged_font
from .reading_panel import data_uri
from .words import say

_MTGAN = (
    "https://discovery.researcher.life/article/joint-license-plate-superresolution-and-recognition-in-one-multitask-"
    "gan-framework/b538cd6a2229325f8684cb647f693dd8"
)
_DEBLUR = "https://www.semanticscholar.org/paper/e64dd49277a7b0e24f4aab9d3c2f0ed21237566c"

PAPERS = {
    "origin": ("Keys 1981", "https://doi.org/10.1109/TASSP.1981.1163711"),
    "srcnn": ("Dong et al. 2014", "https://arxiv.org/abs/1501.00092"),
    "srgan": ("Ledig et al. 2017", "https://arxiv.org/abs/1609.04802"),
    "dp-gan": ("Liu et al. 2017", "https://doi.org/10.1145/3123266.3123422"),
    "gn": ("Zhang, Liu, Ma 2018", _MTGAN),
    "mtgan": ("Zhang, Liu, Ma 2018", _MTGAN),
    "deblur": ("Nguyen, Nguyen", _DEBLUR),
    "deblur-folded": ("Nguyen, Nguyen", _DEBLUR),
    "deblur-guided": ("Nguyen, Nguyen", _DEBLUR),
    "ocr": ("Otsu 1979", "https://doi.org/10.1109/TSMC.1979.4310076"),
}
"""{way of restoring: (authors and year, address) of its paper}; say(language, "way_" + way) is its name."""

CSS = """
.ways {display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 250px), 1fr)); gap: 1.2rem 1rem}
.ways figure {margin: 0; min-width: 0}
.ways img {width: 100%; height: auto; max-height: 220px; object-fit: contain; object-position: left; display: block;
  border-radius: .3rem; border: 1px solid var(--border-color-primary)}
.ways .way-head {display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .6rem; margin-top: .3rem}
.ways .way-head a {font-weight: 700; text-decoration: underline; color: #4338ca; padding: 0; margin: 0}
.ways .way-head small {font-size: .85rem}
.dark .ways .way-head a {color: #a5b4fc}
.ways .way-text {font-size: 1.5rem; font-weight: 600; letter-spacing: .05em; line-height: 1.3}
.ways .way-text small {font-size: .85rem; font-weight: 400; letter-spacing: 0; margin-left: .5rem}
.ways mark {background: none; color: #b91c1c; text-decoration: underline wavy; text-underline-offset: .2em}
.dark .ways mark {color: #fca5a5}
.ways p, .ways + p {font-size: .9rem; margin: .1rem 0 0; line-height: 1.4}
.ways + p {margin-top: 1rem}
"""

INK, RED, GREY, PAPER = (25, 25, 25), (185, 28, 28), (95, 95, 95), (255, 255, 255)
"""Colours of the sheet, RGB."""

MISSING = "_"
"""Stands where a reading lacks a character."""


@dataclass(frozen=True, eq=False)
class Restored:
    """A plate restored in one way.

    Attributes:
        way: key of `PAPERS`.
        picture: uint8 (H, W[, 3]) as it is shown.
        text: what a reader reads off it; "" for nothing.
        scores: PSNR in dB and SSIM against the standard plate; None where that is not known.
    """

    way: str
    picture: np.ndarray
    text: str
    scores: tuple[float, float] | None = None


class Mark(NamedTuple):
    """A character of a reading, or `MISSING`, and whether it is right."""

    symbol: str
    right: bool


def compare_texts(text: str, truth: str) -> list[Mark]:
    """The characters of a reading, marked against the true text; all right where no true text is given.

    Texts of one length are compared place by place, others by their longest common parts.
    """
    if not truth:
        return [Mark(symbol, True) for symbol in text]
    if len(text) == len(truth):
        return [Mark(symbol, symbol == true) for symbol, true in zip(text, truth)]
    marks = []
    for kind, a, b, c, d in SequenceMatcher(None, truth, text, autojunk=False).get_opcodes():
        marks += [Mark(symbol, kind == "equal") for symbol in text[c:d]]
        marks += [Mark(MISSING, False)] * max(0, (b - a) - (d - c))
    return marks


def verdict(marks: list[Mark], truth: str, language: str) -> str:
    """In words, how many characters are wrong or missing; "" where no true text is given."""
    if not truth:
        return ""
    wrong = sum(not mark.right for mark in marks)
    return say(language, "some_wrong", count=wrong) if wrong else say(language, "all_right")


def _scores(entry: Restored, language: str) -> str:
    """PSNR and SSIM in words; "" where they are not known."""
    if entry.scores is None:
        return ""
    psnr, ssim = entry.scores
    return say(language, "scores", psnr=f"{psnr:.1f}", ssim=f"{ssim:.2f}")


def comparison_html(entries: list[Restored], truth: str = "", language: str = "en") -> str:
    """A card for each way: picture, name with a link to its paper, reading, and a line that explains it.

    Args:
        entries: the ways, in the order in which they are shown.
        truth: the true text, upper case without separators; "" where it is not known.
        language: of the words.
    """
    cards = "".join(_card(entry, truth, language) for entry in entries)
    note = say(language, "scores_meaning") if any(entry.scores for entry in entries) else ""
    return f'<div class="ways">{cards}</div><p>{escape(note)} {escape(say(language, "belief"))}</p>'


def _card(entry: Restored, truth: str, language: str) -> str:
    name = escape(say(language, "way_" + entry.way))
    paper, address = PAPERS[entry.way]
    marks = compare_texts(entry.text, truth)
    text = "".join(escape(m.symbol) if m.right else f"<mark>{escape(m.symbol)}</mark>" for m in marks)
    height, width = entry.picture.shape[:2]
    return (
        f'<figure data-way="{entry.way}" data-text="{escape(entry.text)}">'
        f'<img alt="{name}" src="{data_uri(entry.picture)}" width="{width}" height="{height}"><figcaption>'
        f'<div class="way-head"><a href="{address}" target="_blank" rel="noopener noreferrer" '
        f'title="{escape(paper)}">{name}</a><small>{escape(_scores(entry, language))}</small></div>'
        f'<div class="way-text">{text or escape(say(language, "nothing"))}'
        f" <small>{escape(verdict(marks, truth, language))}</small></div>"
        f"<p>{escape(say(language, 'about_' + entry.way))}</p></figcaption></figure>"
    )


def comparison_sheet(entries: list[Restored], truth: str = "", language: str = "en", columns: int = 2) -> np.ndarray:
    """All pictures with their names, readings and scores on one sheet; arguments as of `comparison_html`.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    gap, below = 24, 76  # pixels between the cells, and of the words below a picture
    width = max(400, max(entry.picture.shape[1] for entry in entries))
    height = max(entry.picture.shape[0] for entry in entries) + below
    rows = -(-len(entries) // columns)
    size = columns * (width + gap) + gap, gap + 40 + rows * (height + gap) + 40
    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    if truth:
        _write(draw, (gap, gap), f"{say(language, 'true_text_is')} {truth}", 26)
    for k, entry in enumerate(entries):
        x, y = gap + k % columns * (width + gap), gap + 40 + k // columns * (height + gap)
        sheet.paste(Image.fromarray(entry.picture).convert("RGB"), (x, y))
        y += entry.picture.shape[0] + 6
        end = _write(draw, (x, y), say(language, "way_" + entry.way), 22)
        _write(draw, (end + 14, y + 4), _scores(entry, language), 18, GREY)
        marks, end = compare_texts(entry.text, truth), x
        for mark in marks or [Mark(say(language, "nothing"), True)]:
            end = _write(draw, (end, y + 28), mark.symbol, 30, INK if mark.right else RED, not mark.right)
        _write(draw, (end + 14, y + 36), verdict(marks, truth, language), 18, GREY)
    _write(draw, (gap, size[1] - 40), say(language, "drawn_note"), 18, GREY)
    return np.asarray(sheet)


def _write(draw: ImageDraw.ImageDraw, at, text: str, size: int, colour=INK, underlined: bool = False) -> float:
    """Write a text whose top left is at (x, y), each character in the font that has it; returns where it ends."""
    x, y = at
    for symbol in text:
        font = packaged_font("Medium", chinese=ord(symbol) > 0x2E7F, size=size)
        draw.text((x, y + size), symbol, font=font, fill=colour, anchor="ls")
        after = x + font.getlength(symbol)
        if underlined:
            draw.line((x, y + size + 5, after - 1, y + size + 5), fill=colour, width=3)
        x = after
    return x
