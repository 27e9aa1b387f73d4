"""The tab for a video: one row for each car."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import gradio as gr

from ...files.reading import Row
from ...files.video import read_video
from ...files.writing import ResultWriter
from ...results import PlateImageError
from ..components import MAX_SECONDS, PROGRESS, Words, _line, on_gpu, pipeline, refuse
from ..words import say


@on_gpu
def read_one_video(path: str | None, language: str = "en", progress=PROGRESS):
    """Table, gallery of the clearest frames and drawings, and the table to take away."""
    if not path:
        raise refuse(language, "no_video")
    video = cv2.VideoCapture(path)
    seconds = video.get(cv2.CAP_PROP_FRAME_COUNT) / max(1.0, video.get(cv2.CAP_PROP_FPS))
    video.release()
    if seconds > MAX_SECONDS:
        raise refuse(language, "video_long", seconds=round(seconds), limit=MAX_SECONDS)

    def done(share: float) -> None:
        progress(share, desc=say(language, "video"))

    try:
        found = read_video(path, pipeline(), progress=done, longest=MAX_SECONDS)
    except PlateImageError as error:
        raise gr.Error(str(error), print_exception=False) from None
    if not found:
        raise refuse(language, "no_cars")
    rows = [Row(Path(path).name, car.plate, "", car.start, car.end, car.frames) for car in found]
    pictures = []
    for car in found:
        pictures += [(car.plate.crop, f"{car.best_time:.1f} s"), (car.plate.super_resolved, car.plate.text)]
    with tempfile.TemporaryDirectory() as folder:
        with ResultWriter(csv=Path(folder) / "plates.csv") as writer:
            writer.add(rows)
        csv = gr.update(value=str(Path(folder) / "plates.csv"), interactive=True)
        yield [_line(row, language) for row in rows], pictures, csv


def video_tab(words: Words) -> None:
    """Render the tab for a video and wire it."""
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
    asked, given = [video, words.language], [table, gallery, csv]
    run = start.click(read_one_video, asked, given, api_visibility="private", show_progress_on=[table])
    stop.click(None, cancels=[run], api_visibility="private")
