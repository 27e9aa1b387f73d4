"""`evaluate reading`: the published weights on labelled real plates."""

from __future__ import annotations

import time
from pathlib import Path

from ..data.formats import labelled_plates
from ..inference.pipeline import CROP_MARGIN, PlatePipeline
from .metrics import mean_score, reading_scores
from .readers.judge import blurred


def evaluate_reading(
    folders: list[str], pipeline: PlatePipeline, side: str = "all", flat=False, batch_size: int = 32, judge=None
) -> dict[str, dict]:
    """Read every labelled plate of each folder.

    Args:
        folders, side: as in `data.formats.labelled_plates`, with its errors.
        flat: rectify plates of photos by their corners; else they are cut out by their boxes.
        judge: a `PictureReader` that also reads the restored pictures.

    Returns:
        {folder: `metrics.reading_scores`; side; views; milliseconds_per_plate of restoring and reading, not of loading;
        wrong: [[true, read, confidence]]; with a judge also judge, judge_after_blur: its shares of exact plates among
        those of layouts that it knows}.
    """
    report = {}
    for folder in folders:
        plates = labelled_plates([folder], side)
        crops, texts = [plate.crop(CROP_MARGIN, flat) for plate in plates], [plate.text for plate in plates]
        pipeline.read_plates(crops[:2], batch_size)  # warm up
        start = time.perf_counter()
        results = pipeline.read_plates(crops, batch_size)
        elapsed = time.perf_counter() - start
        scores = reading_scores(texts, [r.text for r in results], [r.confidence for r in results])
        scores["side"], scores["views"] = side, pipeline.restorer.views
        scores["milliseconds_per_plate"] = round(1000 * elapsed / len(plates), 2)
        scores["wrong"] = [[t, r.text, round(r.confidence, 3)] for t, r in zip(texts, results) if t != r.text]
        if judge is not None:
            judged = [(t, r) for t, r in zip(texts, results) if r.layout in judge.network.layouts]
            pictures, layouts = [r.super_resolved for _, r in judged], [r.layout for _, r in judged]
            expected = [text for text, _ in judged]
            scores["judge"] = mean_score(judge(pictures, layouts), expected)
            scores["judge_after_blur"] = mean_score(judge(blurred(pictures), layouts), expected)
        report[str(folder)] = scores
    return report


def as_table(report: dict[str, dict]) -> str:
    """The report as lines for a terminal."""
    lines = [
        f"{'folder':24} {'side':12} {'n':>5} {'plates':>7} {'w/o 1st':>7} {'CER':>7} {'length':>7} {'ECE':>6}"
        f" {'judge':>6} {'blurred':>7} {'ms':>6}"
    ]
    for folder, s in report.items():
        lines.append(
            f"{Path(folder).name:24} {s['side']:12} {s['n']:5d} {s['plate_accuracy']:7.3f}"
            f" {s['accuracy_without_province']:7.3f} {s['character_error_rate']:7.4f} {s['wrong_length']:7.3f}"
            f" {s['expected_calibration_error']:6.3f} {s.get('judge', float('nan')):6.3f}"
            f" {s.get('judge_after_blur', float('nan')):7.3f} {s['milliseconds_per_plate']:6.1f}"
        )
        confused = "  ".join(f"{a}->{b} x{n}" for a, b, n in s["confusions"][:8])
        lines.append(f"    true -> read: {confused or 'none'}")
    return "\n".join(lines)
