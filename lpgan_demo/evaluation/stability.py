"""`evaluate stability`: do readings depend on the batch, its order, or the number of threads?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from ..data.formats import labelled_plates
from ..inference.pipeline import PlatePipeline
from ..results import PlateResult


def evaluate_stability(folders: list[str], pipeline: PlatePipeline, side: str = "all") -> dict[str, dict]:
    """{way of reading: figures}, each compared with reading in batches of 32 on all threads.

    n; other_text: how many crops get another text; right_before, right_now: how many are read exactly; moved: the
    largest change of a confidence among the crops whose text stays, and typical: 99 in 100 change by less. Raises
    ValueError for folders without crops.
    """
    plates = labelled_plates(folders, side)
    crops, texts = [plate.crop() for plate in plates], [plate.text for plate in plates]
    usual = pipeline.read_plates(crops, 32)
    right = sum(a.text == text for a, text in zip(usual, texts))
    report = {}
    for name, readings in _ways(pipeline, crops):
        same = [abs(a.confidence - b.confidence) for a, b in zip(usual, readings) if a.text == b.text]
        report[name] = {
            "n": len(crops),
            "other_text": len(crops) - len(same),
            "right_before": right,
            "right_now": sum(b.text == text for b, text in zip(readings, texts)),
            "moved": max(same, default=0.0),
            "typical": float(np.quantile(same, 0.99)) if same else 0.0,
        }
    return report


def _ways(pipeline: PlatePipeline, crops: list[np.ndarray]) -> Iterator[tuple[str, list[PlateResult]]]:
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
