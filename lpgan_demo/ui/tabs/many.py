"""The tab "Many photos": pictures and zip files in, a growing table, a CSV and a zip file of all results out."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import cv2
import gradio as gr

from ...files.archives import ArchiveError, count_pictures, pictures_of
from ...files.reading import Row
from ...images import encode_png, load_image
from ...images.drawing import annotate
from ...results import PlateImageError
from ..components import (
    MAX_BYTES,
    MAX_FILES,
    PROGRESS,
    Words,
    csv_download,
    on_gpu,
    pipeline,
    table_row,
    user_error,
)
from ..words import say


@on_gpu
def read_many(paths: list[str] | None, language: str = "en", progress=PROGRESS):
    """Read pictures and zip files one by one.

    Yields:
        (table, CSV, zip): all empty at first, after each picture the table so far, at the end all three.

    Raises:
        gr.Error: no files, too many pictures, or an unusable zip file.
    """
    yield [], gr.update(value=None, interactive=False), gr.update(value=None, interactive=False)
    if not paths:
        raise user_error(language, "no_files")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "plates"
        out.mkdir()
        try:
            total = count_pictures(paths)
            if total > MAX_FILES:
                raise user_error(language, "too_many", files=MAX_FILES)
            started = time.monotonic()
            for k, (name, source) in enumerate(pictures_of(paths, MAX_BYTES)):
                left = (time.monotonic() - started) / k * (total - k) if k else 0
                status = say(language, "of_files", done=k + 1, total=total) + (f" · {left:.0f} s" if k else "")
                progress((k, total), desc=status)
                rows += _read_one(name, source, out, f"{k + 1:03}-{Path(name).stem}")
                yield [table_row(row, language) for row in rows], gr.skip(), gr.skip()
        except ArchiveError as error:
            raise user_error(language, error.key, name=error.name, megabytes=MAX_BYTES >> 20) from None
        csv = csv_download(rows, out)
        archive = shutil.make_archive(str(Path(folder) / "plates"), "zip", out)
        yield [table_row(row, language) for row in rows], csv, gr.update(value=archive, interactive=True)


def _read_one(name: str, source, out: Path, stem: str) -> list[Row]:
    """The rows of one picture; its restored plates, and the photo with its plates marked, are written to `out`."""
    try:
        photo = load_image(source)
        plates = pipeline()(photo)
    except PlateImageError as error:
        return [Row(name, error=str(error))]
    for k, plate in enumerate(plates):
        (out / f"{stem}-{k + 1}.png").write_bytes(encode_png(plate.super_resolved))
    if plates and plates[0].box is not None:
        marked = annotate(photo, [plate.corners for plate in plates], [plate.label for plate in plates])
        cv2.imwrite(str(out / f"{stem}-marked.jpg"), marked[..., ::-1])
    return [Row(name, plate) for plate in plates] or [Row(name)]


def many_tab(words: Words) -> None:
    """Render the tab and wire it."""
    words(gr.Markdown, "many_intro")
    files = words(gr.File, "files", file_count="multiple", file_types=["image", ".zip"], elem_id="many-files")
    with gr.Row():
        start = words(gr.Button, "start", variant="primary", elem_id="many-start")
        stop = words(gr.Button, "stop", elem_id="many-stop")
    table = words.table("many-table")
    with gr.Row():
        csv = words(gr.DownloadButton, "csv", interactive=False, elem_id="many-csv")
        everything = words(gr.DownloadButton, "zip", interactive=False, elem_id="many-zip")
    run = start.click(
        read_many, [files, words.language], [table, csv, everything], api_visibility="private", show_progress_on=[table]
    )
    stop.click(None, cancels=[run], api_visibility="private")
