"""Writes readings: tables, JSON lines, restored plates, photos with their plates marked, restored or covered, and
videos with their plates marked."""

from __future__ import annotations

import json
from csv import DictWriter
from pathlib import Path

from ..images import encode_png, load_image, side_by_side
from ..images.drawing import annotate
from ..images.in_place import with_note
from ..inference.photo_restoration import covered_photo, restored_photo
from ..results import PlateResult
from .marking import marked_video
from .reading import VIDEOS, Row

COLUMNS = ("source", "status", "text", "confidence", "evidence", "legibility", "layout", "detection")
COLUMNS += ("x0", "y0", "x1", "y1", "start", "end", "frames", "error")
"""Columns of the table; those that do not apply to a row stay empty. Every source has a row: see `Row.status`."""

NOTE = "Number plates in this picture were drawn by a network: what it believes, not evidence."
"""Stands below every photo whose plates were restored in place."""


def done_in(path: str | Path) -> set[str]:
    """Sources that a file of JSON lines has already; an incomplete last line is removed from the file."""
    path = Path(path)
    if not path.is_file():
        return set()
    done, complete_bytes = set(), 0
    with open(path, "rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            done.add(json.loads(line)["source"])
            complete_bytes += len(line)
    if complete_bytes < path.stat().st_size:
        with open(path, "r+b") as stream:
            stream.truncate(complete_bytes)
    return done


class ResultWriter:
    """Writes the rows of one source after the other; only the sheet's pictures are kept in memory until the end.

    lines: a file of JSON lines, one per source, to which new ones are appended. csv: a table with `COLUMNS`, in UTF-8
    with a byte-order mark, as spreadsheets need it. plates, marked, restored, covered: folders for the restored plates,
    for photos and videos with their plates marked, and for photos with them restored in place, and covered. sheet: one
    PNG with every crop beside its restored plate. find: finds what is to be covered, which may be more than was read;
    such as `PlatePipeline.find`.
    """

    def __init__(
        self, lines=None, csv=None, plates=None, marked=None, sheet=None, restored=None, covered=None, find=None
    ):
        if covered and find is None:
            raise ValueError("to cover plates they must be found: give find")
        self.plates, self.marked, self.sheet = plates, marked, sheet
        self.restored, self.covered, self.find = restored, covered, find
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
        """Write the rows of one source; `rows` is not empty."""
        read = [row for row in rows if row.plate is not None]
        if self._lines:
            plates = [{k: v for k, v in row.to_dict().items() if k != "source"} for row in read]
            line = {"source": rows[0].source, "error": rows[0].error, "plates": plates}
            self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._lines.flush()
        if self._csv:
            for row in rows:
                values = {"source": row.source, "error": row.error} if row.plate is None else row.to_dict()
                values |= {"status": row.status} | dict(zip(("x0", "y0", "x1", "y1"), values.get("box") or ()))
                self._table.writerow({name: "" if values.get(name) is None else values[name] for name in COLUMNS})
        for row in read:
            if self.plates:
                self._write(self.plates, row.source, row.plate.super_resolved)
            if self.sheet:
                self._shown.append(row.plate)
        found = [row.plate for row in read if row.plate.box is not None and row.start is None]
        if found and (self.marked or self.restored):
            photo = load_image(rows[0].source)
            if self.marked:
                marked = annotate(photo, [plate.corners for plate in found], [plate.label for plate in found])
                self._write(self.marked, rows[0].source, marked)
            if self.restored:
                self._write(self.restored, rows[0].source, with_note(restored_photo(photo, found), NOTE))
        if self.marked and (cars := [row.car for row in read if row.car is not None]):
            marked_video(rows[0].source, cars, self._target(self.marked, rows[0].source, ".mp4"))
        if self.covered and not rows[0].error and Path(rows[0].source).suffix.lower() not in VIDEOS:
            photo = load_image(rows[0].source)
            if (detections := self.find(photo)) != []:
                self._write(self.covered, rows[0].source, covered_photo(photo, detections))

    def _write(self, folder: str, source: str, picture) -> None:
        """Write a picture as PNG."""
        self._target(folder, source, ".png").write_bytes(encode_png(picture))

    def _target(self, folder: str, source: str, suffix: str) -> Path:
        """A path folder/NAME.suffix, with underscores after the name where this run has written that file already."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        target = Path(folder) / f"{Path(source).stem}{suffix}"
        while target in self._written:
            target = target.with_stem(target.stem + "_")
        self._written.add(target)
        return target
