"""The tab "About": what this is, what was measured, and the notebooks."""

from __future__ import annotations

import json
import os

import gradio as gr

from ...results import NoSuchNetwork
from ...weights import BUNDLED, weights_folder
from ..components import Words
from ..words import WORDS, say

FIGURES = {"exact plates": "set_exact", "ECE": "set_ece", "n": "set_plates"}
"""{column of the card's table: key of its header}; a row's name is the text of set_NAME, where there is one."""

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
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if not cells or not {"crops", *FIGURES} <= set(cells[0]):
        return ""
    shown = [[say(language, key) for key in ("set", *FIGURES.values())], ["---"] * (1 + len(FIGURES))]
    for row in (dict(zip(cells[0], row)) for row in cells[2:]):
        key = f"set_{row['crops']}"
        name = say(language, key) if key in WORDS[language] else row["crops"]
        shown.append([name, *(row[name] for name in FIGURES)])
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
