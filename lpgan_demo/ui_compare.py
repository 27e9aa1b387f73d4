"""The tabs that explain: one crop restored in every way of the comparison, and what this is and how good."""

from __future__ import annotations

import functools
import json
import os

import gradio as gr

from .evaluation.readers.judge import read_pictures
from .evaluation.table1 import load_rows, restore
from .images.pixels import resize
from .networks.registry import load_weights
from .ui_parts import Words, loaded, on_gpu, picture_input, pipeline, refuse
from .ui_photo import examples_for
from .weights.folder import BUNDLED
from .weights.hub import weights_folder
from .words import say

SHOTS = {
    "clean": "as they are",
    "lr2": "half the size",
    "lr3": "a third of the size",
    "blur": "7 pixels of motion",
    "survl": "light surveillance",
    "surv": "heavy surveillance",
}
"""What the folders of the measured crops show."""

TUTORIALS = BUNDLED.parent / "tutorials"


@functools.cache
def _networks():
    """({row: generator}, judge), loaded when the tab is first used."""
    return load_rows(), load_weights(weights_folder(None, "plate-judge"))


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
    texts = read_pictures(judge, list(pictures.values()), [layout] * len(pictures))
    return [
        (resize(picture, (128, 384)), f"{name}: {text or say(language, 'nothing')}")
        for (name, picture), text in zip(pictures.items(), texts)
    ]


def measured() -> str:
    """The results section of the bundled generator's model card, as Markdown."""
    card = (BUNDLED / "mtgan-generator" / "README.md").read_text(encoding="utf-8")
    _, _, rest = card.partition("## Results")
    text = rest.partition("\n## ")[0].strip()
    for name, words in SHOTS.items():
        text = text.replace(f"| {name} |", f"| {words} |")
    return text


def tutorials(space: str | None = None) -> str:
    """Links to the notebooks, as Markdown: to the Space's files, which are shown rendered, or to this server's."""
    start = f"https://huggingface.co/spaces/{space}/blob/main/tutorials" if space else "tutorials"
    lines = []
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        title = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
        first = "".join(title).splitlines()[0].removeprefix("# ")
        lines.append(f"- [{first}]({start}/{path.name})")
    return "\n".join(lines)


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


def about_tab(words: Words) -> None:
    """Render the tab."""
    words(gr.Markdown, "about")
    with words(gr.Accordion, "measured", open=True):
        gr.Markdown(measured(), elem_id="measured")
    words(gr.Markdown, "tutorials")
    gr.Markdown(tutorials(os.environ.get("SPACE_ID")), elem_id="tutorials")
