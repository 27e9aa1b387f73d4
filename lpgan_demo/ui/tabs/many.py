"""The tab "Many photos": pictures and zip files in, a growing table, a CSV and a zip file of all results out."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import gradio as gr

from ...files.archives import ArchiveError, count_pictures, pictures_of
from ...files.reading import Row
from ...images import encode_png, load_image, resize
from ...images.drawing import annotate
from ...results import PlateImageError
from ..components import (
    MAX_BYTES,
    MAX_FILES,
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
from ..reading_panel import data_uri
from ..words import say

SHOWN = ("all", "doubtful")
"""What the table may show: every row, or those that somebody should look at."""

COLUMNS = ("plate", "sure", "legibility", "crop_small", "drawing", "file")
"""Keys of the headers of the table; the first three fit on a phone."""

NO_PICTURE = "no picture"
"""Error of the row of a file in a zip that is no picture."""

THUMBNAIL = (32, 96)
"""Height and width of the pictures in the table, pixels."""

PAUSE = 0.5
"""Least time between two states of the growing table, seconds."""

SHOW_TABLE = """(...inputs) => {
  document.querySelector('#many-table')?.scrollIntoView({behavior: 'smooth', block: 'nearest'});
  return inputs;
}"""
"""JavaScript: bring the growing table into view."""


@dataclass
class Batch(Turn):
    """What one visitor had read: rows, the picture that each was read from, and the folder that holds both.

    The folder, with its pictures, goes when the batch does: with the next one, or some minutes after the visit.
    """

    rows: list[Row] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    folder: tempfile.TemporaryDirectory | None = None

    def begin(self) -> None:
        super().begin()
        self.rows, self.pictures = [], []
        self.folder = tempfile.TemporaryDirectory(prefix="lpgan-many-")

    def chosen(self, shown: str) -> list[int]:
        """Indices of the rows that are shown, see `SHOWN`."""
        return [k for k, row in enumerate(self.rows) if shown == "all" or is_doubtful(row)]

    def table(self, shown: str, language: str) -> list[list[str]]:
        """The rows that are shown, with pictures of crop and drawing."""
        rows = [self.rows[k] for k in self.chosen(shown)]
        return [_cells(row, language) for row in rows]


def is_doubtful(row: Row) -> bool:
    """Whether somebody should look at a row: an error, no plate, or a reading that is not sure."""
    return row.plate is None or row.plate.legibility != "good"


def _cells(row: Row, language: str) -> list[str]:
    """A row's cells, in the order of `COLUMNS`; crop and drawing as HTML."""
    file, text, confidence, legibility, _ = table_row(row, language)
    text = say(language, "no_picture") if row.error == NO_PICTURE else text
    pictures = (row.plate.crop, row.plate.super_resolved) if row.plate else ()
    small = [f'<img alt="" src="{data_uri(resize(picture, THUMBNAIL))}">' for picture in pictures]
    return [text, confidence, legibility, *(small or ["", ""]), file]


@on_gpu
def read_many(paths: list[str] | None, shown: str, batch: Batch, language: str = "en", progress=PROGRESS):
    """Read pictures and zip files one by one.

    Yields:
        (table, CSV, zip): all empty at first, then the table so far, at the end all three; nothing more when the
        visitor has begun anew meanwhile.

    Raises:
        gr.Error: no files, too many pictures, or an unusable zip file.
    """
    batch.begin()
    turn, folder = batch.count, batch.folder  # kept until this handler ends, whoever begins anew
    yield [], no_file(), no_file()
    if not paths:
        raise user_error(language, "no_files")
    try:
        total = count_pictures(paths)
        if total > MAX_FILES:
            raise user_error(language, "too_many", files=MAX_FILES)
        started = told = time.monotonic()
        for k, (name, source) in enumerate(pictures_of(paths, MAX_BYTES), 1):
            rows, picture = _read_one(f"{k:03}", name, source, folder)
            if batch.count != turn:
                return
            batch.rows += rows
            batch.pictures += [picture] * len(rows)
            now, done = time.monotonic(), min(k, total)
            left = f"{(now - started) / k * (total - done):.0f}"
            progress((done, total), desc=say(language, "of_files", done=done, total=total, left=left))
            if now - told > PAUSE:
                told = now
                yield batch.table(shown, language), gr.skip(), gr.skip()
    except ArchiveError as error:
        raise user_error(language, error.key, name=error.name, megabytes=MAX_BYTES >> 20) from None
    yield take_away(shown, batch, language)


def take_away(shown: str, batch: Batch, language: str = "en") -> tuple:
    """(table, CSV, zip) of what was read until now; nothing to take away when that is nothing."""
    if not batch.rows:
        return [], no_file(), no_file()
    folder = batch.folder
    csv = csv_download(batch.rows, _inside(folder, "all"))
    archive = shutil.make_archive(str(_inside(folder, "zip") / "plates"), "zip", _inside(folder, "all"))
    return batch.table(shown, language), csv, gr.update(value=archive, interactive=True)


def _inside(folder: tempfile.TemporaryDirectory, name: str) -> Path:
    """A folder of that name in a batch's folder."""
    path = Path(folder.name) / name
    path.mkdir(exist_ok=True)
    return path


def _read_one(number: str, name: str, source: Path | bytes | None, folder) -> tuple[list[Row], str]:
    """The rows of one picture and where it lies; drawings and marked photo go to the batch's folder as NUMBER-NAME."""
    if source is None:
        return [Row(name, error=NO_PICTURE)], ""
    if isinstance(source, bytes):
        path = _inside(folder, "pictures") / (number + Path(name).suffix)
        path.write_bytes(source)
        source = path
    try:
        photo = load_image(source)
        plates = pipeline()(photo)
    except PlateImageError as error:
        return [Row(name, error=str(error).replace(repr(Path(source).name), repr(Path(name).name)))], ""
    stem = number + "-" + Path(name).with_suffix("").as_posix().replace("/", "-")
    for k, plate in enumerate(plates, 1):
        (_inside(folder, "all") / f"{stem}-{k}.png").write_bytes(encode_png(plate.super_resolved))
    if plates and plates[0].box is not None:
        marked = annotate(photo, [plate.corners for plate in plates], [plate.label for plate in plates])
        cv2.imwrite(str(_inside(folder, "all") / f"{stem}-marked.jpg"), marked[..., ::-1])
    return [Row(name, plate) for plate in plates] or [Row(name)], str(source)


def show_table(shown: str, batch: Batch, language: str) -> dict:
    """The table again, after another choice of rows or of the language."""
    return with_headers(COLUMNS, batch.table(shown, language), language)


def open_row(shown: str, batch: Batch, event: gr.SelectData) -> tuple:
    """The tab and the picture to open when a row is clicked; nothing for a row without a picture, or one long gone."""
    rows = batch.chosen(shown)
    picture = batch.pictures[rows[event.index[0]]] if event.index[0] < len(rows) else ""
    return (gr.Tabs(selected="photo"), picture) if Path(picture).is_file() else (gr.skip(), gr.skip())


def many_tab(words: Words, tabs: gr.Tabs, photo: gr.Image) -> None:
    """Render the tab and wire it; a row that is clicked opens its picture in `photo`, in the first of the tabs."""
    words(gr.Markdown, "many_intro")
    files = words(gr.File, "files", file_count="multiple", file_types=["image", ".zip"], elem_id="many-files")
    with gr.Row():
        start = words(gr.Button, "start", variant="primary", elem_id="many-start")
        stop = words(gr.Button, "stop", elem_id="many-stop")
    status = gr.HTML(elem_id="many-progress")  # the bar has its own place: it would hide a table that grows
    shown = words.choice("shown", SHOWN, elem_id="many-shown")
    columns = {
        "datatype": ["str", "str", "str", "html", "html", "str"],
        "column_widths": ["120px", "100px", "100px", "112px", "112px", "300px"],
    }
    table = words.table("many-table", COLUMNS, **columns)
    with gr.Row():
        csv = words(gr.DownloadButton, "csv", interactive=False, elem_id="many-csv")
        everything = words(gr.DownloadButton, "zip", interactive=False, elem_id="many-zip")
    batch = gr.State(Batch(), time_to_live=600)
    known, outputs = [shown, batch, words.language], [table, csv, everything]
    silent = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    run = start.click(
        read_many, [files, *known], outputs, api_visibility="private", show_progress_on=[status], js=SHOW_TABLE
    )
    stop.click(None, cancels=[run], api_visibility="private").then(take_away, known, outputs, **silent)
    gr.on([shown.input, words.language.input], show_table, known, table, **silent)
    table.select(open_row, [shown, batch], [tabs, photo], **silent)
