"""Confidence over a setting of the camera, as a small drawing (SVG) that follows the colours of the page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np

from .reading_panel import percent
from .words import say

CSS = """
.curves > div {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 1rem}
.curves figure {margin: 0; min-width: 0}
.curves figure svg {width: 100%; height: auto; max-width: 560px; display: block}
.curves text {fill: var(--body-text-color); font-size: 12px; font-family: inherit}
.curves .grid {stroke: var(--border-color-primary)}
.curves .line {stroke: var(--body-text-color); stroke-opacity: .45; fill: none; stroke-width: 1.5}
.curves .set {stroke: var(--body-text-color); stroke-dasharray: 4 4}
.curves .right {fill: #15803d}
.curves .wrong {stroke: #b91c1c; stroke-width: 2.5; fill: none}
.dark .curves .right {fill: #4ade80}
.dark .curves .wrong {stroke: #fca5a5}
.curves .key {display: inline; width: 1em; height: 1em; vertical-align: -.1em}
"""

_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 330, 12, 168
"""Edges of the plot in a drawing of 340 x 208 units."""


@dataclass(frozen=True)
class Curve:
    """Readings of one plate at several values of one setting.

    Attributes:
        setting: key of the setting's name, such as "width".
        values: of the setting, increasing.
        confidences: of the readings, in [0, 1].
        texts: that were read.
        truth: the true text.
        now: the value that is set on the page.
        ratio: whether equal ratios of values, not equal differences, are equally far apart.
    """

    setting: str
    values: tuple[float, ...]
    confidences: tuple[float, ...]
    texts: tuple[str, ...]
    truth: str
    now: float
    ratio: bool = False

    def places(self, values) -> np.ndarray:
        """Where values stand between the edges of the plot, in units of the drawing."""
        scale = np.log if self.ratio else np.asarray
        low, high = scale(self.values[0]), scale(self.values[-1])
        shares = (scale(np.asarray(values, float)) - low) / (high - low)
        return _LEFT + np.clip(shares, 0, 1) * (_RIGHT - _LEFT)


def curves_html(curves: list[Curve], language: str = "en") -> str:
    """The curves side by side, with a key to their signs."""
    dot, cross = (f'<svg class="key" viewBox="-7 -7 14 14" aria-hidden="true">{_sign(right)}</svg>' for right in (1, 0))
    signs = ((dot, "all_right"), (cross, "misread"), ("┊", "as_set"))
    key = " &emsp; ".join(f"{sign} {escape(say(language, word))}" for sign, word in signs)
    figures = "".join(f"<figure>{curve_svg(curve, language)}</figure>" for curve in curves)
    return f'<div class="curves"><p>{escape(say(language, "confidence"))}: &emsp; {key}</p><div>{figures}</div></div>'


def curve_svg(curve: Curve, language: str = "en") -> str:
    """One curve as an SVG picture: axes, a sign for each reading, and a broken line where the setting is now."""
    xs, ys = curve.places(curve.values), [_height(confidence) for confidence in curve.confidences]
    told = [
        f"{value:g}: {text or say(language, 'nothing')}, {percent(confidence)}"
        for value, text, confidence in zip(curve.values, curve.texts, curve.confidences)
    ]
    (now,), name = curve.places([curve.now]), say(language, curve.setting)
    parts = [_level(share) for share in (0, 0.5, 1)]
    parts += [_words(x, _BOTTOM + 18, f"{value:g}") for x, value in list(zip(xs, curve.values))[::2]]
    parts += [_words((_LEFT + _RIGHT) / 2, _BOTTOM + 36, name)]
    parts += [f'<line class="set" x1="{now:.1f}" x2="{now:.1f}" y1="{_TOP}" y2="{_BOTTOM}"/>']
    parts += [f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys))}"/>']
    parts += [
        f'<g transform="translate({x:.1f} {y:.1f})"><title>{escape(words)}</title>{_sign(text == curve.truth)}</g>'
        for x, y, words, text in zip(xs, ys, told, curve.texts)
    ]
    label = escape(f"{say(language, 'sure')}, {name}: {'; '.join(told)}")
    return f'<svg viewBox="0 0 340 208" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _height(confidence: float) -> float:
    return _BOTTOM - confidence * (_BOTTOM - _TOP)


def _level(share: float) -> str:
    """A line across the plot at that confidence, and its name."""
    y = _height(share)
    line = f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}"/>'
    return line + _words(_LEFT - 8, y + 4, f"{share:.0%}", "end")


def _words(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _sign(right: bool) -> str:
    """The sign of a reading: a filled dot if it is right, a cross if it is wrong."""
    if right:
        return '<circle class="right" r="5"/>'
    return '<path class="wrong" d="M-4.5-4.5 4.5 4.5M-4.5 4.5 4.5-4.5"/>'
