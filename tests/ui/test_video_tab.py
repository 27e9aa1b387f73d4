"""The tab "Video": rows that grow, a stop, files to take away, and rows that lead into the video."""

import csv
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from visiting import open_tab, scene, wait_for_words

from lpgan_demo.files.video import frames_of
from lpgan_demo.results import Detection, PlateResult
from lpgan_demo.ui.tabs import video as tab


def write(path, frames, codec):
    """A video of 5 frames a second."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 5, frames[0].shape[1::-1])
    for frame in frames:
        video.write(np.ascontiguousarray(frame[..., ::-1]))
    video.release()
    return str(path)


class Reader:
    """Stands in for the pipeline: one moving plate for each second that is not black, and it reads the second."""

    def __init__(self):
        self.frames = 0

    def detector(self, frame):
        self.frames += 1
        if frame.mean() < 20:
            return []
        x0, y0 = 10 + 4 * (self.frames % 5), 20
        corners = np.array([[x0, y0], [x0 + 40, y0], [x0 + 40, y0 + 12], [x0, y0 + 12.0]])
        return [Detection(corners, (x0, y0, x0 + 40, y0 + 12), 0.9)]

    def read_track(self, crops):
        text = f"A{self.frames}"
        return PlateResult(text, 0.9, (), "cn_blue", crops[0], np.zeros((64, 192, 3), np.uint8), "good")


@pytest.fixture
def path(tmp_path):
    """Two cars, each there for a second, with three seconds between them and after them."""
    light = [k % 20 < 5 for k in range(40)]
    return write(tmp_path / "street.avi", [np.full((120, 160, 3), 90 * on, np.uint8) for on in light], "MJPG")


@pytest.fixture
def reader(monkeypatch):
    reader = Reader()
    monkeypatch.setattr(tab, "pipeline", lambda: reader)
    return reader


def run(path, reading, progress=lambda share, desc: None):
    return tab.read_one_video(path, reading, "en", progress)


def test_rows_appear_as_cars_finish(path, reader):
    told = []
    answers = run(path, tab.Reading(), lambda share, desc: told.append(desc))
    assert next(answers)[:2] == ([], [])
    table, pictures, *_ = next(answers)
    assert len(table) == 1 and table[0][-1] == "0.0–0.8 s" and len(pictures) == 2
    assert reader.frames < 20, "the first row came late"
    table, pictures, *_ = next(answers)
    assert [row[-1] for row in table] == ["0.0–0.8 s", "4.0–4.8 s"] and len(pictures) == 4
    assert next(answers, None) is None
    assert told[0].startswith("0 of 8 s of video") and told[-1] == "8 of 8 s of video · 0 s left"


def test_after_a_stop_nothing_more_is_read_and_what_was_read_can_be_taken_away(path, reader):
    reading = tab.Reading()
    answers = run(path, reading)
    next(answers), next(answers)
    read = reader.frames
    reading.begin()
    assert next(answers, None) is None and reader.frames <= read + 1
    files = tab.take_away(path, reading, "en", lambda share, desc: None)
    table, skipped = next(files)
    with open(table["value"], encoding="utf-8-sig") as stream:
        assert [row["start"] for row in csv.DictReader(stream)] == ["0.0"]
    _, marked = next(files)
    assert marked["value"].endswith("street-marked.mp4") and skipped != marked
    frames = list(frames_of(marked["value"], 0))
    assert len(frames) == pytest.approx(read, abs=2)  # what was read, not all 40
    assert next(files, None) is None
    assert "value" not in next(tab.take_away(path, reading))[0], "they are made once"


def test_a_video_that_does_not_say_how_long_it_is_is_read_without_a_guess(path, reader, monkeypatch):
    def unknown(*arguments):
        return ((seconds, frame, 0.0) for seconds, frame, _ in frames_of(*arguments))

    monkeypatch.setattr("lpgan_demo.files.video.frames_of", unknown)
    told, reading = [], tab.Reading()
    list(run(path, reading, lambda share, desc: told.append(desc)))
    assert len(reading.cars) == 2 and not told and reading.seconds == tab.MAX_SECONDS


def test_a_stop_ends_the_marking_and_leaves_the_table(path, reader):
    reading = tab.Reading()
    list(run(path, reading))
    assert reading.seconds >= 6, "the end of the video would not be marked"
    files = tab.take_away(path, reading, "en", lambda share, desc: reading.begin())
    assert next(files)[0]["interactive"]
    assert next(files, None) is None


def test_without_a_car_there_is_nothing_to_take_away(path):
    (answer,) = tab.take_away(path, tab.Reading())
    assert not any("value" in update for update in answer)


def test_another_video_empties_the_tab_and_a_long_one_is_told_at_once(tmp_path, path, reader, monkeypatch):
    warnings = []
    monkeypatch.setattr(tab.gr, "Warning", warnings.append)
    reading = tab.Reading()
    answers = run(path, reading)
    next(answers), next(answers)
    assert reading.cars
    assert tab.choose(path, reading)[:2] == ([], []) and not reading.cars and not warnings
    assert next(answers, None) is None and not reading.cars
    long = write(tmp_path / "long.avi", [np.zeros((48, 64, 3), np.uint8)] * 5 * (tab.MAX_SECONDS + 2), "MJPG")
    tab.choose(long, reading)
    assert str(tab.MAX_SECONDS) in warnings[0]


def test_a_row_tells_its_second_however_the_table_is_sorted():
    assert tab.first_second(SimpleNamespace(row_value=["A1", "90 %", "sure", "12.4–13.0 s"])) == 12.4


def test_a_row_leads_to_its_car_in_the_video_and_the_marked_video_can_be_taken_away(page, tmp_path):
    """WebM, which Chromium plays wherever it comes from."""
    plates = [[("苏B24680", "cn_blue", (60 + 30 * (k - 6), 330))] if k >= 6 else [] for k in range(10)]
    path = write(tmp_path / "street.webm", [scene(plate) for plate in plates], "VP80")
    open_tab(page, 3)
    page.set_input_files("#video input[type=file]", path)
    page.wait_for_selector("#video video", timeout=20_000)
    page.click("#video-start")
    wait_for_words(page, "#video-table", "苏B24680")
    page.wait_for_selector("#video-marked:not([disabled])", timeout=60_000)
    assert page.locator("#video-csv:not([disabled])").count() == 1
    page.click("#video-table [role=gridcell]:has-text('苏B24680')")
    page.wait_for_function("Math.abs(document.querySelector('#video video').currentTime - 1.2) < 0.05", timeout=10_000)
    with page.expect_download() as download:
        page.click("#video-marked")
    assert download.value.suggested_filename == "street-marked.mp4"
    assert len(list(frames_of(download.value.path(), 0))) == len(plates)
    page.locator("#video button[aria-label*=lear], #video button[aria-label*=emove]").first.click()
    page.wait_for_selector("#video-marked[disabled]", timeout=20_000)
    assert "苏B24680" not in page.inner_text("#video-table")
