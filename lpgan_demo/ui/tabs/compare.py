"""The tab "Compare": one crop restored in every way, and what an independent reader reads off each picture.

What is shown always belongs to the picture that is shown: the panel and the true text are emptied when it changes, and
the answer to an earlier one is dropped (`components.Turn`).
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import gradio as gr
import numpy as np
from PIL import Image

from ...evaluation.metrics import psnr, ssim
from ...evaluation.readers.classical import clear_frame, find_ink
from ...evaluation.readers.classical import read_plates as read_classically
from ...evaluation.table1 import load_rows, restore
from ...images import resize
from ...inference import PlateDeblurrer
from ...inference.loading import DEBLURRERS
from ...inference.torch_backend import TorchInkGenerator
from ...networks import load_weights
from ...plates import UNKNOWN, get_layout, normalise_text
from ...plates.standard import STANDARD_SIZE, standard_plate
from ...results import PlateResult
from ...weights import weights_folder
from ..comparison_panel import Restored, comparison_html, comparison_sheet
from ..components import (
    Turn,
    Words,
    example_path,
    examples_for,
    load_upload,
    on_gpu,
    picture_input,
    picture_reader,
    pipeline,
)
from ..noted_plates import NOT_KNOWN, PlateNote, read_note
from ..reading_panel import PICTURE_HEIGHT, problem_html, true_aspect, wait_html
from ..words import say

NOTHING = gr.skip(), gr.skip(), gr.skip()
"""Panel, download and state as they are."""


@dataclass
class Comparison(Turn):
    """What the tab shows to one visitor.

    Attributes:
        picture: path of the picture in the field.
        answered: the turn in which the panel was filled last.
        entries: the restored plate, one for each way.
        layout: name of the layout by which it was read.
        truth: what stands in the field of the true text.
    """

    picture: str | None = None
    answered: int = 0
    entries: list[Restored] = field(default_factory=list)
    layout: str = UNKNOWN
    truth: str = ""

    def shown(self, language: str, folder: Path) -> tuple:
        """The values of panel and download; the sheet is written to `folder`."""
        entries, layout = self.entries, None if self.layout == UNKNOWN else get_layout(self.layout)
        truth = normalise_text(self.truth, layout)
        Image.fromarray(comparison_sheet(entries, truth, language)).save(folder / "comparison.png")
        sheet = gr.update(value=str(folder / "comparison.png"), interactive=True)
        return comparison_html(entries, truth, language), sheet


class _Networks(NamedTuple):
    """What the tab computes with: {row of Table 1: generator}, {way: deblurrer}, and two readers."""

    rows: dict
    deblurrers: dict
    reader: Callable
    classical: object


@functools.cache
def _networks() -> _Networks:
    """The networks, loaded on first use; of the deblurrers those whose weights are there, the paper's first."""
    root = weights_folder(None, "mtgan-generator").parent
    names = [name for name in reversed(DEBLURRERS) if (root / name).is_dir()]
    deblurrers = {
        name.removesuffix("-generator"): PlateDeblurrer(TorchInkGenerator(load_weights(root / name))) for name in names
    }
    classical = load_weights(weights_folder(None, "classical-reader"))
    return _Networks(load_rows(), deblurrers, picture_reader(), classical)


def restore_in_every_way(plate: PlateResult, note: PlateNote = NOT_KNOWN) -> list[Restored]:
    """Restore a plate in every way and read the pictures; the readers are told the layout.

    Args:
        plate: as MTGAN reads it.
        note: what is known of it; with a text there are scores against its standard plate.
    """
    networks, crop = _networks(), plate.crop
    name = note.layout or plate.layout
    pictures = {row.lower(): restore(network, [crop])[0] for row, network in networks.rows.items()}
    if plate.layout != UNKNOWN:
        pictures["mtgan"] = plate.super_resolved  # as the other tabs show it, of as many looks
    truth = standard_plate(note.text, get_layout(name)) if note.text else None
    scores = {} if truth is None else {way: (psnr(made, truth), ssim(made, truth)) for way, made in pictures.items()}
    for way, deblurrer in networks.deblurrers.items():
        _, pictures[way] = deblurrer([plate])[0]  # its ink, dark on light
    texts = dict(zip(pictures, networks.reader(_as_standard(pictures.values()), [name] * len(pictures))))
    if name != UNKNOWN:
        layout = get_layout(name)
        pictures["ocr"] = np.where(clear_frame(find_ink(crop, layout)), 0, 255).astype(np.uint8)
        texts["ocr"] = read_classically(networks.classical, [crop], [layout])[0]
    aspect = crop.shape[1] / crop.shape[0] if name == UNKNOWN else true_aspect(get_layout(name))
    size = PICTURE_HEIGHT, round(PICTURE_HEIGHT * min(max(aspect, 1), 8))
    return [Restored(way, resize(made, size), texts[way], scores.get(way)) for way, made in pictures.items()]


def _as_standard(pictures) -> list[np.ndarray]:
    """uint8 (H, W[, 3]) pictures in the form of standard plates, uint8 RGB of `STANDARD_SIZE`."""
    resized = [resize(picture, STANDARD_SIZE) for picture in pictures]
    return [np.repeat(picture[..., None], 3, 2) if picture.ndim == 2 else picture for picture in resized]


def begin(image: str | None, comparison: Comparison, language: str = "en") -> tuple:
    """Empty the tab for a new picture; the true text is that of a plate that was made here.

    Returns:
        The values of panel, download, true text and state; nothing changes while the picture is the same, of which a
        browser may tell more than once.
    """
    if image == comparison.picture:
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    comparison.begin()
    comparison.picture = image
    note = read_note(image) if image else None
    comparison.entries, comparison.truth = [], note.text if note else ""
    return wait_html(language) if image else "", gr.update(interactive=False), comparison.truth, comparison


def compare(image: str | None, comparison: Comparison, language: str = "en"):
    """Restore a crop, or the plate of a photo that is read with most confidence, in every way.

    Yields:
        Once, the values of panel, download and state; nothing changes when that has been done for this picture, or when
        the visitor has chosen another one meanwhile.
    """
    asked = comparison.count
    if comparison.answered == asked:
        yield NOTHING
        return
    entries, layout, problem = _answer(image, language) if image else ([], UNKNOWN, "")
    if comparison.count != asked:
        yield NOTHING
        return
    comparison.entries, comparison.layout, comparison.answered = entries, layout, asked
    yield from _show(comparison, language, problem)


@on_gpu
def _answer(image: str, language: str) -> tuple[list[Restored], str, str]:
    """The plate in every way, its layout, and a message when the picture is unusable or shows no plate."""
    try:
        picture, note = load_upload(image, language), read_note(image)
    except gr.Error as error:
        return [], UNKNOWN, error.message
    plates = pipeline()(picture) if note is None else [pipeline().read_plate(picture)]
    if not plates:
        return [], UNKNOWN, say(language, "nothing_found")
    surest, note = max(plates, key=lambda plate: plate.confidence), note or NOT_KNOWN
    return restore_in_every_way(surest, note), note.layout or surest.layout, ""


def _show(comparison: Comparison, language: str, problem: str = ""):
    """Yields, once, the values of panel, download and state; nothing changes when another picture has been chosen.

    problem: stands in the place of the pictures where there are none.
    """
    if not comparison.entries:
        yield problem_html(problem) if problem else "", gr.update(interactive=False), comparison
        return
    asked = comparison.count
    with tempfile.TemporaryDirectory() as folder:  # until Gradio has its own copy of the sheet
        values = *comparison.shown(language, Path(folder)), comparison
        yield values if comparison.count == asked else NOTHING


def mark(truth: str, comparison: Comparison, language: str = "en"):
    """Mark the readings that are there against another true text; no network runs.

    Yields:
        As `compare`.
    """
    if truth == comparison.truth:
        yield NOTHING
        return
    comparison.truth = truth
    yield from reword(comparison, language)


def reword(comparison: Comparison, language: str = "en"):
    """The readings that are there in another language; yields as `compare`."""
    if comparison.entries:
        yield from _show(comparison, language)
    else:
        yield NOTHING


def compare_tab(words: Words) -> gr.Image:
    """Render the tab and wire it; returns the field of the picture, for other tabs to send theirs."""
    words(gr.Markdown, "compare_intro")
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            source = picture_input(words, "crop", "compare-source")
            truth = words(gr.Textbox, "true_text", elem_id="compare-truth", max_length=20)
            examples = examples_for(words, "compare-examples")
        with gr.Column(scale=2, min_width=300):
            panel = gr.HTML(elem_id="compare-pictures")
            sheet = words(gr.DownloadButton, "sheet", interactive=False, elem_id="compare-sheet")
    state = gr.State(Comparison(), time_to_live=300)
    silent = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    outputs, private = [panel, sheet, state], {"api_visibility": "private", "trigger_mode": "multiple"}
    known = [state, words.language]
    emptied = source.change(begin, [source, *known], [panel, sheet, truth, state], trigger_mode="multiple", **silent)
    emptied.then(compare, [source, *known], outputs, show_progress_on=[panel], **private)
    marking = {"trigger_mode": "always_last", "show_progress": "hidden", "api_visibility": "private"}
    truth.change(mark, [truth, *known], outputs, **marking)
    words.language.input(reword, known, outputs, **marking)
    examples.click(example_path, None, source, trigger_mode="multiple", **silent)
    return source
