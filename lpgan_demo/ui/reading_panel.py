"""One plate as HTML: its text and how far to trust it, three pictures side by side, and a cell for each character."""

from __future__ import annotations

import base64
from html import escape

import numpy as np

from ..images import encode_png, resize, straighten
from ..plates import UNKNOWN, PlateLayout, get_layout
from ..results import CharacterReading, PlateResult
from .words import say

DOUBT_THRESHOLD = 0.9
"""Probability below which a character is marked as doubtful."""

PICTURE_HEIGHT = 128
"""Rows of the pictures that are shown, pixels."""

CSS = """
.plate-head {display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1rem}
.plate-text {font-size: clamp(2rem, 9vw, 3.2rem); font-weight: 700; letter-spacing: .06em; line-height: 1.15}
.plate-badge {border-radius: 1rem; padding: .15rem .8rem; font-weight: 600; color: white; background: #4b5563}
.plate-badge.good {background: #15803d}
.plate-badge.poor {background: #b45309}
.plate-pictures {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 130px), 1fr)); gap: .6rem;
  align-items: start; margin: .5rem 0}
.plate-pictures figure {margin: 0; min-width: 0}
.plate-pictures figcaption {font-size: .9rem; display: flex; flex-wrap: wrap; gap: 0 .6rem; min-height: 1.6rem}
@media (max-width: 1000px) {.plate-pictures figcaption {min-height: 3.1rem; align-content: flex-end}}
.plate-pictures img {width: 100%; height: auto; max-height: 220px; display: block; border-radius: .3rem}
.plate-pictures input[type=radio] {appearance: auto; width: 1rem; height: 1rem; accent-color: #4f46e5; display: inline}
.plate-pictures figure:has(input.ink:checked) img.grey, .plate-pictures figure:has(input.grey:checked) img.ink
  {display: none}
.plate-row {display: grid; gap: clamp(.15rem, .8vw, .4rem); align-items: start}
.plate-cell {border: 1px solid var(--border-color-primary); border-radius: .5rem; padding: .2rem .1rem;
  min-width: 0; text-align: center; font-size: clamp(.5rem, calc(24vw / var(--characters)), 1rem)}
.plate-cell summary {list-style: none; cursor: pointer}
.plate-cell summary::-webkit-details-marker {display: none}
.plate-cell summary::after {content: "\\25be"; display: block; line-height: 1; color: var(--body-text-color)}
.plate-cell[open] summary::after {content: "\\25b4"}
.plate-cell b {font-size: 1.6em; display: block; line-height: 1.2}
.plate-cell small {font-size: .85em; display: block}
.plate-cell img {max-height: 72px; max-width: 100%; margin: .2rem auto; border-radius: .2rem}
.plate-cell.unsure {border: 2px dashed #d97706}
.plate-bar {height: .3rem; border-radius: .2rem; background: var(--border-color-primary); margin: .2rem 0}
.plate-bar i {display: block; height: 100%; border-radius: .2rem; background: #16a34a}
.unsure .plate-bar i {background: #d97706}
.illegible .plate-text {opacity: .55}
.illegible .plate-bar i {background: #9ca3af}
.plate-note {font-size: .9rem}
.plate-error {border-left: .3rem solid #dc2626; padding: .4rem .8rem}
.plate-wait {min-height: 24rem}
"""


def percent(probability: float) -> str:
    """A probability as words for people: never 100 %, which nobody can know."""
    return ">99%" if probability >= 0.995 else f"{100 * probability:.0f}%"


def trust_sentence(plate: PlateResult, language: str = "en") -> str:
    """One sentence on how far the reading may be trusted, and why the whole may be less sure than its parts."""
    if plate.layout == UNKNOWN:
        return say(language, "not_known")
    doubtful = [i + 1 for i, c in enumerate(plate.characters) if c.probability < DOUBT_THRESHOLD]
    if plate.legibility == "good" and not doubtful:
        return say(language, "all_clear")
    if plate.legibility == "illegible" and len(doubtful) > len(plate.characters) // 2:
        return say(language, "guess")
    if not doubtful:
        return say(language, "together")
    return say(language, "in_doubt", places=", ".join(map(str, doubtful)))


def true_aspect(layout: PlateLayout) -> float:
    """Width by height of a plate of this kind."""
    return layout.size_mm[1] / layout.size_mm[0]


def plate_pictures(plate: PlateResult) -> dict[str, np.ndarray]:
    """What is shown of a plate, uint8 (`PICTURE_HEIGHT`, W[, 3]) each in its true aspect: crop, grey, ink and drawn.

    grey and ink are missing without a deblurrer, drawn for a plate of no known kind.
    """
    height, width = plate.crop.shape[:2]
    shapes = {"crop": (plate.crop, width / height), "grey": (plate.deblurred, None), "ink": (plate.binary, None)}
    if plate.layout != UNKNOWN:
        shapes["drawn"] = plate.super_resolved, true_aspect(get_layout(plate.layout))
    return {
        name: picture if aspect is None else resize(picture, (PICTURE_HEIGHT, round(PICTURE_HEIGHT * min(aspect, 8))))
        for name, (picture, aspect) in shapes.items()
        if picture is not None
    }


def character_patches(plate: PlateResult) -> list[np.ndarray]:
    """The part of the crop that each character was read from: uint8 RGB, straightened by the plate's corners."""
    if not plate.characters:
        return []
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) if plate.quad is None else plate.quad / plate.crop.shape[1::-1]
    layout, flat = get_layout(plate.layout), straighten(plate.crop, corners, margin=0.0)
    flat = resize(flat, (144, round(144 * true_aspect(layout))))
    boxes = np.rint(layout.regions * np.tile(flat.shape[1::-1], 2)).astype(int)
    return [np.ascontiguousarray(flat[y0:y1, x0:x1]) for x0, y0, x1, y1 in boxes]


def plate_html(
    plate: PlateResult, language: str = "en", notes=(), group: str = "plate", lead: str = "", shown: str = ""
) -> str:
    """A plate's text, badge, pictures, characters and notes.

    Args:
        plate: what was read.
        language: of the words.
        notes: sentences in small print below, such as times.
        group: tells the controls of one panel from those of another on the same page.
        lead: a sentence above everything.
        shown: what an independent reader reads off the drawing; a line says so where it is not the text.
    """
    headline = escape(plate.text) or escape(say(language, "kind_" + UNKNOWN))
    badge = plate.legibility.split()[0]
    taken_for = ""
    if plate.text:
        kind = escape(say(language, "kind_" + plate.layout))
        taken_for = f"{say(language, 'confidence')}: <b>{percent(plate.confidence)}</b> &middot; "
        taken_for += f"{say(language, 'taken_for')}: {kind}. "
    differs = f"<p>{escape(say(language, 'drawing_shows', text=shown))}</p>" if shown not in ("", plate.text) else ""
    return (
        f'<div class="{badge}">'
        f"{f'<p><b>{escape(lead)}</b></p>' if lead else ''}"
        f'<div class="plate-head"><span class="plate-text" data-text="{escape(plate.text)}">{headline}</span>'
        f'<span class="plate-badge {badge}">{escape(say(language, plate.legibility))}</span></div>'
        f"<p>{taken_for}{escape(trust_sentence(plate, language))} {escape(say(language, 'belief'))}</p>"
        f"{_pictures_html(plate, language, group)}{differs}"
        f"{_cells_html(plate, language, group)}"
        f'<p class="plate-note">{escape(" · ".join(notes))}</p></div>'
    )


def _pictures_html(plate: PlateResult, language: str, group: str) -> str:
    """The crop, the second network's two pictures with a choice between them, and the drawing."""
    tags = {
        name: f'<img class="{name}" alt="{escape(say(language, "panel_" + name))}" src="{data_uri(picture)}" '
        f'width="{picture.shape[1]}" height="{picture.shape[0]}">'
        for name, picture in plate_pictures(plate).items()
    }

    def caption(*names: str) -> str:
        number = {"crop": 1, "grey": 2, "drawn": 3}[names[0]]
        links = ""
        if names[0] == "drawn":
            size = "x".join(map(str, plate.super_resolved.shape[1::-1]))
            file = f"{plate.text}-drawn-{size}.png"
            links = f' <a download="{escape(file)}" href="{data_uri(plate.super_resolved)}">{say(language, "save")}</a>'
        if len(names) == 1:
            return f"<figcaption>{number}. {escape(say(language, 'panel_' + names[0]))}{links}</figcaption>"
        choices = " ".join(
            f'<label><input type="radio" name="{group}-{names[0]}" class="{name}"{" checked" * (name == names[0])}> '
            f"{escape(say(language, 'panel_' + name))}</label>"
            for name in names
        )
        return f"<figcaption>{number}. {choices}</figcaption>"

    rows = [["crop"], [name for name in ("grey", "ink") if name in tags], ["drawn"]]
    figures = [
        f"<figure>{caption(*row)}{''.join(tags[name] for name in row)}</figure>"
        for row in rows
        if row and row[0] in tags
    ]
    return f'<div class="plate-pictures">{"".join(figures)}</div>'


def _cells_html(plate: PlateResult, language: str, group: str) -> str:
    """A cell per character, all in one row; opened, it shows other candidates and what it was read from."""
    cells = [
        _cell_html(character, patch, say(language, "read_from"), group)
        for character, patch in zip(plate.characters, character_patches(plate))
    ]
    style = f"--characters: {len(cells)}; grid-template-columns: repeat({len(cells)}, minmax(0, 4.6rem))"
    return f'<div class="plate-row" style="{style}">{"".join(cells)}</div>' if cells else ""


def _cell_html(character: CharacterReading, patch: np.ndarray, alt: str, group: str) -> str:
    others = [f"{escape(s)} {percent(p)}" for s, p in character.runners_up if p >= 0.01]
    share = round(100 * character.probability)
    doubt = " unsure" if character.probability < DOUBT_THRESHOLD else ""
    return (
        f'<details class="plate-cell{doubt}" name="{group}-cell">'
        f"<summary><b>{escape(character.symbol)}</b>{percent(character.probability)}"
        f'<div class="plate-bar"><i style="width:{share}%"></i></div><small>{others[0] if others else "&nbsp;"}</small>'
        f'</summary><img alt="{escape(alt)}" src="{data_uri(patch)}">'
        f"{''.join(f'<small>{other}</small>' for other in others[1:])}</details>"
    )


def data_uri(picture: np.ndarray) -> str:
    """A picture, uint8 (H, W[, 3]), as a PNG inside a URL."""
    return "data:image/png;base64," + base64.b64encode(encode_png(picture)).decode()


def wait_html(language: str = "en") -> str:
    """What stands in the place of a reading while it is made."""
    return f'<p class="plate-wait" role="status">{escape(say(language, "reading"))}</p>'


def problem_html(message: str, role: str = "alert") -> str:
    """A message in the place of a reading. role: ARIA role, "alert" for errors, "status" for anything else."""
    return f'<p class="plate-error" role="{role}">{escape(message)}</p>'
