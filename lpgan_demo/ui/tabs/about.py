"""The tab "About": what this is, what was measured, and the notebooks."""

from __future__ import annotations

import json
import os

import gradio as gr

from ...results import NoSuchNetwork
from ...weights import BUNDLED, weights_folder
from ..components import Words
from ..words import say

CROP_SETS = ("clean", "lr2", "lr3", "blur", "survl", "surv", "ccpd-photos", "easypr-photos")
"""Rows of the card's table that are shown; the text of NAME is set_NAME."""

FIGURES = {"exact plates": "set_exact", "ECE": "set_ece", "n": "set_plates"}
"""{column of the card's table: key of its header}."""

TUTORIALS = BUNDLED.parent / "tutorials"


def results_table(language: str = "en") -> str:
    """What the generator's model card says was measured, as Markdown; "" where the weights come without cards."""
    try:
        card = weights_folder(None, "mtgan-generator") / "README.md"
    except NoSuchNetwork:  # nothing but graphs
        return ""
    if not card.is_file():
        return ""
    _, _, rest = card.read_text(encoding="utf-8").partition("## Results")
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    shown = [["set", *FIGURES.values()], ["---"] * (1 + len(FIGURES))]
    shown[0] = [say(language, key) for key in shown[0]]
    for row in (dict(zip(names, row)) for row in rows):
        if row["crops"] in CROP_SETS:
            shown.append([say(language, f"set_{row['crops']}"), *(row[name] for name in FIGURES)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in shown)
    return f"{say(language, 'measured_on')}\n\n{table}"


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
        words(gr.Markdown, results_table, elem_id="measured")
    words(gr.Markdown, "tutorials")
    gr.Markdown(tutorials(os.environ.get("SPACE_ID")), elem_id="tutorials")
