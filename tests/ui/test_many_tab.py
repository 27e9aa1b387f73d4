"""The tab "Many photos" without a browser: what is kept, shown and taken away."""

import csv
import zipfile
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from lpgan_demo.files.reading import Row
from lpgan_demo.images import encode_png
from lpgan_demo.results import CharacterReading, PlateResult
from lpgan_demo.ui.tabs import many
from lpgan_demo.ui.words import say


def plate(legibility):
    picture = np.zeros((24, 72, 3), np.uint8)
    return PlateResult("皖A12345", 0.95, (CharacterReading("皖", 0.9),), "cn_blue", picture, picture, legibility)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A sure plate, a doubtful one, a broken file, and a zip with a folder and what is no picture."""
    answers = iter([[plate("good")], [plate("poor")], []])
    monkeypatch.setattr(many, "pipeline", lambda: lambda photo: next(answers))
    picture = encode_png(np.zeros((50, 60, 3), np.uint8))
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(picture)
    (tmp_path / "c.png").write_bytes(b"nothing")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as zipped:
        zipped.writestr("deep/e.png", picture)
        zipped.writestr("notes.txt", "nothing")
    return [str(tmp_path / name) for name in ("a.png", "b.png", "c.png", "d.zip")]


def silent(*_, **__):
    """No progress bar."""


def read(files, batch, shown="all"):
    return list(many.read_many(files, shown, batch, "en", silent))


def test_every_file_is_in_the_table_to_take_away(files):
    batch = many.Batch()
    *_, (table, table_file, everything) = read(files, batch)
    assert [row[-1] for row in table] == ["a.png", "b.png", "c.png", "d.zip/deep/e.png", "d.zip/notes.txt"]
    with open(table_file["value"], encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["status"] for row in rows] == ["plate", "plate", "error", "no plate", "error"]
    assert "c.png" in rows[2]["error"] and rows[3]["source"] == "d.zip/deep/e.png"
    with zipfile.ZipFile(everything["value"]) as zipped:
        assert sorted(zipped.namelist()) == ["001-a-1.png", "002-b-1.png", "plates.csv"]


def test_the_doubtful_rows_alone_and_what_opens_when_one_is_clicked(files):
    batch = many.Batch()
    read(files, batch)
    assert [row[-1] for row in batch.table("doubtful", "en")][:2] == ["b.png", "c.png"]
    tab, picture = many.open_row("doubtful", batch, SimpleNamespace(index=(0, 2)))
    assert picture == files[1] and tab.selected == "photo"
    assert many.open_row("doubtful", batch, SimpleNamespace(index=(1, 2)))[1] == gr.skip()  # the broken file
    tab, picture = many.open_row("all", batch, SimpleNamespace(index=(3, 0)))
    assert picture.endswith(".png") and picture not in files  # from the zip


def test_after_a_stop_what_was_read_can_be_taken_away(files):
    batch = many.Batch()
    reading = many.read_many(files, "all", batch, "en", silent)
    next(reading)
    reading.close()
    assert many.take_away("all", batch)[1]["interactive"] is False  # nothing yet
    batch.rows, batch.pictures = [Row("a.png", plate("good"))], [files[0]]
    table, table_file, everything = many.take_away("all", batch)
    assert len(table) == 1 and table_file["interactive"] and zipfile.is_zipfile(everything["value"])


def test_a_run_that_was_begun_anew_adds_nothing_and_its_folder_is_gone(files):
    batch = many.Batch()
    old = many.read_many(files, "all", batch, "en", silent)
    next(old)
    folder = many._inside(batch.folder, "all")
    read([files[2]], batch)
    assert list(old) == [] and [row.source for row in batch.rows] == ["c.png"]
    assert not folder.exists()


@pytest.mark.parametrize("name, key", [("empty.zip", "holds no pictures"), ("none", "Choose pictures")])
def test_a_mistake_is_told_and_nothing_of_an_earlier_run_stays(files, tmp_path, name, key):
    batch = many.Batch()
    read(files, batch)
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as zipped:
        zipped.writestr("notes.txt", "nothing")
    told = many.read_many([str(tmp_path / name)] if name != "none" else None, "all", batch, "en", silent)
    assert next(told)[0] == []
    with pytest.raises(gr.Error, match=key):
        next(told)
    assert batch.rows == []


def test_the_headers_follow_the_language(files):
    batch = many.Batch()
    read(files, batch)
    shown = many.show_table("doubtful", batch, "zh")
    assert shown["headers"] == [say("zh", column) for column in many.COLUMNS] and shown["data"][0][-1] == "b.png"
    assert shown["data"][-1][0] == say("zh", "no_picture")
