"""Photos, crops, videos and folders of them -> rows, one per plate, and the files that are written from rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .annotate import annotate
from .images import encode_png, load_image, side_by_side
from .pipeline import PlatePipeline
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


def read_sources(sources: Iterable[str | Path], pipeline: PlatePipeline, progress: bool = False) -> Iterator[Row]:
    """Rows as they come, file by file; a file that cannot be read gives a row with its error, and reading goes on.

    progress: show a bar on stderr when there are many files.
    """
    files = files_of(sources)
    if progress and len(files) > 3:
        from tqdm import tqdm

        files = tqdm(files, unit="file")
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
            yield from rows or [Row(str(path))]
        except (PlateImageError, ValueError) as error:
            yield Row(str(path), error=str(error))


def write_csv(rows: Iterable[Row], file: str | Path) -> None:
    """A table with `COLUMNS`, in UTF-8 with a byte-order mark, as spreadsheets want it."""
    with open(file, "w", newline="", encoding="utf-8-sig") as stream:
        table = csv.DictWriter(stream, COLUMNS, extrasaction="ignore")
        table.writeheader()
        for row in rows:
            values = row.to_dict()
            values |= dict(zip(("x0", "y0", "x1", "y1"), values["box"] or ()))
            table.writerow({name: "" if values.get(name) is None else values[name] for name in COLUMNS})


def write_plates(rows: list[Row], plates: str | None, marked: str | None, sheet: str | None) -> None:
    """Write, where a path is given, each super-resolved plate, each photo with its plates marked, and one sheet."""
    written: set[Path] = set()
    if plates:
        for row in rows:
            _write(plates, row.source, row.plate.super_resolved, written)
    if marked:
        photos: dict[str, list[PlateResult]] = {}
        for row in rows:
            if row.plate.box is not None and row.start is None:
                photos.setdefault(row.source, []).append(row.plate)
        for source, found in photos.items():
            texts = [plate.text for plate in found]
            picture = annotate(load_image(source), [plate.corners for plate in found], texts)
            _write(marked, source, picture, written)
    if sheet and rows:
        Path(sheet).parent.mkdir(parents=True, exist_ok=True)
        Path(sheet).write_bytes(encode_png(side_by_side([row.plate for row in rows])))


def _write(folder: str, source: str, picture, written: set[Path]) -> None:
    """folder/NAME.png, with underscores after the name where this run has written one already."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    target = Path(folder) / f"{Path(source).stem}.png"
    while target in written:
        target = target.with_stem(target.stem + "_")
    written.add(target)
    target.write_bytes(encode_png(picture))
