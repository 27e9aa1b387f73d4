"""Photos, crops, videos and folders of them -> rows, one per plate, and the files that are written as they come."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from csv import DictWriter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .images.drawing import annotate, side_by_side
from .images.load import load_image
from .images.pixels import encode_png
from .inference.pipeline import PlatePipeline, batched
from .results import PlateImageError, PlateResult

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")

COLUMNS = ("source", "text", "confidence", "evidence", "legibility", "layout", "detection", "x0", "y0", "x1", "y1")


COLUMNS += ("start", "end", "frames")


@dataclass(frozen=True, eq=False)
class Row:
    """What came of a source: a plate, nothing (plate None), or an error in one sentence. start and end: seconds of a
    video, with the number of frames the plate was found in."""

    source: str
    plate: PlateResult | None = None
    error: str = ""
    start: float | None = None
    end: float | None = None
    frames: int | None = None

    def to_dict(self) -> dict:
        """Plain JSON-ready values of a row that holds a plate."""
        times = {} if self.start is None else {"start": round(self.start, 2), "end": round(self.end, 2)}
        times |= {} if self.frames is None else {"frames": self.frames}
        return {"source": self.source} | times | self.plate.to_dict()


def files_of(sources: Iterable[str | Path]) -> list[Path]:
    """Files as they are; of folders all pictures and videos below them, in the order of their names."""
    found: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            found += sorted(path for path in source.rglob("*") if path.suffix.lower() in PICTURES + VIDEOS)
        else:
            found.append(source)
    return found


def read_files(
    files: list[Path], pipeline: PlatePipeline, progress: bool = False, crops: bool = False
) -> Iterator[list[Row]]:
    """The rows of each file, as they come: its plates, or one row without a plate, or one with what is wrong.

    progress: show a bar on stderr when there are many files. crops: every picture is a crop of one plate; nothing is
    searched for, and they are read in batches. Memory does not grow with the number of files.
    """
    if progress and len(files) > 3:
        from tqdm import tqdm

        files = tqdm(files, unit="file")
    if crops:
        for batch in batched(files, 32):
            yield from _read_crops(batch, pipeline)
        return
    for path in files:
        try:
            if path.suffix.lower() in VIDEOS:
                from .video import read_video

                rows = [
                    Row(str(path), found.plate, "", found.start, found.end, found.frames)
                    for found in read_video(path, pipeline)
                ]
            else:
                rows = [Row(str(path), plate) for plate in pipeline(path)]
            yield rows or [Row(str(path))]
        except (PlateImageError, ValueError) as error:
            yield [Row(str(path), error=str(error))]


def _read_crops(paths: list[Path], pipeline: PlatePipeline) -> Iterator[list[Row]]:
    loaded: dict[Path, np.ndarray] = {}
    wrong: dict[Path, str] = {}
    for path in paths:
        try:
            loaded[path] = load_image(path)
        except PlateImageError as error:
            wrong[path] = str(error)
    plates = dict(zip(loaded, pipeline.read_plates(loaded.values())))
    for path in paths:
        yield [Row(str(path), plates.get(path), wrong.get(path, ""))]


def done_in(path: str | Path) -> set[str]:
    """Sources that a file of JSON lines holds already; a last line that was cut off is taken away from the file."""
    path = Path(path)
    if not path.is_file():
        return set()
    whole = 0
    done = set()
    with open(path, "rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            done.add(json.loads(line)["source"])
            whole += len(line)
    if whole < path.stat().st_size:
        with open(path, "r+b") as stream:
            stream.truncate(whole)
    return done


class Keeper:
    """Writes what was read, file by file, as it comes: nothing is kept in memory but the sheet's pictures.

    lines: a file of JSON lines, one per source, gone on with where it ends. csv: a table with `COLUMNS`, in UTF-8 with
    a byte-order mark, as spreadsheets want it. plates: folder for the super-resolved plates. marked: folder for photos
    with their plates marked. sheet: one PNG with every crop beside its plate.
    """

    def __init__(self, lines=None, csv=None, plates=None, marked=None, sheet=None):
        self.plates, self.marked, self.sheet = plates, marked, sheet
        self._written: set[Path] = set()
        self._shown: list[PlateResult] = []
        self._lines = open(lines, "a", encoding="utf-8") if lines else None
        self._csv = open(csv, "w", newline="", encoding="utf-8-sig") if csv else None
        if self._csv:
            self._table = DictWriter(self._csv, COLUMNS, extrasaction="ignore")
            self._table.writeheader()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for stream in (self._lines, self._csv):
            if stream:
                stream.close()
        if self.sheet and self._shown:
            Path(self.sheet).parent.mkdir(parents=True, exist_ok=True)
            Path(self.sheet).write_bytes(encode_png(side_by_side(self._shown)))

    def add(self, rows: list[Row]) -> None:
        """Write the rows of one source."""
        read = [row for row in rows if row.plate is not None]
        if self._lines:
            plates = [{k: v for k, v in row.to_dict().items() if k != "source"} for row in read]
            line = {"source": rows[0].source, "error": rows[0].error, "plates": plates}
            self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._lines.flush()
        if self._csv:
            for row in read:
                values = row.to_dict()
                values |= dict(zip(("x0", "y0", "x1", "y1"), values["box"] or ()))
                self._table.writerow({name: "" if values.get(name) is None else values[name] for name in COLUMNS})
        for row in read:
            if self.plates:
                self._write(self.plates, row.source, row.plate.super_resolved)
            if self.sheet:
                self._shown.append(row.plate)
        found = [row.plate for row in read if row.plate.box is not None and row.start is None]
        if self.marked and found:
            texts = [plate.label for plate in found]
            picture = annotate(load_image(rows[0].source), [plate.corners for plate in found], texts)
            self._write(self.marked, rows[0].source, picture)

    def _write(self, folder: str, source: str, picture) -> None:
        """folder/NAME.png, with underscores after the name where this run has written one already."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        target = Path(folder) / f"{Path(source).stem}.png"
        while target in self._written:
            target = target.with_stem(target.stem + "_")
        self._written.add(target)
        target.write_bytes(encode_png(picture))
