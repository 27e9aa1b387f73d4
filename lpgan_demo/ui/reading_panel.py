"""One plate's reading as HTML: the text, how far to trust it, and a cell for each character."""

from __future__ import annotations

from html import escape

from ..plates import UNKNOWN
from ..results import PlateResult
from .words import say

DOUBT_THRESHOLD = 0.9
"""Probability below which a character is marked as doubtful."""

CSS = """
.plate-text {font-size: clamp(2rem, 9vw, 3.4rem); font-weight: 700; letter-spacing: .06em; line-height: 1.2}
.plate-row {display: flex; flex-wrap: wrap; gap: .4rem}
.plate-cell {border: 1px solid var(--border-color-primary); border-radius: .5rem; padding: .35rem .5rem;
  min-width: 4.2rem; text-align: center}
.plate-cell b {font-size: 1.7rem; display: block; line-height: 1.25}
.plate-cell small {font-size: .85rem; display: block}
.plate-cell.unsure {border: 2px dashed #d97706}
.plate-bar {height: .3rem; border-radius: .2rem; background: var(--border-color-primary); margin: .2rem 0}
.plate-bar i {display: block; height: 100%; border-radius: .2rem; background: #16a34a}
.unsure .plate-bar i {background: #d97706}
.illegible .plate-text {opacity: .55}
.illegible .plate-bar i {background: #9ca3af}
.plate-note {font-size: .9rem}
.plate-error {border-left: .3rem solid #dc2626; padding: .4rem .8rem}
"""


def trust_sentence(plate: PlateResult, language: str = "en") -> str:
    """One sentence on how far the reading may be trusted."""
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


def reading_html(plate: PlateResult, language: str = "en", notes=()) -> str:
    """The text, its confidence, and a cell per character in reading order: symbol, probability, two runners-up.

    Args:
        notes: sentences in small print below, such as times.
    """
    cells = []
    for c in plate.characters:
        share = round(100 * c.probability)
        others = " ".join(f"{escape(s)} {100 * p:.0f}%" for s, p in c.runners_up[:2] if p >= 0.01) or "&nbsp;"
        cells.append(
            f'<div class="plate-cell{" unsure" if c.probability < DOUBT_THRESHOLD else ""}"><b>{escape(c.symbol)}</b>'
            f'{share}%<div class="plate-bar"><i style="width:{share}%"></i></div><small>{others}</small></div>'
        )
    headline = escape(plate.text) or escape(say(language, "kind_" + UNKNOWN))
    return (
        f'<div class="{plate.legibility}">'
        f'<div class="plate-text" data-text="{escape(plate.text)}">{headline}</div>'
        f"<p>{say(language, 'confidence')}: <b>{100 * plate.confidence:.0f}%</b> &middot; "
        f"{say(language, 'legibility')}: {say(language, plate.legibility)} &middot; "
        f"{say(language, 'taken_for')}: {escape(say(language, 'kind_' + plate.layout))}<br>"
        f"{escape(trust_sentence(plate, language))} {escape(say(language, 'belief'))}</p>"
        f'<div class="plate-row">{"".join(cells)}</div>'
        f'<p class="plate-note">{escape(" · ".join(notes))}</p></div>'
    )


def problem_html(message: str, role: str = "alert") -> str:
    """A message in the place of a reading. role: ARIA role, "alert" for errors, "status" for anything else."""
    return f'<p class="plate-error" role="{role}">{escape(message)}</p>'
