"""The commands behind every quoted figure: run published weights over labelled real plates and score them."""

from __future__ import annotations

import time
from pathlib import Path

from .datasets import RealPlate, load_real, share_of
from .metrics import reading_scores
from .pipeline import PlatePipeline

SIDES = ("all", "train", "validation", "test", "not-trained", "second-half")


def choose(plates: list[RealPlate], side: str) -> list[RealPlate]:
    """The plates of one side of the split by plate text (see `datasets.SPLITS`).

    "not-trained" is validation and test together; "second-half" is what `train --half` keeps for judging.
    """
    if side not in SIDES:
        raise ValueError(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    if side == "all":
        return plates
    if side == "second-half":
        return [plate for plate in plates if share_of(plate.group or plate.text) >= 0.5]
    if side == "not-trained":
        return [plate for plate in plates if plate.split != "train"]
    return [plate for plate in plates if plate.split == side]


def evaluate_reading(
    folders: list[str], pipeline: PlatePipeline, side: str = "all", flat: bool = False, batch_size: int = 32
) -> dict[str, dict]:
    """Read every labelled plate of each folder; {folder name: `metrics.reading_scores` + milliseconds per plate}.

    Plates in photos are cut out by their labelled box, 3 % loose, or rectified with flat=True. Times cover
    restoring and reading in batches, not loading. Raises FileNotFoundError or ValueError for unusable folders.
    """
    report = {}
    for folder in folders:
        plates = choose(load_real(folder), side)
        if not plates:
            raise ValueError(f"{folder} has no plates on the side {side!r}")
        crops = [plate.crop(0.03, flat) if plate.corners is not None else plate.crop() for plate in plates]
        pipeline.read_plates(crops[:2], batch_size)
        start = time.perf_counter()
        results = pipeline.read_plates(crops, batch_size)
        elapsed = time.perf_counter() - start
        scores = reading_scores([p.text for p in plates], [r.text for r in results], [r.confidence for r in results])
        scores["side"] = side
        scores["milliseconds_per_plate"] = round(1000 * elapsed / len(plates), 2)
        scores["wrong"] = [
            [p.text, r.text, round(r.confidence, 3)] for p, r in zip(plates, results) if p.text != r.text
        ]
        report[str(folder)] = scores
    return report


def as_table(report: dict[str, dict]) -> str:
    """The report as lines for a terminal."""
    lines = [
        f"{'folder':24} {'side':12} {'n':>5} {'plates':>7} {'w/o 1st':>7} {'CER':>7} {'length':>7} {'ECE':>6} {'ms':>6}"
    ]
    for folder, s in report.items():
        name = Path(folder).name
        lines.append(
            f"{name:24} {s['side']:12} {s['n']:5d} {s['plate_accuracy']:7.3f} {s['accuracy_without_province']:7.3f}"
            f" {s['character_error_rate']:7.4f} {s['wrong_length']:7.3f} {s['expected_calibration_error']:6.3f}"
            f" {s['milliseconds_per_plate']:6.1f}"
        )
        confused = "  ".join(f"{a}->{b} x{n}" for a, b, n in s["confusions"][:8])
        lines.append(f"    true -> read: {confused or 'none'}")
    return "\n".join(lines)
