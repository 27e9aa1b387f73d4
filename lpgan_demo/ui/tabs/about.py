"""The tab that says what this is and how good it is."""

from __future__ import annotations

import json
import os

import gradio as gr

from ...weights import BUNDLED
from ..components import Words

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


def about_tab(words: Words) -> None:
    """Render the tab."""
    words(gr.Markdown, "about")
    with words(gr.Accordion, "measured", open=True):
        gr.Markdown(measured(), elem_id="measured")
    words(gr.Markdown, "tutorials")
    gr.Markdown(tutorials(os.environ.get("SPACE_ID")), elem_id="tutorials")
