"""The commands behind every quoted figure: run published weights over labelled real plates and score them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ..data.formats import labelled_plates
from ..inference.pipeline import PlatePipeline
from .metrics import reading_scores
from .readers.judge import PictureReader, blurred


def evaluate_reading(
    folders: list[str],
    pipeline: PlatePipeline,
    side: str = "all",
    flat: bool = False,
    batch_size: int = 32,
    judge: PictureReader | None = None,
) -> dict[str, dict]:
    """Read every labelled plate of each folder; {folder name: `metrics.reading_scores` + milliseconds per plate}.

    With a judge also what the pictures say to it: judge and judge_after_blur are shares of exact plates.

    Plates in photos are cut out by their labelled box, 3 % loose, or rectified with flat=True. Times cover
    restoring and reading in batches, not loading. Raises FileNotFoundError or ValueError for unusable folders.
    """
    report = {}
    for folder in folders:
        plates = labelled_plates([folder], side)
        crops = [plate.crop(0.03, flat) for plate in plates]
        pipeline.read_plates(crops[:2], batch_size)
        start = time.perf_counter()
        results = pipeline.read_plates(crops, batch_size)
        elapsed = time.perf_counter() - start
        scores = reading_scores([p.text for p in plates], [r.text for r in results], [r.confidence for r in results])
        scores["side"], scores["views"] = side, pipeline.restorer.views
        scores["milliseconds_per_plate"] = round(1000 * elapsed / len(plates), 2)
        scores["wrong"] = [
            [p.text, r.text, round(r.confidence, 3)] for p, r in zip(plates, results) if p.text != r.text
        ]
        if judge is not None:
            pictures, layouts = [r.super_resolved for r in results], [r.layout for r in results]
            for name, seen in (("judge", pictures), ("judge_after_blur", blurred(pictures))):
                scores[name] = float(np.mean([p.text == t for p, t in zip(plates, judge(seen, layouts))]))
        report[str(folder)] = scores
    return report


def as_table(report: dict[str, dict]) -> str:
    """The report as lines for a terminal."""
    lines = [
        f"{'folder':24} {'side':12} {'n':>5} {'plates':>7} {'w/o 1st':>7} {'CER':>7} {'length':>7} {'ECE':>6}"
        f" {'judge':>6} {'blurred':>7} {'ms':>6}"
    ]
    for folder, s in report.items():
        name = Path(folder).name
        lines.append(
            f"{name:24} {s['side']:12} {s['n']:5d} {s['plate_accuracy']:7.3f} {s['accuracy_without_province']:7.3f}"
            f" {s['character_error_rate']:7.4f} {s['wrong_length']:7.3f} {s['expected_calibration_error']:6.3f}"
            f" {s.get('judge', float('nan')):6.3f} {s.get('judge_after_blur', float('nan')):7.3f}"
            f" {s['milliseconds_per_plate']:6.1f}"
        )
        confused = "  ".join(f"{a}->{b} x{n}" for a, b, n in s["confusions"][:8])
        lines.append(f"    true -> read: {confused or 'none'}")
    return "\n".join(lines)
