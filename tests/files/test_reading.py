"""Folders, tables and marked photos."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from lpgan_demo.cli.main import main
from lpgan_demo.files.reading import Row, files_of, read_files
from lpgan_demo.files.writing import ResultWriter, done_in
from lpgan_demo.inference.pipeline import PlatePipeline, is_crop, is_plate
from lpgan_demo.results import Detection

CORNERS = np.array([[100.0, 80], [200, 84], [200, 114], [100, 110]])


@pytest.fixture
def pipeline(small_weights, monkeypatch):
    """A pipeline whose detector finds one plate in every photo that is not black, at CORNERS.

    Its untrained networks read nothing, so that every find is let pass.
    """
    monkeypatch.setattr("lpgan_demo.inference.pipeline.is_plate", lambda result: True)
    pipeline = PlatePipeline.from_pretrained(small_weights)
    box = (*CORNERS.min(0), *CORNERS.max(0))
    pipeline.detector = lambda photo: [Detection(CORNERS, box, 0.9)] if photo.max() > 0 else []
    return pipeline


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos" / "inner").mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "photos" / "b.png")
    Image.fromarray(noise * 0).save(tmp_path / "photos" / "inner" / "empty.png")
    (tmp_path / "photos" / "a.jpg").write_bytes(b"no picture")
    (tmp_path / "photos" / "notes.txt").write_text("no picture either")
    return tmp_path / "photos"


def test_folders_are_searched_for_pictures_and_videos(folder):
    assert [path.name for path in files_of([folder, "x.png"])] == ["a.jpg", "b.png", "empty.png", "x.png"]


def test_a_bad_file_is_a_row_with_its_error_and_reading_goes_on(folder, pipeline):
    (bad,), (good,), (nothing,) = read_files(files_of([folder]), pipeline)
    assert "not an image" in bad.error and bad.plate is None
    assert good.plate.text and good.plate.corners is CORNERS and good.plate.detection == 0.9
    assert nothing.plate is None and not nothing.error


def test_rows_become_a_table_marked_photos_and_plates(folder, pipeline, tmp_path):
    with ResultWriter(csv=tmp_path / "plates.csv", plates=tmp_path / "plates", marked=tmp_path / "marked") as writer:
        for rows in read_files(files_of([folder]), pipeline):
            writer.add(rows)
    with open(tmp_path / "plates.csv", encoding="utf-8-sig") as stream:
        bad, line, nothing = csv.DictReader(stream)
    assert bad["status"] == "error" and "not an image" in bad["error"] and not bad["text"]
    assert nothing["status"] == "no plate" and nothing["source"].endswith("empty.png")
    assert line["status"] == "plate" and line["text"] and float(line["x1"]) == 200 and line["start"] == ""
    assert Image.open(tmp_path / "plates" / "b.png").size == (192, 64)
    marked = np.asarray(Image.open(tmp_path / "marked" / "b.png"))
    assert (marked != np.asarray(Image.open(folder / "b.png"))).any(2).sum() > 200


def test_photos_are_restored_with_a_note_and_covered_where_something_is_found(folder, pipeline, tmp_path):
    folders = {"restored": tmp_path / "restored", "covered": tmp_path / "covered"}
    with ResultWriter(**folders, find=pipeline.find) as writer:
        for rows in read_files(files_of([folder]), pipeline):
            writer.add(rows)
    assert [path.name for path in folders["restored"].iterdir()] == ["b.png"]
    assert Image.open(folders["restored"] / "b.png").height > Image.open(folder / "b.png").height
    covered, photo = (np.asarray(Image.open(f / "b.png")).astype(int) for f in (folders["covered"], folder))
    assert (covered != photo).any(2).sum() > 100 * 34
    with ResultWriter(covered=tmp_path / "of videos", find=pipeline.find) as writer:
        writer.add([Row(str(tmp_path / "street.mp4"))])  # a video without a plate is no photo
    assert not (tmp_path / "of videos").exists()
    with pytest.raises(ValueError, match="give find"):
        ResultWriter(covered=folders["covered"])


def test_the_crop_of_a_found_plate_is_its_rectified_view(folder, pipeline):
    (plate,) = pipeline(folder / "b.png")
    assert plate.crop.shape[1] / plate.crop.shape[0] == pytest.approx(100 / 30, rel=0.1)
    assert plate.box == (100, 80, 200, 114)


def test_a_find_is_a_plate_when_it_can_be_read_or_the_detector_is_sure(pipeline, folder):
    (plate,) = pipeline(folder / "b.png")
    for legibility, label in (("good", plate.text), ("poor", plate.text), ("illegible", "?"), ("unknown kind", "?")):
        sure, unsure = (dataclasses.replace(plate, legibility=legibility, detection=d) for d in (0.96, 0.9))
        assert sure.label == label and is_plate(sure)
        assert is_plate(unsure) is (label != "?")


def test_what_is_a_crop_is_seen_from_its_size_and_what_was_found():
    assert is_crop((24, 94), []) and is_crop((24, 94), [(2, 2, 90, 22)])
    assert not is_crop((480, 640), []) and not is_crop((480, 640), [(10, 10, 100, 40)])
    assert not is_crop((200, 100), [])
    assert not is_crop((100, 300), [(0, 0, 140, 90), (150, 0, 300, 90)])


def test_a_run_that_was_broken_off_goes_on_without_reading_anything_twice(folder, pipeline, tmp_path):
    lines = tmp_path / "plates.jsonl"
    files = files_of([folder])
    with ResultWriter(lines=lines) as writer:
        for rows in read_files(files[:2], pipeline):
            writer.add(rows)
    assert done_in(lines) == {str(path) for path in files[:2]}
    whole = lines.read_bytes()
    lines.write_bytes(whole + b'{"source": "cut o')
    assert done_in(lines) == {str(path) for path in files[:2]} and lines.read_bytes() == whole
    bad, good = map(json.loads, whole.splitlines())
    assert "not an image" in bad["error"] and bad["plates"] == []
    assert good["plates"][0]["box"] == [100, 80, 200, 114] and good["error"] == ""


def test_crops_are_read_in_batches_and_bad_ones_do_not_stop_them(folder, pipeline):
    pipeline.detector = None
    alone = pipeline.read_plate(folder / "b.png")
    (bad,), (good,), (black,) = read_files(files_of([folder]), pipeline, crops=True)
    assert "not an image" in bad.error and good.plate.text == alone.text and black.plate is not None


def test_the_command_goes_on_after_its_json_lines(folder, small_weights, tmp_path, capsys):
    lines = tmp_path / "plates.jsonl"
    command = ["read", str(folder), "--crops", "--weights", str(small_weights), "--json-lines", str(lines)]
    assert main(command) == 1 and len(lines.read_text(encoding="utf-8").splitlines()) == 3
    capsys.readouterr()
    assert main(command) == 0 and capsys.readouterr().out == ""
    assert len(lines.read_text(encoding="utf-8").splitlines()) == 3
