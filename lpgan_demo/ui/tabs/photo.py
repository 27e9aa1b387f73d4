"""The tab "One photo": a photo or crop in; its plates restored and read, marked in the photo, and restored in place.

What is shown always belongs to the picture that is shown: whenever the picture changes, the panels are emptied before
the new one is read, and the answer to an earlier one is dropped (`components.Turn`).
"""

from __future__ import annotations

import functools
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import gradio as gr
import numpy as np

from ...images import load_image
from ...images.drawing import annotate
from ...images.in_place import with_note
from ...inference.photo_restoration import covered_photo, restored_photo
from ...inference.pipeline import KINDS
from ...results import Detection, PlateResult
from ..components import (
    Turn,
    Words,
    empty_panels,
    example_path,
    examples_folder,
    examples_for,
    load_upload,
    on_gpu,
    panel_values,
    picture_input,
    pipeline,
    plate_panels,
)
from ..cropping import Scissors, cut
from ..noted_plates import write_plate
from ..reading_panel import percent, wait_html
from ..words import say

FIRST_EXAMPLE = "tilted.png"
"""The example that a new visitor sees read."""


@dataclass
class Visit(Turn):
    """What the tab shows to one visitor.

    Attributes:
        plates: those that were read.
        found: those that were found; None: the picture is a crop.
        size: (height, width) of the photo.
        seconds: that finding and reading took; () of a crop cut by hand.
        scissors: for cropping by hand.
    """

    plates: list[PlateResult] = field(default_factory=list)
    found: list[Detection] | None = None
    size: tuple[int, int] = (0, 0)
    seconds: tuple[float, ...] = ()
    scissors: Scissors = field(default_factory=Scissors)

    def panels(self, chosen: int, language: str) -> tuple:
        """The values of the panels for the plate of that index."""
        plate = self.plates[chosen]
        notes = [say(language, key, seconds=f"{s:.2f}") for key, s in zip(("found_in", "read_in"), self.seconds)]
        return panel_values(plate, language, notes, lead=say(language, "cut_off") if self.is_cut(plate) else "")

    def is_cut(self, plate: PlateResult) -> bool:
        """Whether the edge of the photo cuts a plate off."""
        if plate.corners is None:
            return False
        return bool((plate.corners < 1).any() or (plate.corners > np.array(self.size[::-1]) - 2).any())


def no_photo() -> tuple:
    """Updates that hide the marked photo, the choice of plates, and the restored photo with its download.

    New ones each time: Gradio takes the values out of those that it is given.
    """
    no_choice = gr.update(choices=[], value=None, visible=False)
    return None, no_choice, gr.update(visible=False), None, gr.update(interactive=False)


def _no_plates(message: str = "", role: str = "alert") -> tuple:
    """The outputs of the tab without a plate: everything emptied but for a message in the place of the reading."""
    return *empty_panels(message, role), *no_photo()


@on_gpu
def show(image: str | None, kind: str, what: str, visit: Visit, language: str = "en"):
    """Find and read all plates of a picture.

    Yields:
        Once, all outputs of the tab: the panels of the largest plate that can be read, marked photo, choice of plates,
        restored photo with its group and download, and the visit; nothing of it changes when the visitor has chosen
        another picture meanwhile.
    """
    turn, answered = visit.count, Visit()
    with tempfile.TemporaryDirectory() as folder:  # until Gradio has its own copy of the file to take away
        outputs = _answer(image, kind, what, answered, language, Path(folder))
        if visit.count != turn:
            yield (*(gr.skip() for _ in outputs), gr.skip())
            return
        visit.plates, visit.found = answered.plates, answered.found
        visit.size, visit.seconds = answered.size, answered.seconds
        yield *outputs, visit


def _answer(image: str | None, kind: str, what: str, visit: Visit, language: str, folder: Path) -> tuple:
    """The outputs of `show` but for the visit, into which it writes what the other handlers need."""
    if image is None:
        return _no_plates()
    try:
        photo = load_upload(image, language)
    except gr.Error as error:
        return _no_plates(error.message)
    start = time.perf_counter()
    found = pipeline().find(photo, kind)  # None: the picture is a crop
    detected = time.perf_counter()
    plates = [pipeline().read_plate(photo)] if found is None else pipeline().read_found(photo, found)
    seconds = detected - start, time.perf_counter() - detected
    if not plates:
        return _no_plates(say(language, "nothing_found"), "status")
    visit.plates, visit.found, visit.size, visit.seconds = plates, found, photo.shape[:2], seconds
    if found is None:
        return *visit.panels(0, language), *no_photo()
    first = max(range(len(plates)), key=lambda k: _prominence(plates[k]))
    marked = annotate(photo, [plate.corners for plate in plates], [plate.label for plate in plates])
    names = [(f"{plate.label} ({percent(plate.confidence)})", k) for k, plate in enumerate(plates)]
    choice = gr.update(choices=names, value=first, visible=len(plates) > 1)
    in_place = gr.update(visible=True), *_restored(photo, what, visit, language, folder)
    return *visit.panels(first, language), marked, choice, *in_place


def _prominence(plate: PlateResult) -> tuple:
    """Plates are sorted by it: those that are read well by their size in the photo, others by their confidence."""
    x0, y0, x1, y1 = plate.box
    good = plate.legibility == "good"
    return good, plate.label != "?", (x1 - x0) * (y1 - y0) if good else plate.confidence


def show_first(language: str = "en") -> tuple:
    """The panels of the first example, for a visitor who has not chosen a picture yet."""
    return panel_values(_first_example(), language, lead=say(language, "an_example"))


@functools.cache
def _first_example() -> PlateResult:
    return pipeline().read_plate(examples_folder() / FIRST_EXAMPLE)


def empty(image: str | None, visit: Visit, language: str = "en") -> tuple:
    """The outputs of the tab until the picture is read, if there is one; begins a new turn."""
    visit.begin()
    visit.plates, visit.found = [], None
    panel, *rest = _no_plates()
    return (wait_html(language) if image else panel), *rest, visit


def show_chosen(chosen: int | None, visit: Visit, language: str = "en") -> tuple:
    """The values of the panels for the plate of that index."""
    if chosen is None or not visit.plates:
        return empty_panels()
    return visit.panels(chosen, language)


@on_gpu
def crop_by_hand(image: str | None, visit: Visit, language: str, event: gr.SelectData):
    """The outputs of the tab for what two clicks cut out, read as one plate; nothing changes after the first click."""
    box, unchanged = visit.scissors.click(image, *event.index) if image else None, (gr.skip(),) * 8
    if box is None:
        gr.Info(say(language, "other_corner"), duration=5)
        return unchanged
    visit.begin()
    asked, plate = visit.count, pipeline().read_plate(cut(load_upload(image, language), box))
    if visit.count != asked:  # the visitor has chosen another picture meanwhile
        return unchanged
    visit.plates, visit.found, visit.seconds = [plate], None, ()
    return *visit.panels(0, language), *no_photo(), visit


def reword(chosen: int | None, image: str | None, visit: Visit, language: str) -> tuple:
    """The values of the panels in another language; nothing changes while no plate is shown."""
    if visit.plates:
        return show_chosen(chosen or 0, visit, language)
    return show_first(language) if image is None else (gr.skip(), gr.skip())


def show_clicked(visit: Visit, language: str, event: gr.SelectData) -> tuple:
    """The index of the plate nearest to a click in the marked photo, and the values of its panels."""
    if not visit.plates:
        return None, *empty_panels()
    distances = [np.linalg.norm(plate.corners.mean(0) - event.index) for plate in visit.plates]
    nearest = int(np.argmin(distances))
    return nearest, *show_chosen(nearest, visit, language)


def show_restored(image: str | None, what: str, visit: Visit, language: str = "en"):
    """The photo with its plates "drawn" in place or "covered".

    Yields:
        Once, the values of slider and download; nothing when the visitor has chosen another picture meanwhile.
    """
    if image is None or not visit.plates:
        yield None, gr.update(interactive=False)
        return
    turn = visit.count
    with tempfile.TemporaryDirectory() as folder:
        values = _restored(load_image(image), what, visit, language, Path(folder))
        yield values if visit.count == turn else (gr.skip(), gr.skip())


def _restored(photo: np.ndarray, what: str, visit: Visit, language: str, folder: Path) -> tuple:
    """The values of `show_restored`; the file to take away is written to `folder`.

    It is as large as the photo was made, and says below it that plates were drawn.
    """
    if what == "covered":
        result = offered = covered_photo(photo, visit.found)
    else:
        result = restored_photo(photo, visit.plates)
        offered = with_note(result, say(language, "drawn_note"))
    names = "-".join(plate.text for plate in visit.plates if plate.label != "?") if what == "drawn" else ""
    size = "x".join(map(str, offered.shape[1::-1]))
    path = folder / f"{(names or 'photo')[:60]}-{what}-{size}.png"
    path.write_bytes(cv2.imencode(".png", offered[..., ::-1], (cv2.IMWRITE_PNG_COMPRESSION, 1))[1].tobytes())
    return (photo, result), gr.update(value=str(path), interactive=True)


def plate_to_send(chosen: int | None, image: str | None, visit: Visit):
    """What the tab shows as a file for another tab: the crop of the plate that is shown, or else the picture.

    Yields:
        Its path, once.
    """
    if image is not None and not visit.plates:
        yield image
        return
    crop = visit.plates[chosen or 0].crop if visit.plates else _first_example().crop
    with tempfile.TemporaryDirectory() as folder:
        yield str(write_plate(crop, Path(folder) / "plate.png"))


SCROLL_ON_PHONES = """() => {
  const answer = document.querySelector('#photo-out');
  if (window.innerWidth < 700 && answer?.innerText) answer.scrollIntoView({behavior: 'smooth', block: 'start'});
}"""
"""JavaScript: on a narrow page, bring the answer into view."""


def photo_tab(words: Words) -> tuple[gr.Image, list, tuple]:
    """Render the tab and wire it.

    Returns:
        The field of the picture; the panels of the plate; and the button that sends the plate to another tab, the
        handler that makes its file, and the handler's inputs.
    """
    visit = gr.State(Visit(), time_to_live=300)  # deleted after five minutes
    with gr.Row(elem_id="photo-row"):
        with gr.Column(scale=1, min_width=300, elem_id="photo-in"):
            source = picture_input(words, "source", "source")
            words(gr.Markdown, "by_hand", elem_id="by-hand")
            kind = words.choice("picture_is", KINDS, elem_id="kind")
            examples = examples_for(words, "examples")
        with gr.Column(scale=2, min_width=300, elem_id="photo-out"):
            choice = words(gr.Radio, "plate", choices=[], visible=False, elem_id="choice")
            panels = plate_panels(words, value=wait_html())
            send = words(gr.Button, "send", elem_id="photo-send")
            options = {"interactive": False, "format": "jpeg", "show_label": False, "buttons": ["fullscreen"]}
            with gr.Column(visible=False, elem_id="in-place") as group:
                words(gr.Markdown, "marked")
                marked = gr.Image(elem_id="marked", **options)
                words(gr.Markdown, "in_place")
                what = words.choice("what", ("drawn", "covered"), elem_id="what")
                slider = gr.ImageSlider(elem_id="slider", **options)
                download = words(gr.DownloadButton, "take_away", interactive=False, elem_id="take-away")
    outputs = [*panels, marked, choice, group, slider, download, visit]
    silent = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    private = {"api_visibility": "private", "trigger_mode": "multiple"}  # a new picture never waits to be asked for
    changes, known = [source.change, kind.input], [visit, words.language]
    emptied = gr.on(changes, empty, [source, *known], outputs, trigger_mode="multiple", **silent)
    run = emptied.then(show, [source, kind, what, *known], outputs, show_progress_on=[panels[0]], **private)
    run.then(None, js=SCROLL_ON_PHONES, **private)
    examples.click(example_path, None, source, trigger_mode="multiple", **silent)
    source.clear(lambda: KINDS[0], None, kind, **silent)
    source.select(crop_by_hand, [source, *known], outputs, show_progress_on=[panels[0]], **private)
    choice.input(show_chosen, [choice, *known], panels, trigger_mode="always_last", **silent)
    words.language.input(reword, [choice, source, *known], panels, **silent)
    marked.select(show_clicked, known, [choice, *panels], trigger_mode="always_last", **silent)
    changes = [what.input, words.language.input]
    options = {"trigger_mode": "always_last", "api_visibility": "private"}
    gr.on(changes, show_restored, [source, what, *known], [slider, download], **options)
    return source, panels, (send, plate_to_send, [choice, source, visit])
