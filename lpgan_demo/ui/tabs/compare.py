"""The tab "Compare": one crop restored by every network of MTGAN's Table 1, and read by an independent reader."""

from __future__ import annotations

import functools

import gradio as gr

from ...evaluation.readers.judge import PictureReader
from ...evaluation.table1 import load_rows, restore
from ...images import resize
from ..components import (
    DISPLAY_SIZE,
    Turn,
    Words,
    examples_for,
    load_upload,
    on_gpu,
    picture_input,
    pipeline,
    user_error,
)
from ..words import say


@functools.cache
def _networks():
    """({row of Table 1: generator}, independent reader), loaded on first use."""
    return load_rows(), PictureReader.from_pretrained()


def begin(turn: Turn) -> list:
    """Empty the tab for a new picture."""
    turn.begin()
    return []


@on_gpu
def compare(image: str | None, turn: Turn, language: str = "en") -> list[tuple] | dict:
    """Restore a crop, or the plate of a photo that is read with most confidence, by every network.

    Returns:
        [(picture, caption)] per row of Table 1, uint8 RGB of `DISPLAY_SIZE`; an update that changes nothing when the
        visitor has chosen another picture meanwhile.

    Raises:
        gr.Error: the picture is unusable or shows no plate.
    """
    if image is None:
        return []
    asked = turn.count
    plates = pipeline()(load_upload(image, language))
    if not plates:
        raise user_error(language, "nothing_found")
    surest = max(plates, key=lambda plate: plate.confidence)
    rows, reader = _networks()
    pictures = {name: restore(network, [surest.crop])[0] for name, network in rows.items()}
    texts = reader(list(pictures.values()), [surest.layout] * len(pictures))
    if turn.count != asked:
        return gr.skip()
    return [
        (resize(picture, DISPLAY_SIZE), f"{name}: {text or say(language, 'nothing')}")
        for (name, picture), text in zip(pictures.items(), texts)
    ]


def compare_tab(words: Words) -> None:
    """Render the tab and wire it."""
    words(gr.Markdown, "compare_intro")
    with gr.Row():
        with gr.Column(scale=1, min_width=300):
            source = picture_input(words, "crop", "compare-source")
            examples = examples_for(words, source, "compare-examples")
        with gr.Column(scale=2, min_width=300):
            looks = {"columns": 2, "height": "auto", "object_fit": "contain", "show_label": False, "buttons": []}
            gallery = gr.Gallery(elem_id="compare-pictures", **looks)
    turn = gr.State(Turn())
    options = {"api_visibility": "private", "trigger_mode": "multiple"}
    emptied = source.change(begin, turn, gallery, queue=False, show_progress="hidden", **options)
    emptied.then(compare, [source, turn, words.language], gallery, **options)
    examples.click(lambda sample: sample[0], examples, source, queue=False, show_progress="hidden", **options)
