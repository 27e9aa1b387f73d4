"""The tab "Make a bad plate": text and camera settings in, the degraded picture and its reading out."""

from __future__ import annotations

import gradio as gr
import numpy as np

from ...plates import LAYOUTS, PlateLayout, get_layout, normalise_text
from ...plates.camera import Camera, shoot
from ...plates.glyphs import font_glyphs
from ...plates.scenes import SceneRanges, plate_scene
from ..components import Words, empty_panels, on_gpu, panel_values, pipeline, plate_panels
from ..words import say

INITIAL_SETTINGS = ("苏E6M328", "cn_blue", 60, 2.0, 10, 0.5, 0.9, 4, 70, 3)
"""Text, layout and the values of the sliders, in the order of the arguments of `make_plate`."""


def _bad_text(language: str, text: str, layout: PlateLayout) -> str:
    """The message about a text that the layout cannot carry, with an example of one that it can."""
    return say(language, "bad_text", text=text, example=layout.random_text(np.random.default_rng(1)))


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
        raise gr.Error(_bad_text("en", text or "''", kind), print_exception=False)
    limits = ((width, 12, 400), (motion, 0, 30), (angle, -360, 360), (defocus, 0, 10))
    limits += ((light, 0, 5), (noise, 0, 100), (jpeg, 1, 100), (tilt, 0, 40))
    for value, low, high in limits:
        if not low <= value <= high:
            raise gr.Error(f"{value} is not between {low} and {high}", print_exception=False)
    ranges = SceneRanges(tilt_degrees=tilt, strong_tilt_share=0.0, tight_share=0.0, margin=(0.03, 0.05))
    rng = np.random.default_rng(7)  # fixed, so that between two calls only the settings differ
    scene = plate_scene(plain, kind, rng, font_glyphs("Medium"), ranges=ranges)
    camera = Camera(round(width), defocus, motion, angle, light, noise=noise, jpeg=round(jpeg))
    return shoot(scene, camera, rng)


@on_gpu
def make_and_read(text: str, layout: str, *settings_and_language) -> tuple:
    """The values of the panels for the plate of these settings, or the message on a bad text."""
    *settings, language = settings_and_language
    kind = get_layout(layout)
    plain = normalise_text(text or "", kind)
    if not kind.accepts(plain):
        return empty_panels(_bad_text(language, text or "…", kind))
    plate = pipeline().read_plate(make_plate(plain, layout, *settings))
    note = say(language, "right") if plate.text == plain else say(language, "wrong", text=plain)
    return panel_values(plate, language, [note], "make")


def random_text(layout: str) -> str:
    """A random text for a layout."""
    return get_layout(layout).random_text(np.random.default_rng())


def make_tab(words: Words, tab: gr.Tab) -> None:
    """Render the contents of `tab` and wire them; the first plate is made when the tab is opened."""
    words(gr.Markdown, "make_intro")
    text, layout, width, motion, angle, defocus, light, noise, jpeg, tilt = INITIAL_SETTINGS
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            fields = [
                words(gr.Textbox, "text", value=text, elem_id="make-text", max_length=20),
                words.choice("kind", tuple(LAYOUTS), gr.Dropdown, "layout", value=layout, elem_id="make-layout"),
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
    another.click(random_text, fields[1], fields[0], api_visibility="private")
    fields[1].input(random_text, fields[1], fields[0], api_visibility="private")
    picture = gr.Image(visible=False, format="png")
    gr.Button(visible=False).click(make_plate, fields, picture, api_name="make_plate")
