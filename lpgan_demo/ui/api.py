"""The endpoints for programs: a picture in, readings, restored or covered photo out."""

from __future__ import annotations

import gradio as gr
import numpy as np

from ..images.in_place import with_note
from ..inference.loading import has_torch
from ..inference.photo_restoration import covered_photo, restored_photo
from .components import load_upload, on_gpu, pipeline
from .words import say


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
def restore_photo(image: str | None) -> np.ndarray:
    """Restore every number plate of a photo in its place; a note below says that they are drawn.

    Args:
        image: a photo, or a crop of one plate.
    """
    photo = load_upload(image)
    return with_note(restored_photo(photo, pipeline()(photo)), say("en", "drawn_note"))


@on_gpu
def cover_photo(image: str | None) -> np.ndarray:
    """Cover every number plate of a photo, so that it can be shown to others.

    Args:
        image: a photo, or a crop of one plate.
    """
    photo = load_upload(image)
    return covered_photo(photo, pipeline().find(photo))


@on_gpu
def read_ink(image: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Deblur and binarise one cropped number plate: the grey picture, and the ink, black on white.

    Args:
        image: a picture that shows one number plate and little else.
    """
    plate = pipeline().read_plate(load_upload(image))
    return plate.deblurred, plate.binary


@on_gpu
def compare_plate(image: str | None) -> list[dict]:
    """Restore one cropped number plate in every way there is, and read each picture by an independent reader.

    Args:
        image: a picture that shows one number plate and little else.
    """
    from .tabs.compare import restore_in_every_way

    plate = pipeline().read_plate(load_upload(image))
    return [{"way": restored.way, "text": restored.text} for restored in restore_in_every_way(plate)]


def add_endpoints(source: gr.Image) -> None:
    """Add the endpoints to the page that is being built; their input is `source`."""
    with gr.Row(visible=False):
        drawn, restored, covered = (gr.Image(label=name, format="png") for name in ("drawn", "restored", "covered"))
        grey, ink = (gr.Image(label=name, format="png") for name in ("grey", "ink"))
        reading, readings, ways = (gr.JSON(label=name) for name in ("reading", "readings", "ways"))
        endpoints = [
            (read_plate, [drawn, reading]),
            (read_photo, [readings]),
            (restore_photo, [restored]),
            (cover_photo, [covered]),
            (read_ink, [grey, ink]),
        ]
        for function, outputs in endpoints + ([(compare_plate, [ways])] if has_torch() else []):
            gr.Button().click(function, source, outputs, api_name=function.__name__)
