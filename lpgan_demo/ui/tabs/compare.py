"""The tab "Compare": one crop restored by every network of MTGAN's Table 1, and read by an independent reader."""

from __future__ import annotations

import functools

import gradio as gr

from ...evaluation.readers.judge import PictureReader
from ...evaluation.table1 import load_rows, restore
from ...images import resize
from ..components import DISPLAY_SIZE, Words, examples_for, load_upload, on_gpu, picture_input, pipeline, user_error
from ..words import say


@functools.cache
def _networks():
    """({row of Table 1: generator}, independent reader), loaded on first use."""
    return load_rows(), PictureReader.from_pretrained()


@on_gpu
def compare(image: str | None, language: str = "en") -> list[tuple]:
    """Restore a crop, or the plate of a photo that is read with most confidence, by every network.

    Returns:
        [(picture, caption)] per row of Table 1, uint8 RGB of `DISPLAY_SIZE`.

    Raises:
        gr.Error: the picture is unusable or shows no plate.
    """
    plates = pipeline()(load_upload(image, language))
    if not plates:
        raise user_error(language, "nothing_found")
    surest = max(plates, key=lambda plate: plate.confidence)
    rows, reader = _networks()
    pictures = {name: restore(network, [surest.crop])[0] for name, network in rows.items()}
    texts = reader(list(pictures.values()), [surest.layout] * len(pictures))
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
            button = words(gr.Button, "compare", variant="primary", elem_id="compare-start")
            examples = examples_for(words, source, "compare-examples")
        with gr.Column(scale=2, min_width=300):
            looks = {"columns": 2, "height": "auto", "object_fit": "contain", "show_label": False, "buttons": []}
            gallery = gr.Gallery(elem_id="compare-pictures", **looks)
    comparison = {"fn": compare, "inputs": [source, words.language], "outputs": gallery, "api_visibility": "private"}
    source.input(**comparison)
    button.click(**comparison)
    examples.click(lambda sample: sample[0], examples, source, api_visibility="private").then(**comparison)
