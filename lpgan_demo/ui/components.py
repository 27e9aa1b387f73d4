"""What the page's tabs share: the networks, languages, and the panels that show one plate."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import gradio as gr
import numpy as np

from .. import images
from ..files.reading import Row
from ..inference.pipeline import PlatePipeline
from ..results import PlateImageError, PlateResult
from .reading_panel import reading_html
from .words import say

PROGRESS = gr.Progress()
"""Where gradio puts the progress of each visitor's own turn."""


def _line(row: Row, language: str) -> list:
    if row.plate is None:
        return [row.source, row.error or say(language, "no_plate"), "", "", ""]
    seconds = "" if row.start is None else f"{row.start:.1f}–{row.end:.1f} s"
    legibility = say(language, row.plate.legibility)
    return [row.source, row.plate.text, f"{100 * row.plate.confidence:.0f}%", legibility, seconds]


EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def examples_for(words: Words, source: gr.Image, elem_id: str) -> gr.Dataset:
    """The rendered examples, for one click."""
    samples = [[str(path)] for path in sorted(EXAMPLES.glob("*.png"))]
    return words(gr.Dataset, "examples", components=[source], samples=samples, elem_id=elem_id, samples_per_page=12)


SHOWN = (128, 384)
"""Height and width of the pictures that are shown side by side."""

MAX_FILES = 200
"""The most pictures of one turn."""

MAX_BYTES = 300 * 2**20
"""The most that one zip file may unpack to."""

MAX_SECONDS = 60
"""The longest video."""


LIMITS = {"many_intro": {"files": MAX_FILES}, "video_intro": {"seconds": MAX_SECONDS}}
"""What stands in the places of some words."""

HEADERS = ("file", "plate", "sure", "legibility", "time")

LANGUAGES = [("English", "en"), ("中文", "zh"), ("Tiếng Việt", "vi")]


class Words:
    """Makes the components that carry words, so that `say_in` can change them all to the visitor's language.

    language: the component that holds the choice; every handler that answers in words takes it as its last input.
    """

    def __init__(self):
        self.places: list[tuple] = []
        self.language = gr.Radio(
            LANGUAGES, value="en", label=say("en", "language"), show_label=False, container=False, elem_id="language"
        )

    def __call__(self, kind, key: str, **options):
        """A component of a kind, with the words of a key as its text or label."""
        place = "value" if kind in (gr.Markdown, gr.Button) else "label"
        component = kind(**{place: say("en", key, **LIMITS.get(key, {}))}, **options)
        self.places.append((component, place, key))
        return component

    def table(self, elem_id: str) -> gr.Dataframe:
        """A table of readings."""
        table = self(
            gr.Dataframe,
            "table",
            headers=[say("en", key) for key in HEADERS],
            datatype="str",
            interactive=False,
            wrap=True,
            elem_id=elem_id,
        )
        self.places.append((table, "headers", ""))
        return table

    def components(self) -> list:
        """What `say_in` changes, each once."""
        return list(dict.fromkeys(component for component, *_ in self.places))

    def say_in(self, language: str) -> list:
        """One update for each of `components`."""
        changes: dict = {component: {} for component in self.components()}
        for component, place, key in self.places:
            words = [say(language, k) for k in HEADERS] if place == "headers" else None
            changes[component][place] = words or say(language, key, **LIMITS.get(key, {}))
        return [gr.update(**change) for change in changes.values()]


@functools.cache
def pipeline() -> PlatePipeline:
    """The bundled networks, loaded on first use and shared: they hold no state of any visitor."""
    import torch

    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    return PlatePipeline.from_pretrained(device=device)


def on_gpu(handler):
    """A handler that computes: on a Space that lends GPUs by the call, one is borrowed for it."""
    spaces = sys.modules.get("spaces")
    return spaces.GPU(handler) if spaces is not None else handler


def refuse(language: str, key: str, **values) -> gr.Error:
    """An error to raise, in the visitor's language."""
    return gr.Error(say(language, key, **values), print_exception=False)


def loaded(path: str | None, language: str = "en") -> np.ndarray:
    """An uploaded picture, uint8 RGB. Raises gr.Error with one sentence and no path."""
    if path is None:
        raise refuse(language, "choose_first")
    try:
        return images.load_image(path)
    except PlateImageError as error:
        raise gr.Error(str(error)[:1].upper() + str(error)[1:] + ".", print_exception=False) from None


def path_of(upload) -> str | None:
    """The uploaded file, untouched, for `source.preprocess`: `images.load_image` says what is wrong with it."""
    return None if upload is None else upload.path


def picture_input(words: Words, key: str, elem_id: str) -> gr.Image:
    """A field for one picture, by upload, drag, paste or camera."""
    words(gr.Markdown, key)
    source = gr.Image(
        label=say("en", key),
        show_label=False,
        type="filepath",
        sources=["upload", "clipboard", "webcam"],
        elem_id=elem_id,
        height=220,
        buttons=[],
        webcam_options=gr.WebcamOptions(mirror=False),
    )
    source.preprocess = path_of  # gradio would decode it first, and fail in its own words; lost by any gr.update
    return source


NO_PANELS = ("", None, None, None, None, None, None)
"""Values that empty `plate_panels`."""


def plate_panels(words: Words, prefix: str = "") -> list:
    """Render the panels of one plate: reading, before, after, slider, deblurred, binary, data.

    Their elem_ids are these words with `prefix` before them.
    """

    plain = {"interactive": False, "format": "png"}
    reading = gr.HTML(elem_id=prefix + "reading")
    with gr.Row():
        with gr.Column(min_width=240):
            words(gr.Markdown, "before")
            before = gr.Image(show_label=False, elem_id=prefix + "before", buttons=["fullscreen"], **plain)
        with gr.Column(min_width=240):
            words(gr.Markdown, "after")
            after = gr.Image(show_label=False, elem_id=prefix + "after", buttons=["download", "fullscreen"], **plain)
    inks = []
    with gr.Row():
        for name in ("deblurred", "binary"):
            with gr.Column(min_width=240):
                words(gr.Markdown, name)
                inks.append(gr.Image(show_label=False, elem_id=prefix + name, buttons=["download"], **plain))
    words(gr.Markdown, "slider")  # a label inside would hide what it slides over, on a phone
    slider = gr.ImageSlider(show_label=False, elem_id=prefix + "slider", interactive=False, buttons=[])
    words(gr.Markdown, "warning")
    with words(gr.Accordion, "data", open=False):
        data = gr.JSON(elem_id=prefix + "data", show_label=False)
    return [reading, before, after, slider, *inks, data]


def panels(plate: PlateResult, language: str = "en", notes=()) -> tuple:
    """The values of `plate_panels` for one plate."""
    before, after = (images.resize(picture, SHOWN) for picture in (plate.crop, plate.super_resolved))
    inks = [None if ink is None else images.resize(ink, SHOWN) for ink in (plate.deblurred, plate.binary)]
    return reading_html(plate, language, notes), before, after, (before, after), *inks, plate.to_dict()
