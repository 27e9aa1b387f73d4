"""The tab "Make a bad plate": text and camera settings in, the degraded picture and its reading out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
import numpy as np

from ...inference import PlatePipeline
from ...plates import LAYOUTS, PlateLayout, get_layout, normalise_text
from ...plates.camera import Camera, shoot
from ...plates.glyphs import font_glyphs
from ...plates.scenes import SceneRanges, plate_scene
from ..components import Turn, Words, empty_panels, on_gpu, panel_values, pipeline, plate_panels
from ..confidence_curve import Curve, curves_html
from ..noted_plates import PlateNote, write_plate
from ..reading_panel import problem_html
from ..words import say

INITIAL_SETTINGS = ("苏E6M328", "cn_blue", 60, 2.0, 10, 0.5, 0.9, 4, 70, 3)
"""Text, layout and the values of the sliders, in the order of the arguments of `make_plate`."""

CURVE_WIDTHS = (16, 20, 24, 30, 37, 46, 56, 69, 85, 105, 130, 160)
CURVE_MOTIONS = (0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
"""Widths and lengths of motion, both as in `make_plate`, at which the curves are read."""


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


@dataclass
class Curves(Turn):
    """The curves that the tab shows to one visitor; none while other settings are on the page."""

    curves: list[Curve] = field(default_factory=list)


@on_gpu
def read_curves(text: str, layout: str, width: float, motion: float, *others: float) -> list[Curve]:
    """Read a plate at several widths and at several lengths of motion, everything else as it is set.

    Args:
        text, layout, width, motion, others: the arguments of `make_plate`, in its order.

    Returns:
        The curves over the width and over the motion. gr.Error where the layout cannot carry the text.
    """
    crops = [make_plate(text, layout, value, motion, *others) for value in CURVE_WIDTHS]
    crops += [make_plate(text, layout, width, value, *others) for value in CURVE_MOTIONS]
    whole = pipeline()
    plates = PlatePipeline(whole.restorer, whole.reader, whole.trust).read_plates(crops)  # nothing is deblurred
    truth, count = normalise_text(text, get_layout(layout)), len(CURVE_WIDTHS)
    confidences, texts = tuple(plate.confidence for plate in plates), tuple(plate.text for plate in plates)
    over_width = Curve("width", CURVE_WIDTHS, confidences[:count], texts[:count], truth, width, ratio=True)
    return [over_width, Curve("motion", CURVE_MOTIONS, confidences[count:], texts[count:], truth, motion)]


def draw_curves(text: str, layout: str, *settings_shown_language) -> tuple:
    """The curves as HTML, and the state; nothing changes when the settings have changed meanwhile."""
    *settings, shown, language = settings_shown_language
    asked = shown.count
    kind = get_layout(layout)
    if not kind.accepts(normalise_text(text or "", kind)):
        return problem_html(_bad_text(language, text or "…", kind)), shown
    curves = read_curves(text, layout, *settings)
    if shown.count != asked:
        return gr.skip(), gr.skip()
    shown.curves = curves
    return curves_html(curves, language), shown


def forget_curves(shown: Curves) -> tuple:
    """No curves: they belong to settings that are not on the page any more."""
    shown.begin()
    shown.curves = []
    return "", shown


def reword_curves(shown: Curves, language: str):
    """The curves in another language; nothing changes where there are none."""
    return curves_html(shown.curves, language) if shown.curves else gr.skip()


def plate_to_send(text: str, layout: str, *settings_and_language):
    """The plate of these settings as a file that says what stands on it, for another tab.

    Yields:
        Its path, once.

    Raises:
        gr.Error: the layout cannot carry the text.
    """
    *settings, language = settings_and_language
    kind = get_layout(layout)
    plain = normalise_text(text or "", kind)
    if not kind.accepts(plain):
        raise gr.Error(_bad_text(language, text or "…", kind), print_exception=False)
    with tempfile.TemporaryDirectory() as folder:  # until Gradio has its own copy of the file
        picture = make_plate(plain, layout, *settings)
        yield str(write_plate(picture, Path(folder) / "made.png", PlateNote(plain, layout)))


def random_text(layout: str) -> str:
    """A random text for a layout."""
    return get_layout(layout).random_text(np.random.default_rng())


def make_tab(words: Words, tab: gr.Tab) -> tuple:
    """Render the contents of `tab` and wire them; the first plate is made when the tab is opened.

    Returns:
        The button that sends the plate to another tab, the handler that makes its file, and the handler's inputs.
    """
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
            send = words(gr.Button, "send", elem_id="make-send")
            with words(gr.Accordion, "curve", open=False, elem_id="make-curve"):
                draw = words(gr.Button, "curve_draw", elem_id="make-curve-draw")
                curves = gr.HTML(elem_id="make-curves")
    shown = gr.State(Curves(), time_to_live=300)
    gr.on(
        [tab.select, *(field.change for field in fields)],
        make_and_read,
        [*fields, words.language],
        outputs,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
    silent = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    changes = [field.change for field in fields]
    gr.on(changes, forget_curves, shown, [curves, shown], trigger_mode="multiple", **silent)
    drawing = {"show_progress_on": [curves], "api_visibility": "private"}
    draw.click(draw_curves, [*fields, shown, words.language], [curves, shown], **drawing)
    words.language.input(reword_curves, [shown, words.language], curves, **silent)
    another.click(random_text, fields[1], fields[0], api_visibility="private")
    fields[1].input(random_text, fields[1], fields[0], api_visibility="private")
    picture = gr.Image(visible=False, format="png")
    gr.Button(visible=False).click(make_plate, fields, picture, api_name="make_plate")
    return send, plate_to_send, [*fields, words.language]
