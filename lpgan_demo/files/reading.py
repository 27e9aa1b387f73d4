"""Photos, crops, videos and folders of them -> rows, one per plate, and the files that are written as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..images import load_image
from ..inference.pipeline import PlatePipeline, batched
from ..results import PlateImageError, PlateResult

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")


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
