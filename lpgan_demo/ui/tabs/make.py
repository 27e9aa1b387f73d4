"""The tab where a visitor makes a bad plate: text and sliders in, the spoilt picture and what is still read out."""

from __future__ import annotations

import functools

import gradio as gr
import numpy as np

from ...plates import LAYOUTS, get_layout, normalise_text
from ...plates.camera import Camera, shoot
from ...plates.glyphs import font_glyphs
from ...plates.scenes import SceneRanges, plate_scene
from ..components import NO_PANELS, Words, on_gpu, panels, pipeline, plate_panels
from ..reading_panel import problem_html
from ..words import say

FIRST = ("苏E6M328", "cn_blue", 60, 2.0, 10, 0.5, 0.9, 4, 70, 3)
"""What the tab begins with: text, layout and the sliders' values."""


def make_plate(
    text: str,
    layout: str,
    width: float = 94,
    motion: float = 0,
    angle: float = 0,
    defocus: float = 0,
    light: float = 1,
    noise: float = 0,
    jpeg: float = 95,
    tilt: float = 0,
) -> np.ndarray:
    """Render a number plate as a bad camera would have taken it.

    Args:
        text: what stands on the plate, such as 苏E6M328.
        layout: kind of plate, such as cn_blue or vn_one_row.
        width: of the picture, pixels.
        motion: length of the motion blur, pixels of a plate 94 pixels wide.
        angle: of the motion, degrees.
        defocus: sigma of the blur, likewise in pixels.
        light: exposure, 1 is right.
        noise: sigma, grey levels.
        jpeg: quality from 1 to 100.
        tilt: degrees, about.
    """
    kind = get_layout(layout)
    plain = normalise_text(text, kind)
    if not kind.accepts(plain):
        example = kind.random_text(np.random.default_rng(1))
        raise ValueError(say("en", "bad_text", text=text or "''", example=example))
    limits = ((width, 12, 400), (motion, 0, 30), (angle, -360, 360), (defocus, 0, 10))
    limits += ((light, 0, 5), (noise, 0, 100), (jpeg, 1, 100), (tilt, 0, 40))
    for value, low, high in limits:
        if not low <= value <= high:
            raise ValueError(f"{value} is not between {low} and {high}")
    ranges = SceneRanges(tilt_degrees=tilt, strong_tilt_share=0.0, tight_share=0.0, margin=(0.03, 0.05))
    rng = np.random.default_rng(7)  # always the same plate and noise: only what was changed changes
    scene = plate_scene(plain, kind, rng, font_glyphs("Medium"), ranges=ranges)
    camera = Camera(round(width), defocus, motion, angle, light, noise=noise, jpeg=round(jpeg))
    return shoot(scene, camera, rng)


@on_gpu
def make_and_read(text: str, layout: str, *settings_and_language) -> tuple:
    """The panels of the plate that was made, or the sentence on why there is none."""
    *settings, language = settings_and_language
    kind = get_layout(layout)
    plain = normalise_text(text or "", kind)
    if not kind.accepts(plain):
        example = kind.random_text(np.random.default_rng(1))
        return problem_html(say(language, "bad_text", text=text or "…", example=example)), *NO_PANELS[1:]
    plate = pipeline().read_plate(make_plate(plain, layout, *settings))
    note = say(language, "right") if plate.text == plain else say(language, "wrong", text=plain)
    return panels(plate, language, [note])


def another_text(layout: str) -> str:
    """A random number for a kind of plate."""
    return get_layout(layout).random_text(np.random.default_rng())


@functools.wraps(make_plate)
def make_for_api(*arguments) -> np.ndarray:
    try:
        return make_plate(*arguments)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from None


def make_tab(words: Words, tab: gr.Tab) -> None:
    """Render the contents of the tab and wire them; the first plate is made when the tab is opened."""
    words(gr.Markdown, "make_intro")
    text, layout, width, motion, angle, defocus, light, noise, jpeg, tilt = FIRST
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            fields = [
                words(gr.Textbox, "text", value=text, elem_id="make-text", max_length=20),
                words(
                    gr.Dropdown,
                    "layout",
                    choices=[(kind.title, name) for name, kind in LAYOUTS.items()],
                    value=layout,
                    elem_id="make-layout",
                ),
            ]
            another = words(gr.Button, "another", elem_id="make-another")
            for key, low, high, step, value in (
                ("width", 16, 160, 1, width),
                ("motion", 0, 12, 0.5, motion),
                ("angle", -90, 90, 5, angle),
                ("defocus", 0, 3, 0.1, defocus),
                ("light", 0.1, 2, 0.05, light),
                ("noise", 0, 30, 1, noise),
                ("jpeg", 10, 100, 5, jpeg),
                ("tilt", 0, 25, 1, tilt),
            ):
                limits = {"minimum": low, "maximum": high, "step": step, "value": value}
                fields.append(words(gr.Slider, key, elem_id=f"make-{key}", **limits))
        with gr.Column(scale=2, min_width=300):
            outputs = plate_panels(words, "make-")
    gr.on(
        [tab.select, *(field.change for field in fields)],
        make_and_read,
        [*fields, words.language],
        outputs,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    another.click(another_text, fields[1], fields[0], api_visibility="private")
    fields[1].input(another_text, fields[1], fields[0], api_visibility="private")
    picture = gr.Image(visible=False, format="png")
    gr.Button(visible=False).click(make_for_api, fields, picture, api_name="make_plate")
