"""`evaluate stability`: do readings depend on the batch, its order, the threads, or on how a photo is saved?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from .. import images
from ..data.formats import labelled_plates
from ..inference import PlatePipeline
from ..results import PlateResult


def evaluate_stability(folders: list[str], pipeline: PlatePipeline, side: str = "all") -> dict[str, dict]:
    """Read crops under several conditions and compare each with reading in batches of 32 on all threads.

    folders, side: as in `data.formats.labelled_plates`, with its errors.

    Returns:
        {condition: figures}. n; other_text: number of crops whose text differs; right_before, right_now: number read
        exactly; moved: largest change of confidence among crops whose text stays; typical: its 99th percentile.
    """
    plates = labelled_plates(folders, side)
    crops, texts = [plate.crop() for plate in plates], [plate.text for plate in plates]
    reference = pipeline.read_plates(crops, 32)
    right = sum(a.text == text for a, text in zip(reference, texts))
    report = {}
    for condition, readings in _repeated_readings(pipeline, crops):
        changes = [abs(a.confidence - b.confidence) for a, b in zip(reference, readings) if a.text == b.text]
        report[condition] = {
            "n": len(crops),
            "other_text": len(crops) - len(changes),
            "right_before": right,
            "right_now": sum(b.text == text for b, text in zip(readings, texts)),
            "moved": max(changes, default=0.0),
            "typical": float(np.quantile(changes, 0.99)) if changes else 0.0,
        }
    return report


def _larger(photo: np.ndarray) -> np.ndarray:
    """A photo, uint8 RGB (H, W, 3), enlarged by one hundredth."""
    return images.resize(photo, tuple(round(1.01 * side) for side in photo.shape[:2]))


OTHER_VIEWS = {
    "cut by 3 and 2 pixels": lambda photo: photo[2:, 3:],
    "1 % larger": _larger,
    "JPEG 90": lambda photo: images.through_jpeg(photo, 90),
}
"""{name: a photo -> a picture of it that no person tells from it}."""


def evaluate_views(folders: list[str], pipeline: PlatePipeline, side: str = "all") -> dict[str, dict]:
    """Read whole pictures as they are and in each of `OTHER_VIEWS`, and compare the legible texts.

    folders, side: as in `data.formats.labelled_plates`, with its errors; labels are not asked for.

    Returns:
        {view, or "all of them": figures}. n pictures; same: share of pictures with the same legible texts as it is;
        no_other: share in which no text is legible that the picture as it is does not give, legibly or not.
    """
    counts = {view: [] for view in OTHER_VIEWS}
    for path in dict.fromkeys(plate.path for plate in labelled_plates(folders, side)):
        photo = images.load_image(path)
        plates = pipeline(photo)
        known = {plate.text for plate in plates}
        for view, seen in OTHER_VIEWS.items():
            texts = _legible(pipeline(seen(photo)))
            counts[view].append((texts == _legible(plates), set(texts) <= known))
    shares = {view: np.array(rows) for view, rows in counts.items()}
    shares["all of them"] = np.all(list(shares.values()), 0)
    return {
        view: {"n": len(rows), "same": float(rows[:, 0].mean()), "no_other": float(rows[:, 1].mean())}
        for view, rows in shares.items()
    }


def _legible(plates: list[PlateResult]) -> list[str]:
    """The legible texts, sorted."""
    return sorted(plate.label for plate in plates if plate.label != "?")


def _repeated_readings(pipeline: PlatePipeline, crops: list[np.ndarray]) -> Iterator[tuple[str, list[PlateResult]]]:
    """(condition, results in the order of `crops`) of each repetition."""
    yield "the same again", pipeline.read_plates(crops, 32)
    yield "one by one", [pipeline.read_plate(crop) for crop in crops]
    order = np.random.default_rng(0).permutation(len(crops))
    shuffled = pipeline.read_plates([crops[k] for k in order], 5)
    yield "in other company, by fives", [shuffled[k] for k in np.argsort(order)]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield "on one thread", pipeline.read_plates(crops, 32)
    finally:
        torch.set_num_threads(threads)
