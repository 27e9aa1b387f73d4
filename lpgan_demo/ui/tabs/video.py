"""The tab "Video": one row for each car, read from its clearest frames, as soon as the car is gone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import gradio as gr

from ...files.marking import marked_video
from ...files.reading import Row
from ...files.video import VideoPlate, video_plates
from ...results import PlateImageError
from ..components import (
    COLUMNS,
    MAX_SECONDS,
    PROGRESS,
    Turn,
    Words,
    csv_download,
    no_file,
    on_gpu,
    pipeline,
    table_row,
    user_error,
    with_headers,
)
from ..words import say

SEEK = """seconds => {
  const player = document.querySelector('#video video');
  if (!player) return;
  player.currentTime = seconds;
  player.scrollIntoView({behavior: 'smooth', block: 'nearest'});
}"""
"""JavaScript: go to a time of the video and bring it into view."""


class Ended(Exception):
    """The visitor has stopped the reading, or begun another."""


@dataclass
class Reading(Turn):
    """What one visitor had read.

    Attributes:
        name: of the video's file.
        cars: those read so far, in the order of appearance.
        seconds: of the video, from its start, that are marked: those searched until now, in the end all.
        taken: whether the files to take away have been made, or begun.
    """

    name: str = ""
    cars: list[VideoPlate] = field(default_factory=list)
    seconds: float = MAX_SECONDS
    taken: bool = False

    def restart(self, path: str | None) -> None:
        """Forget what was read, for another video."""
        self.begin()
        self.name, self.cars, self.seconds, self.taken = Path(path or "").name, [], MAX_SECONDS, False

    def add(self, car: VideoPlate) -> None:
        """Add a car."""
        self.cars = sorted([*self.cars, car], key=lambda car: car.start)

    def rows(self) -> list[Row]:
        """A row of readings for each car."""
        return [Row.of_car(self.name, car) for car in self.cars]

    def shown(self, language: str) -> tuple[list, list]:
        """The table, and the gallery of each car's clearest frame and drawing."""
        pictures = []
        for car in self.cars:
            pictures += [(car.plate.crop, f"{car.best_time:.1f} s"), (car.plate.super_resolved, car.plate.text)]
        return [table_row(row, language)[1:] for row in self.rows()], pictures

    def reporter(self, tell: Callable[[float, float], None]) -> Callable[[float], None]:
        """A function to call with the share done: it calls tell(share, seconds left), or raises Ended.

        A share of 0 is not told: it is that of a video that does not say how long it is.
        """
        turn, started = self.count, time.monotonic()

        def report(share: float) -> None:
            if self.count != turn:
                raise Ended
            if share:
                tell(share, (time.monotonic() - started) * (1 - share) / share)

        return report


def length_of(path: str) -> float:
    """Length of a video in seconds; 0 or less if it cannot be read or does not say."""
    video = cv2.VideoCapture(path)
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / max(1.0, video.get(cv2.CAP_PROP_FPS))
    video.release()
    return seconds


@on_gpu
def read_one_video(path: str | None, reading: Reading, language: str = "en", progress=PROGRESS):
    """Read the plates of a video of at most `MAX_SECONDS`.

    Yields:
        (table, gallery, CSV, marked video, reading): all empty, then table and gallery after each car.

    Raises:
        gr.Error: no video, one that is too long or cannot be decoded, or no plate in it.
    """
    reading.restart(path)
    yield [], [], no_file(), no_file(), reading
    if not path:
        raise user_error(language, "no_video")
    length = length_of(path)
    if length > MAX_SECONDS:
        raise user_error(language, "video_long", seconds=round(length), limit=MAX_SECONDS)

    def tell(share: float, left: float) -> None:
        reading.seconds = share * length
        times = {"done": round(reading.seconds), "total": round(length), "left": round(left)}
        progress(share, desc=say(language, "video_left", **times))

    try:
        for car in video_plates(path, pipeline(), progress=reading.reporter(tell), longest=MAX_SECONDS):
            reading.add(car)
            yield *reading.shown(language), gr.skip(), gr.skip(), reading
    except Ended:
        return
    except PlateImageError as error:
        raise gr.Error(str(error), print_exception=False) from None
    if not reading.cars:
        raise user_error(language, "no_cars")
    reading.seconds = MAX_SECONDS


def take_away(path: str | None, reading: Reading, language: str = "en", progress=PROGRESS):
    """Make the files to take away, of what was read until now, once.

    Yields:
        (CSV, marked video): first the one, then the other.
    """
    if not path or not reading.cars or reading.taken:
        yield gr.skip(), gr.skip()
        return
    reading.taken = True

    def tell(share: float, left: float) -> None:
        progress(share, desc=say(language, "video_marking", left=round(left)))

    report = reading.reporter(tell)
    with tempfile.TemporaryDirectory() as folder:  # until Gradio has its own copies
        yield csv_download(reading.rows(), Path(folder)), gr.skip()
        target = Path(folder) / f"{Path(reading.name).stem}-marked.mp4"
        try:
            marked_video(path, reading.cars, target, report, reading.seconds)
        except (Ended, PlateImageError):  # the second: the upload has been deleted meanwhile
            return
        yield gr.skip(), gr.update(value=str(target), interactive=True)


def choose(path: str | None, reading: Reading, language: str = "en") -> tuple:
    """The outputs of `read_one_video` for a video that was just chosen, all empty; warns if it is too long."""
    reading.restart(path)
    if path and (length := length_of(path)) > MAX_SECONDS:
        gr.Warning(say(language, "video_long", seconds=round(length), limit=MAX_SECONDS))
    return [], [], no_file(), no_file(), reading


def first_second(event: gr.SelectData) -> float:
    """The second in which the car of a clicked row appears; by the row's text, since a visitor may have sorted them."""
    return float(event.row_value[-1].split("–")[0])


def reword(reading: Reading, language: str) -> tuple:
    """Table and gallery in another language."""
    table, pictures = reading.shown(language)
    return with_headers(COLUMNS[1:], table, language), pictures


def video_tab(words: Words) -> None:
    """Render the tab and wire it."""
    words(gr.Markdown, "video_intro")
    video = words(gr.Video, "video", sources=["upload"], elem_id="video", height=300, buttons=[])
    with gr.Row():
        start = words(gr.Button, "video_read", variant="primary", elem_id="video-start")
        stop = words(gr.Button, "stop", elem_id="video-stop")
    status = gr.HTML(elem_id="video-progress")  # the bar has its own place: it would hide a table that grows
    table = words.table("video-table", COLUMNS[1:])
    with gr.Row():
        csv = words(gr.DownloadButton, "csv", interactive=False, elem_id="video-csv")
        marked = words(gr.DownloadButton, "video_marked", interactive=False, elem_id="video-marked")
    words(gr.Markdown, "best_frames")
    looks = {"columns": 4, "height": "auto", "object_fit": "contain", "show_label": False, "buttons": []}
    gallery = gr.Gallery(elem_id="video-frames", **looks)
    second = gr.Number(visible=False)
    reading = gr.State(Reading(), time_to_live=600)
    known, files = [video, reading, words.language], [csv, marked]
    outputs = [table, gallery, *files, reading]
    silent = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    shown = {"api_visibility": "private", "show_progress_on": [status]}
    run = start.click(read_one_video, known, outputs, **shown)
    run.success(take_away, known, files, **shown)
    stopped = stop.click(Reading.begin, reading, cancels=[run], **silent)
    stopped.then(take_away, known, files, **shown)
    video.change(choose, known, outputs, cancels=[run], trigger_mode="multiple", **silent)
    words.language.input(reword, [reading, words.language], [table, gallery], **silent)
    table.select(first_second, None, second, **silent).then(None, second, js=SEEK, **silent)
