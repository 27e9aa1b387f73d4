"""The tab "Video": one row for each car, read from its clearest frames."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import gradio as gr

from ...files.reading import Row
from ...files.video import read_video
from ...results import PlateImageError
from ..components import MAX_SECONDS, PROGRESS, Words, csv_download, on_gpu, pipeline, table_row, user_error
from ..words import say


@on_gpu
def read_one_video(path: str | None, language: str = "en", progress=PROGRESS):
    """Read the plates of a video of at most `MAX_SECONDS`.

    Yields:
        (table, gallery of each car's clearest frame and restored plate, CSV): all empty, then those of the video.

    Raises:
        gr.Error: no video, one that is too long or cannot be decoded, or no plate in it.
    """
    yield [], [], gr.update(value=None, interactive=False)
    if not path:
        raise user_error(language, "no_video")
    video = cv2.VideoCapture(path)
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / max(1.0, video.get(cv2.CAP_PROP_FPS))
    video.release()
    if seconds > MAX_SECONDS:
        raise user_error(language, "video_long", seconds=round(seconds), limit=MAX_SECONDS)

    def show_progress(share: float) -> None:
        progress(share, desc=say(language, "video"))

    try:
        found = read_video(path, pipeline(), progress=show_progress, longest=MAX_SECONDS)
    except PlateImageError as error:
        raise gr.Error(str(error), print_exception=False) from None
    if not found:
        raise user_error(language, "no_cars")
    rows = [Row(Path(path).name, car.plate, "", car.start, car.end, car.frames) for car in found]
    pictures = []
    for car in found:
        pictures += [(car.plate.crop, f"{car.best_time:.1f} s"), (car.plate.super_resolved, car.plate.text)]
    with tempfile.TemporaryDirectory() as folder:
        yield [table_row(row, language) for row in rows], pictures, csv_download(rows, Path(folder))


def video_tab(words: Words) -> None:
    """Render the tab and wire it."""
    words(gr.Markdown, "video_intro")
    video = words(gr.Video, "video", sources=["upload"], elem_id="video", height=300, buttons=[])
    with gr.Row():
        start = words(gr.Button, "video_read", variant="primary", elem_id="video-start")
        stop = words(gr.Button, "stop", elem_id="video-stop")
    table = words.table("video-table")
    gallery = words(
        gr.Gallery, "best_frames", columns=4, height="auto", object_fit="contain", elem_id="video-frames", buttons=[]
    )
    csv = words(gr.DownloadButton, "csv", interactive=False, elem_id="video-csv")
    inputs, outputs = [video, words.language], [table, gallery, csv]
    run = start.click(read_one_video, inputs, outputs, api_visibility="private", show_progress_on=[table])
    stop.click(None, cancels=[run], api_visibility="private")
