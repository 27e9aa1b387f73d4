"""The notebooks learn where the repository is, once or again, and forget it without a trace."""

import json
import shutil

import pytest

from lpgan_demo.publishing.notebooks import TUTORIALS, set_repository

ADDRESS = "https://github.com/plates/demo"


@pytest.fixture
def folder(tmp_path):
    for path in sorted(TUTORIALS.glob("*.ipynb"))[:2]:
        shutil.copy(path, tmp_path)
    return tmp_path


def sources(path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def test_address_and_badges_are_written_once_and_can_be_changed(folder):
    for address in ("https://github.com/someone/else", ADDRESS + ".git", ADDRESS):
        paths = set_repository(address, folder)
    assert len(paths) == 2
    for path in paths:
        title, setup, *_ = sources(path)
        assert (
            title.startswith("# ")
            and title.count("[![Open in") == 2
            and f"plates/demo/blob/main/tutorials/{path.name}" in title
        )
        assert f'REPOSITORY = "{ADDRESS}"' in setup and "someone" not in title + setup
        compile(setup, path.name, "exec")


def test_taking_the_address_out_leaves_the_notebooks_as_they_were(folder):
    before = {path: sources(path) for path in folder.iterdir()}
    set_repository(ADDRESS, folder)
    set_repository("", folder)
    assert {path: sources(path) for path in folder.iterdir()} == before


def test_other_addresses_and_empty_folders_are_errors(folder, tmp_path_factory):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match="OWNER/NAME"):
        set_repository("git@somewhere:x.git", folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(FileNotFoundError, match="no notebooks"):
        set_repository(ADDRESS, tmp_path_factory.mktemp("empty"))
