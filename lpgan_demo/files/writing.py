"""What is written of readings: tables, JSON lines, marked photos, drawn plates."""

from __future__ import annotations

import json
from csv import DictWriter
from pathlib import Path

from ..images import encode_png, load_image, side_by_side
from ..images.drawing import annotate
from ..results import PlateResult
from .reading import Row

COLUMNS = ("source", "text", "confidence", "evidence", "legibility", "layout", "detection", "x0", "y0", "x1", "y1")


COLUMNS += ("start", "end", "frames")


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


class ResultWriter:
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
