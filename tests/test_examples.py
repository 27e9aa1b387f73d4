"""The examples of use: what they do with files, without a cluster, an endless loop or a server."""

import importlib.util
import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from lpgan_demo.inference import PlatePipeline

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def load(name: str):
    """The example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def test_an_actor_reads_a_batch_and_names_what_is_no_picture():
    files = [(EXAMPLES / "tilted.png").read_bytes(), b"nothing", (EXAMPLES / "green.png").read_bytes()]
    batch = {"path": np.array(["a", "b", "c"], object), "bytes": np.array(files, object)}
    read = load("read_with_ray").Reader()(batch)
    assert read["path"].tolist() == ["a", "b", "c"] and read["text"].tolist() == ["川H90T37", None, "沪AD06219"]
    assert "not an image" in read["error"][1] and read["error"][0] is None
    assert 0 < read["confidence"][0] <= 1


def test_the_watcher_reads_what_has_arrived_once_and_waits_for_what_is_still_copied(tmp_path, monkeypatch):
    watcher, folder, out = load("watch_folder"), tmp_path / "in", tmp_path / "out.jsonl"
    monkeypatch.setattr(watcher, "SECONDS", 0)
    folder.mkdir()
    picture = (EXAMPLES / "tilted.png").read_bytes()
    (folder / "whole.png").write_bytes(picture)
    (folder / "growing.png").write_bytes(picture[:500])
    done = set()
    looks = watcher.arrivals(folder, done)
    assert next(looks) == []  # nothing was seen before
    (folder / "growing.png").write_bytes(picture)
    pipeline = PlatePipeline.from_pretrained(deblur=False, detect=False)
    watcher.watch(folder, out, islice(looks, 1), pipeline, done)
    assert [Path(name).name for name in done] == ["whole.png"]
    watcher.watch(folder, out, islice(looks, 3), pipeline, done)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [os.path.basename(line["source"]) for line in lines] == ["whole.png", "growing.png"]
    assert all("川H90T37" in json.dumps(line, ensure_ascii=False) for line in lines)
    assert next(watcher.arrivals(folder, {str(path) for path in folder.iterdir()})) == []


def test_the_watcher_wants_a_folder_that_exists(tmp_path, capsys):
    with pytest.raises(SystemExit):
        load("watch_folder").main([str(tmp_path / "nowhere"), str(tmp_path / "out.jsonl")])
    assert f"there is no folder {tmp_path / 'nowhere'}" in capsys.readouterr().err


def test_asking_a_page_that_does_not_run_ends_in_one_line():
    pytest.importorskip("gradio_client")
    command = [sys.executable, str(EXAMPLES / "ask_the_page.py"), "http://127.0.0.1:9", "photo.png"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "http://127.0.0.1:9 does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_asking_the_page_uses_an_endpoint_that_it_has():
    pytest.importorskip("gradio_client")
    from lpgan_demo.ui import build

    asked = []

    class Page:
        def predict(self, photo, api_name):
            asked.append(api_name)
            return [{"text": "川H90T37"}]

    assert load("ask_the_page").ask(Page(), str(EXAMPLES / "tilted.png")) == [{"text": "川H90T37"}]
    assert asked[0].removeprefix("/") in {function.api_name for function in build().fns.values()}
