"""The tab "One photo": a photo or crop in, its plates marked, the chosen one restored and read."""

from __future__ import annotations

import functools
import time

import gradio as gr
import numpy as np

from ...images.drawing import annotate
from ...results import PlateResult
from ..components import (
    Words,
    empty_panels,
    examples_for,
    load_upload,
    on_gpu,
    panel_values,
    picture_input,
    pipeline,
    plate_panels,
)
from ..words import say

NO_PHOTO = (gr.update(value=None, visible=False), gr.update(choices=[], value=None, visible=False))
"""Updates that hide the marked photo and the choice of plates."""


def _no_plates(message: str = "", role: str = "alert") -> tuple:
    """The values of `show` without a plate: everything emptied but for a message in the place of the reading."""
    return *NO_PHOTO, *empty_panels(message, role), ([], ())


@on_gpu
def read_plate(image: str | None) -> tuple[np.ndarray, dict]:
    """Restore and read one cropped number plate: the drawn plate, and text, confidence and characters.

    Args:
        image: a picture that shows one number plate and little else.
    """
    plate = pipeline().read_plate(load_upload(image))
    return plate.super_resolved, plate.to_dict()


@on_gpu
def read_photo(image: str | None) -> list[dict]:
    """Find, restore and read every number plate in a photo: text, confidence and characters of each.

    Args:
        image: a photo, or a crop of one plate.
    """
    return [plate.to_dict() for plate in pipeline()(load_upload(image))]


@on_gpu
def show(image: str | None, language: str = "en") -> tuple:
    """Find and read all plates of a picture.

    Returns:
        All outputs of the tab, so that no older result remains: marked photo, choice of plates, the values of
        `plate_panels` for the plate with most confidence, and (plates, notes), the state that `show_chosen` needs.
    """
    if image is None:
        return _no_plates()
    try:
        photo = load_upload(image, language)
    except gr.Error as error:
        return _no_plates(error.message)
    start = time.perf_counter()
    found = pipeline().find(photo)  # None: the picture is a crop
    detected = time.perf_counter()
    plates = [pipeline().read_plate(photo)] if found is None else pipeline().read_found(photo, found)
    seconds = detected - start, time.perf_counter() - detected
    notes = [say(language, key, seconds=f"{s:.2f}") for key, s in zip(("found_in", "read_in"), seconds)]
    if not plates:
        return _no_plates(say(language, "nothing_found"), "status")
    if found is None:
        return *NO_PHOTO, *panel_values(plates[0], language, notes), (plates, notes)
    surest = max(range(len(plates)), key=lambda k: plates[k].confidence)
    marked = annotate(photo, [plate.corners for plate in plates], [plate.label for plate in plates])
    names = [(f"{plate.text} ({100 * plate.confidence:.0f}%)", k) for k, plate in enumerate(plates)]
    choice = gr.update(choices=names, value=surest, visible=len(plates) > 1)
    photo = gr.update(value=marked, visible=True)
    return photo, choice, *panel_values(plates[surest], language, notes), (plates, notes)


def show_example(sample: list, language: str = "en") -> tuple:
    """The picture of a clicked example and, as `show` does, its readings."""
    return sample[0], *show(sample[0], language)


def show_or_ask(image: str | None, language: str = "en") -> tuple:
    """As `show`, but without a picture the visitor is asked for one."""
    if image is None:
        return _no_plates(say(language, "choose_first"), "status")
    return show(image, language)


def show_chosen(chosen: int | None, state: tuple[list[PlateResult], list[str]], language: str = "en") -> tuple:
    """The values of the panels for the plate of index `chosen` in the state."""
    plates, notes = state
    if chosen is None or not plates:
        return empty_panels()
    return panel_values(plates[chosen], language, notes)


def show_clicked(state: tuple, language: str, event: gr.SelectData) -> tuple:
    """The index of the plate nearest to a click in the marked photo, and the values of its panels."""
    plates, _ = state
    if not plates:
        return None, *empty_panels()
    distances = [np.linalg.norm(plate.corners.mean(0) - event.index) for plate in plates]
    nearest = int(np.argmin(distances))
    return nearest, *show_chosen(nearest, state, language)


def photo_tab(words: Words) -> None:
    """Render the tab and wire it."""
    state = gr.State(([], ()), time_to_live=300)  # per visitor, deleted after five minutes
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            source = picture_input(words, "source", "source")
            button = words(gr.Button, "read", variant="primary", elem_id="read")
            examples = examples_for(words, source, "examples")
        with gr.Column(scale=2, min_width=300):
            options = {"interactive": False, "format": "jpeg", "buttons": ["download", "fullscreen"]}
            marked = words(gr.Image, "marked", visible=False, elem_id="marked", **options)
            choice = words(gr.Radio, "plate", choices=[], visible=False, elem_id="choice")
            panels = plate_panels(words)
    options = {"api_visibility": "private", "show_progress_on": [panels[2]]}
    inputs, outputs = [source, words.language], [marked, choice, *panels, state]
    source.input(show, inputs, outputs, **options)
    button.click(show_or_ask, inputs, outputs, **options)
    source.clear(functools.partial(show, None), None, outputs, api_visibility="private")
    examples.click(show_example, [examples, words.language], [source, *outputs], **options)
    choice.input(show_chosen, [choice, state, words.language], panels, api_visibility="private")
    marked.select(show_clicked, [state, words.language], [choice, *panels], api_visibility="private")
    gr.Button(visible=False).click(read_plate, source, [panels[2], panels[-1]], api_name="read_plate")
    gr.Button(visible=False).click(read_photo, source, panels[-1], api_name="read_photo")
