"""The tabs that explain: one crop restored in every way of the comparison, and what this is and how good."""

from __future__ import annotations

import functools

import gradio as gr

from ...evaluation.readers.judge import PictureReader
from ...evaluation.table1 import load_rows, restore
from ...images import resize
from ..components import Words, examples_for, loaded, on_gpu, picture_input, pipeline, refuse
from ..words import say


@functools.cache
def _networks():
    """({row: generator}, judge), loaded when the tab is first used."""
    return load_rows(), PictureReader.from_pretrained()


@on_gpu
def compare(image: str | None, language: str = "en") -> list[tuple]:
    """[(picture, caption)] for a crop, or the surest plate of a photo, and every way of restoring it."""
    plates = pipeline()(loaded(image, language))
    if not plates:
        raise refuse(language, "nothing_found")
    surest = max(plates, key=lambda plate: plate.confidence)
    crop, layout = surest.crop, surest.layout
    rows, judge = _networks()
    pictures = {name: restore(network, [crop])[0] for name, network in rows.items()}
    texts = judge(list(pictures.values()), [layout] * len(pictures))
    return [
        (resize(picture, (128, 384)), f"{name}: {text or say(language, 'nothing')}")
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
            gallery = gr.Gallery(
                columns=2,
                height="auto",
                object_fit="contain",
                elem_id="compare-pictures",
                show_label=False,
                buttons=[],
            )
    source.input(compare, [source, words.language], gallery, api_visibility="private")
    button.click(compare, [source, words.language], gallery, api_visibility="private")
    examples.click(lambda sample: sample[0], examples, source, api_visibility="private").then(
        compare, [source, words.language], gallery, api_visibility="private"
    )
