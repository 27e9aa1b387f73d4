"""Photos, crops, videos and folders of them -> rows, one per plate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..images import load_image
from ..inference.pipeline import PlatePipeline, batched
from ..results import PlateImageError, PlateResult
from .video import VideoPlate, read_video

PICTURES = (".bmp", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")

VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")


@dataclass(frozen=True, eq=False)
class Row:
    """One plate of a source file; or, with plate None, that it has none, or the error that stopped its reading.

    start, end, frames: of a video, the plate's first and last seconds and the number of frames it was found in.
    car: of a video, all that is known of the plate.
    """

    source: str
    plate: PlateResult | None = None
    error: str = ""
    start: float | None = None
    end: float | None = None
    frames: int | None = None
    car: VideoPlate | None = None

    @classmethod
    def of_car(cls, source: str, car: VideoPlate) -> Row:
        """The row of one plate of a video."""
        return cls(source, car.plate, "", car.start, car.end, car.frames, car)

    @property
    def status(self) -> str:
        """ "plate", "no plate" or "error"."""
        return "error" if self.error else "no plate" if self.plate is None else "plate"

    def to_dict(self) -> dict:
        """JSON-ready values of a row with a plate, without the pictures."""
        times = {} if self.start is None else {"start": round(self.start, 2), "end": round(self.end, 2)}
        times |= {} if self.frames is None else {"frames": self.frames}
        return {"source": self.source} | times | self.plate.to_dict()


def files_of(sources: Iterable[str | Path]) -> list[Path]:
    """Files as they are, and all pictures and videos in folders and below, sorted by path."""
    found: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            found += sorted(path for path in source.rglob("*") if path.suffix.lower() in PICTURES + VIDEOS)
        else:
            found.append(source)
    return found


def read_files(
    files: list[Path], pipeline: PlatePipeline, progress: bool = False, crops: bool = False, kind: str = "auto"
) -> Iterator[list[Row]]:
    """The rows of each file, one file at a time: its plates, or one row without a plate, or one with an error.

    progress: show a progress bar on stderr, for more than three files. crops: every picture is a crop of one plate;
    they are read in batches and not searched. kind: what the others are, see `inference.pipeline.KINDS`. Memory does
    not grow with the number of files.
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
                rows = [Row.of_car(str(path), car) for car in read_video(path, pipeline)]
            else:
                rows = [Row(str(path), plate) for plate in pipeline(path, kind)]
            yield rows or [Row(str(path))]
        except (PlateImageError, ValueError) as error:
            yield [Row(str(path), error=str(error))]


def _read_crops(paths: list[Path], pipeline: PlatePipeline) -> Iterator[list[Row]]:
    """The row of each crop in a batch."""
    loaded: dict[Path, np.ndarray] = {}
    errors: dict[Path, str] = {}
    for path in paths:
        try:
            loaded[path] = load_image(path)
        except PlateImageError as error:
            errors[path] = str(error)
    plates = dict(zip(loaded, pipeline.read_plates(loaded.values())))
    for path in paths:
        yield [Row(str(path), plates.get(path), errors.get(path, ""))]
