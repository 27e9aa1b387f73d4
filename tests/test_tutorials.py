"""The notebooks as they are committed: complete, in order, small, without errors or places of one machine; and run."""

import json
import os
import re
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).resolve().parent.parent / "tutorials").glob("*.ipynb"))
NETWORKS = ("02", "03", "04", "05", "06")


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_as_it_ran(path):
    assert path.stat().st_size <= 300 * 1024
    book = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in book["metadata"]
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [out["output_type"] for cell in cells for out in cell["outputs"]]
    assert "error" not in kinds
    assert "display_data" in kinds and len(kinds) > len(cells) / 3, "committed without its outputs"
    said = [out.get("text", out.get("data", {}).get("text/plain", "")) for cell in cells for out in cell["outputs"]]
    assert not re.search(r"/(home|root|work|tmp|Users)/", json.dumps(said) + json.dumps([c["source"] for c in cells]))
    words = "".join("".join(cell["source"]) for cell in book["cells"])
    assert "## Exercises" in words and words.count("<summary>Solution</summary>") == 3
    assert "LPGAN_FAST" in words and "*Time:*" in words
    if path.name[:2] in NETWORKS:
        assert "assert_same_network(" in words


def with_solutions(book):
    """The notebook with the code of its exercises' solutions as cells of their own, each after the cell that has it."""
    new_code_cell, cells = pytest.importorskip("nbformat").v4.new_code_cell, []
    for cell in book.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            for solution in re.findall(r"<summary>Solution</summary>(.*?)</details>", cell.source, re.DOTALL):
                cells += [new_code_cell(code) for code in re.findall(r"```python\n(.*?)```", solution, re.DOTALL)]
    book.cells = cells
    return book


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_every_solution_is_code(path):
    words = "".join("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
    solutions = re.findall(r"<summary>Solution</summary>(.*?)</details>", words, re.DOTALL)
    assert len(solutions) == 3
    assert all("```python\n" in solution and "assert " in solution for solution in solutions)


STAND_IN = f"""
import sys
sys.path.insert(0, {str(Path(__file__).resolve().parent)!r})
import stand_in_device
stand_in_device.begin()
"""
"""Run first, it gives a notebook a GPU on which tensors of two devices may not meet."""


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom_with_its_solutions(path, monkeypatch):
    client, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    monkeypatch.setitem(os.environ, "LPGAN_FAST", "1")
    book = with_solutions(nbformat.read(path, 4))
    if path.name[:2] in NETWORKS:
        book.cells.insert(0, nbformat.v4.new_code_cell(STAND_IN))
    client.NotebookClient(book, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()


def test_all_notebooks_begin_alike():
    first = set()
    for path in TUTORIALS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first.add("".join(next(cell["source"] for cell in cells if cell["cell_type"] == "code")))
    assert len(first) == 1


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_notebook_ends_with_questions_exercises_and_what_comes_next(path):
    words = "".join("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
    places = [words.index(heading) for heading in ("## Questions", "## Exercises", "## Summary")]
    assert places == sorted(places)
    assert words.count("<summary>Answers</summary>") == 1
    linked = re.findall(r"\]\((\d\d_\w+\.ipynb)\)", words[places[-1] :])
    assert linked and all((path.parent / name).is_file() for name in linked)
    if path.name[:2] in NETWORKS:
        assert "| Paper" in words or "Paper |" in words or "**Paper | ours**" in words
        assert "diagram(" in words
