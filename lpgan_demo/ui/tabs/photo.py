"""The first tab: one photo in, its plates marked, and the chosen one restored and read."""

from __future__ import annotations

import functools
import time

import gradio as gr
import numpy as np

from ...images.drawing import annotate
from ...results import PlateResult
from ..components import NO_PANELS, Words, examples_for, loaded, on_gpu, panels, picture_input, pipeline, plate_panels
from ..reading_panel import problem_html
from ..words import say

NO_PHOTO = (gr.update(value=None, visible=False), gr.update(choices=[], value=None, visible=False))


@on_gpu
def read_plate(image: str | None) -> tuple[np.ndarray, dict]:
    """Restore and read one cropped number plate: the drawn plate, and text, confidence and characters.

    Args:
        image: a picture that shows one number plate and little else.
    """
    plate = pipeline().read_plate(loaded(image))
    return plate.super_resolved, plate.to_dict()


@on_gpu
def read_photo(image: str | None) -> list[dict]:
    """Find, restore and read every number plate in a photo: text, confidence and characters of each.

    Args:
        image: a photo, or a crop of one plate.
    """
    return [plate.to_dict() for plate in pipeline()(loaded(image))]


@on_gpu
def show(image: str | None, language: str = "en") -> tuple:
    """Everything in the tab for one picture: marked photo, choice of plates, panels of the surest, all plates.

    Nothing, or the sentence on what is wrong, never stands beside an older result.
    """
    if image is None:
        return *NO_PHOTO, *NO_PANELS, ([], ())
    try:
        photo = loaded(image, language)
    except gr.Error as error:
        return *NO_PHOTO, problem_html(error.message), *NO_PANELS[1:], ([], ())
    started = time.perf_counter()
    found = pipeline().find(photo)
    searched = time.perf_counter()
    plates = [pipeline().read_plate(photo)] if found is None else pipeline().read_found(photo, found)
    seconds = searched - started, time.perf_counter() - searched
    notes = [say(language, key, seconds=f"{s:.2f}") for key, s in zip(("found_in", "read_in"), seconds)]
    if not plates:
        return *NO_PHOTO, problem_html(say(language, "nothing_found"), "status"), *NO_PANELS[1:], ([], ())
    if found is None:
        return *NO_PHOTO, *panels(plates[0], language, notes), (plates, notes)
    surest = max(range(len(plates)), key=lambda k: plates[k].confidence)
    marked = annotate(photo, [plate.corners for plate in plates], [plate.label for plate in plates])
    names = [(f"{plate.text} ({100 * plate.confidence:.0f}%)", k) for k, plate in enumerate(plates)]
    choice = gr.update(choices=names, value=surest, visible=len(plates) > 1)
    return gr.update(value=marked, visible=True), choice, *panels(plates[surest], language, notes), (plates, notes)


def show_example(sample: list, language: str = "en") -> tuple:
    """The picture of a clicked example, and what is read off it."""
    return sample[0], *show(sample[0], language)


def show_asked(image: str | None, language: str = "en") -> tuple:
    """As `show`; without a picture, the request to choose one."""
    if image is None:
        return *NO_PHOTO, problem_html(say(language, "choose_first"), "status"), *NO_PANELS[1:], ([], ())
    return show(image, language)


def show_chosen(chosen: int | None, kept: tuple[list[PlateResult], list[str]], language: str = "en") -> tuple:
    """The panels of the plate that was chosen by name."""
    plates, notes = kept
    if chosen is None or not plates:
        return NO_PANELS
    return panels(plates[chosen], language, notes)


def show_clicked(kept: tuple, language: str, event: gr.SelectData) -> tuple:
    """Which plate is nearest to a click in the photo, and its panels."""
    plates, _ = kept
    if not plates:
        return None, *NO_PANELS
    distances = [np.linalg.norm(plate.corners.mean(0) - event.index) for plate in plates]
    nearest = int(np.argmin(distances))
    return nearest, *show_chosen(nearest, kept, language)


def photo_tab(words: Words) -> None:
    """Render the tab and wire it."""
    kept = gr.State(([], ()), time_to_live=300)  # of this visitor alone, forgotten after five minutes
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            source = picture_input(words, "source", "source")
            button = words(gr.Button, "read", variant="primary", elem_id="read")
            examples = examples_for(words, source, "examples")
        with gr.Column(scale=2, min_width=300):
            marked = words(
                gr.Image,
                "marked",
                interactive=False,
                visible=False,
                format="jpeg",
                elem_id="marked",
                buttons=["download", "fullscreen"],
            )
            choice = words(gr.Radio, "plate", choices=[], visible=False, elem_id="choice")
            outputs = plate_panels(words)
    quiet = {"api_visibility": "private", "show_progress_on": [outputs[2]]}
    everything = [marked, choice, *outputs, kept]
    asked = [source, words.language]
    source.input(show, asked, everything, **quiet)
    button.click(show_asked, asked, everything, **quiet)
    source.clear(functools.partial(show, None), None, everything, api_visibility="private")
    examples.click(show_example, [examples, words.language], [source, *everything], **quiet)
    choice.input(show_chosen, [choice, kept, words.language], outputs, api_visibility="private")
    marked.select(show_clicked, [kept, words.language], [choice, *outputs], api_visibility="private")
    gr.Button(visible=False).click(read_plate, source, [outputs[2], outputs[-1]], api_name="read_plate")
    gr.Button(visible=False).click(read_photo, source, outputs[-1], api_name="read_photo")
