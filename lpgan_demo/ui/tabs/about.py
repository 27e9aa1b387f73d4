"""The tab "About": what this is, what was measured, and the notebooks."""

from __future__ import annotations

import json
import os

import gradio as gr

from ...results import NoSuchNetwork
from ...weights import BUNDLED, weights_folder
from ..components import Words

CROP_SETS = {
    "clean": "as they are",
    "lr2": "half the size",
    "lr3": "a third of the size",
    "blur": "7 pixels of motion",
    "survl": "light surveillance",
    "surv": "heavy surveillance",
}
"""{row of the results table: what those crops are}."""

TUTORIALS = BUNDLED.parent / "tutorials"


def results_table() -> str:
    """The results section of the generator's model card, as Markdown; "" where the weights come without cards."""
    try:
        card = weights_folder(None, "mtgan-generator") / "README.md"
    except NoSuchNetwork:  # nothing but graphs
        return ""
    if not card.is_file():
        return ""
    _, _, rest = card.read_text(encoding="utf-8").partition("## Results")
    text = rest.partition("\n## ")[0].strip()
    for name, meaning in CROP_SETS.items():
        text = text.replace(f"| {name} |", f"| {meaning} |")
    return text


def tutorials(space: str | None = None) -> str:
    """Links to the notebooks, as Markdown: to the files of a Space (owner/name), shown rendered, or of this server."""
    root = f"https://huggingface.co/spaces/{space}/blob/main/tutorials" if space else "tutorials"
    lines = []
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        title = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
        first = "".join(title).splitlines()[0].removeprefix("# ")
        lines.append(f"- [{first}]({root}/{path.name})")
    return "\n".join(lines)


def about_tab(words: Words) -> None:
    """Render the tab."""
    words(gr.Markdown, "about")
    words(gr.Markdown, "warning")
    with words(gr.Accordion, "measured", open=True):
        gr.Markdown(results_table(), elem_id="measured")
    words(gr.Markdown, "tutorials")
    gr.Markdown(tutorials(os.environ.get("SPACE_ID")), elem_id="tutorials")
