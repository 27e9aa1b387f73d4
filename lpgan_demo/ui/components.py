"""What the tabs share: translated components, the pipeline, uploads, the panels of one plate, tables of readings."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np

from ..evaluation.readers.judge import PictureReader
from ..files.reading import Row
from ..files.writing import ResultWriter
from ..images import load_image
from ..inference import PlatePipeline
from ..inference.loading import resolve_backend
from ..plates.examples import write_examples
from ..results import PlateImageError, PlateResult
from ..weights import BUNDLED
from .reading_panel import data_uri, percent, plate_html, problem_html
from .words import say

DISPLAY_SIZE = (128, 384)
"""Height and width of the pictures that are shown side by side."""

MAX_FILES = 200
"""Pictures per request, at most."""

MAX_BYTES = 300 * 2**20
"""Unpacked size of a zip file, at most."""

MAX_SECONDS = 60
"""Length of a video, at most."""

MAX_UPLOAD = 30
"""Size of an uploaded file, at most, in megabytes."""

PLACEHOLDERS = {
    "many_intro": {"files": MAX_FILES, "megabytes": MAX_UPLOAD},
    "video_intro": {"seconds": MAX_SECONDS, "megabytes": MAX_UPLOAD},
}
"""{key of a text: values of its placeholders}, for components whose text has some."""

COLUMNS = ("file", "plate", "sure", "legibility", "time")
"""Keys of the headers of a table of readings."""

LANGUAGES = [("English", "en"), ("中文", "zh"), ("Tiếng Việt", "vi")]

PROGRESS = gr.Progress()
"""Default value by which Gradio hands a handler the progress bar of the request."""


@functools.cache
def examples_folder() -> Path:
    """The folder of the example pictures; an installed package, which has none, renders them into a new one."""
    folder = BUNDLED.parent / "examples"
    if not folder.is_dir():
        folder = Path(tempfile.mkdtemp(prefix="lpgan-examples-"))
        write_examples(folder)
    return folder


def _text(language: str, name: str, key) -> str | list:
    """The value of a component's property `name`; key: of its text, (key, values) of a choice, or what makes it."""
    if callable(key):
        return key(language)
    if name == "headers":
        return [say(language, column) for column in key]
    if name == "choices":
        return [(say(language, f"{key[0]}_{value}"), value) for value in key[1]]
    return say(language, key, **PLACEHOLDERS.get(key, {}))


class Words:
    """Makes the components that carry text, and keeps them, so that `updates` can translate them all.

    `language` is the component that holds the visitor's choice; handlers that answer in words take it as last input.
    """

    def __init__(self):
        self._texts: list[tuple] = []  # (component, property that holds the text, key)
        self.language = gr.Radio(
            LANGUAGES, value="en", label=say("en", "language"), show_label=False, container=False, elem_id="language"
        )

    def __call__(self, kind, key: str | Callable[[str], str], **options):
        """A component of class `kind` with the text of `key` as its value (Markdown, Button, HTML) or label.

        key: or a function that makes the text in a language.
        """
        name = "value" if kind in (gr.Markdown, gr.Button, gr.HTML) else "label"
        component = kind(**{name: _text("en", name, key)}, **options)
        self._texts.append((component, name, key))
        return component

    def choice(self, key: str, values: tuple[str, ...], kind=gr.Radio, label: str = "", **options):
        """A choice among values, the first at the beginning; the text of one is that of KEY_VALUE.

        kind: `gr.Radio` or `gr.Dropdown`. label: key of its label, if it is not `key`.
        """
        options = {"choices": _text("en", "choices", (key, values)), "value": values[0]} | options
        component = self(kind, label or key, **options)
        self._texts.append((component, "choices", (key, values)))
        return component

    def table(self, elem_id: str, columns: tuple[str, ...] = COLUMNS, **options) -> gr.Dataframe:
        """A table of readings with translated headers, the texts of `columns`; `table_row` makes its rows."""
        options = {"datatype": "str", "interactive": False, "wrap": True, "elem_id": elem_id} | options
        table = self(gr.Dataframe, "table", headers=_text("en", "headers", columns), **options)
        self._texts.append((table, "headers", columns))
        return table

    def components(self) -> list:
        """Every component with a text, once."""
        return list(dict.fromkeys(component for component, *_ in self._texts))

    def updates(self, language: str) -> list:
        """One Gradio update per component of `components`: its texts in `language`."""
        changes: dict = {component: {} for component in self.components()}
        for component, name, key in self._texts:
            changes[component][name] = _text(language, name, key)
        return [gr.update(**change) for change in changes.values()]


def backend() -> str:
    """What the networks run in, as the environment variable LPGAN_BACKEND says: "torch", "onnx" or "auto"."""
    return resolve_backend(os.environ.get("LPGAN_BACKEND", "auto"))


@functools.cache
def pipeline() -> PlatePipeline:
    """The bundled networks, loaded on first use and shared: they hold no state of any visitor."""
    if backend() == "onnx":
        return PlatePipeline.from_pretrained(backend="onnx")
    import torch

    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    return PlatePipeline.from_pretrained(device=device, backend="torch")


@functools.cache
def picture_reader() -> PictureReader:
    """The independent reader that says what a drawing shows, loaded on first use."""
    return PictureReader.from_pretrained(backend=backend())


def on_gpu(handler):
    """Decorator of handlers that compute: on a Hugging Face Space with shared GPUs, each call borrows one."""
    spaces = sys.modules.get("spaces")
    return spaces.GPU(handler) if spaces is not None else handler


def user_error(language: str, key: str, **values) -> gr.Error:
    """An error to raise: the text of `key`, shown to the visitor and not logged."""
    return gr.Error(say(language, key, **values), print_exception=False)


def load_upload(path: str | None, language: str = "en") -> np.ndarray:
    """An uploaded picture, uint8 RGB (H, W, 3). Raises gr.Error, in one sentence without a path, if it is unusable."""
    if path is None:
        raise user_error(language, "choose_first")
    try:
        return load_image(path)
    except PlateImageError as error:
        raise gr.Error(str(error)[:1].upper() + str(error)[1:] + ".", print_exception=False) from None


def _path_of(upload) -> str | None:
    """Replaces `gr.Image.preprocess`: the uploaded file as it is, so that `load_image` reports what is wrong."""
    return None if upload is None else upload.path


@dataclass
class Turn:
    """Counts what a visitor has asked a tab for: the answer to anything but the last is dropped.

    It is the value of a `gr.State`, changed in place, so that a handler in flight sees that another has begun.
    """

    count: int = 0

    def begin(self) -> None:
        """A new question: answers to earlier ones are not wanted any more."""
        self.count += 1


def picture_input(words: Words, key: str, elem_id: str) -> gr.Image:
    """A field for one picture, by upload, drag, paste or camera; handlers get the file's path."""
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
    source.preprocess = _path_of  # or Gradio decodes it first, with its own errors; lost by any gr.update
    return source


PASS_ON_EXAMPLE = """element.addEventListener('click', event => {
  const card = event.target.closest('button');
  if (card) trigger('click', {name: card.dataset.name});
});"""
"""JavaScript of the example cards: a click carries the example's name."""


def examples_html(language: str) -> str:
    """The bundled example pictures as cards with their names."""
    cards = [
        f'<button data-name="{path.stem}"><img alt="" src="{data_uri(load_image(path))}">'
        f"<span>{say(language, 'example_' + path.stem)}</span></button>"
        for path in sorted(examples_folder().glob("*.png"))
    ]
    return f'<p>{say(language, "examples")}</p><div class="example-cards">{"".join(cards)}</div>'


def examples_for(words: Words, elem_id: str) -> gr.HTML:
    """The bundled example pictures, to be clicked instead of an upload; `example_path` tells which one was."""
    return words(gr.HTML, examples_html, elem_id=elem_id, js_on_load=PASS_ON_EXAMPLE)


def example_path(event: gr.EventData) -> str:
    """The path of the example that was clicked; gr.Error for any other name."""
    for path in examples_folder().glob("*.png"):
        if path.stem == event.name:
            return str(path)
    raise user_error("en", "nothing_found")


def plate_panels(words: Words, prefix: str = "", value: str = "") -> list:
    """Render the panel of one plate and its data; their elem_ids are "reading" and "data" with `prefix` before them.

    value: HTML that stands in the first until `panel_values` and `empty_panels` give their values.
    """
    panel = gr.HTML(value, elem_id=prefix + "reading")
    with words(gr.Accordion, "data", open=False):
        data = gr.JSON(elem_id=prefix + "data", show_label=False)
    return [panel, data]


def panel_values(plate: PlateResult, language: str = "en", notes=(), group: str = "plate", lead: str = "") -> tuple:
    """The values of `plate_panels` for one plate; notes, group and lead as in `reading_panel.plate_html`."""
    shown = plate.text
    if plate.label != "?":
        (shown,) = picture_reader()([plate.super_resolved], [plate.layout])
    return plate_html(plate, language, notes, group, lead, shown), plate.to_dict()


def empty_panels(message: str = "", role: str = "alert") -> tuple:
    """Values that empty `plate_panels`; a message, if any, stands in the place of the reading."""
    return problem_html(message, role) if message else "", None


def table_row(row: Row, language: str) -> list[str]:
    """A row of readings as cells of a `Words.table`."""
    if row.plate is None:
        return [row.source, row.error or say(language, "no_plate"), "", "", ""]
    seconds = "" if row.start is None else f"{row.start:.1f}–{row.end:.1f} s"
    legibility = say(language, row.plate.legibility)
    return [row.source, row.plate.text, percent(row.plate.confidence), legibility, seconds]


def with_headers(columns: tuple[str, ...], rows: list[list[str]], language: str) -> dict:
    """The value of a `Words.table` with its headers: after another choice of the language they change, too."""
    return {"headers": _text(language, "headers", columns), "data": rows}


def no_file() -> dict:
    """An update that empties a download button; a new one each time, since Gradio takes the value out of it."""
    return gr.update(value=None, interactive=False)


def csv_download(rows: list[Row], folder: Path) -> dict:
    """Write rows to folder/plates.csv; returns the update of a download button that offers the file."""
    with ResultWriter(csv=folder / "plates.csv") as writer:
        writer.add(rows)
    return gr.update(value=str(folder / "plates.csv"), interactive=True)
