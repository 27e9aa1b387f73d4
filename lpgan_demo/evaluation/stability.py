"""`evaluate stability`: do readings depend on the batch, its order, or the number of threads?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

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
