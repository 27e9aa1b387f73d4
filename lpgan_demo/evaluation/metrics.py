"""Measures of readings, confidences, pictures and detections."""

from __future__ import annotations

from collections import Counter
from operator import eq

import cv2
import numpy as np

from ..images import overlap
from ..results import Detection


def edit_distance(a: str, b: str) -> int:
    """Levenshtein distance: the fewest insertions, deletions and substitutions from a to b."""
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (x != y)))
        previous = current
    return previous[-1]


def mean_score(found, truths, score=eq) -> float:
    """Mean of score(found, truth) over pairs, such as `psnr` of pictures; by default the share of exact readings."""
    return float(np.mean([score(a, b) for a, b in zip(found, truths, strict=True)]))


def reading_scores(truths: list[str], readings: list[str], confidences=None) -> dict:
    """Accuracy of readings against true texts. Raises ValueError when the lists are empty or not of one length.

    n; plate_accuracy: share read exactly; accuracy_without_province: likewise after the first character;
    character_error_rate: sum of edit distances over true characters; wrong_length: share; confusions: the 12
    commonest [true, read, count]; by_first_character: {character: [right, all]}; with confidences also
    expected_calibration_error (10 bins).
    """
    if not truths or len(truths) != len(readings):
        raise ValueError(f"{len(truths)} true texts and {len(readings)} readings cannot be compared")
    right = [t == r for t, r in zip(truths, readings)]
    pairs = Counter((a, b) for t, r in zip(truths, readings) if len(t) == len(r) for a, b in zip(t, r) if a != b)
    first = [t[:1] for t in truths]
    scores = {
        "n": len(truths),
        "plate_accuracy": mean_score(readings, truths),
        "accuracy_without_province": mean_score([r[1:] for r in readings], [t[1:] for t in truths]),
        "character_error_rate": sum(map(edit_distance, truths, readings)) / max(1, sum(map(len, truths))),
        "wrong_length": float(np.mean([len(t) != len(r) for t, r in zip(truths, readings)])),
        "confusions": [[a, b, n] for (a, b), n in pairs.most_common(12)],
        "by_first_character": {
            c: [sum(ok for f, ok in zip(first, right) if f == c), first.count(c)] for c in dict.fromkeys(first)
        },
    }
    if confidences is not None:
        scores["expected_calibration_error"] = calibration_error(right, confidences)
    return scores


def calibration_bins(right, confidences, bins: int = 10) -> list[tuple[float, float, float]]:
    """(mean confidence, accuracy, share of all readings) of each equal-width bin of confidence that is not empty."""
    right, confidences = np.asarray(right, float), np.asarray(confidences, float)
    index = np.clip((confidences * bins).astype(int), 0, bins - 1)
    members = [index == b for b in np.unique(index)]
    return [(confidences[m].mean(), right[m].mean(), m.mean()) for m in members]


def calibration_error(right, confidences, bins: int = 10) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over `calibration_bins`, by their shares."""
    table = calibration_bins(right, confidences, bins)
    return float(sum(abs(accuracy - confidence) * share for confidence, accuracy, share in table))


def accuracy_over_coverage(right, confidences) -> np.ndarray:
    """(n,) accuracy of the 1, 2, ... n most confident readings; equally confident ones share their mean."""
    right, confidences = np.asarray(right, float), np.asarray(confidences, float)
    shared = {c: right[confidences == c].mean() for c in np.unique(confidences)}
    order = np.argsort(-confidences, kind="stable")
    return np.cumsum([shared[c] for c in confidences[order]]) / (np.arange(len(right)) + 1)


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of two uint8 pictures of one shape; at most 100."""
    error = np.mean((picture.astype(np.float64) - truth) ** 2)
    return 100.0 if error < 1e-5 else float(min(100.0, 10 * np.log10(255.0**2 / error)))


def ssim(picture: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) of two uint8 pictures of one shape, RGB ones as grey.

    Gaussian windows of 11 x 11 pixels, sigma 1.5, only where they fit.
    """
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) if p.ndim == 3 else p for p in (picture, truth))
    x, y = x.astype(np.float64), y.astype(np.float64)

    def mean(image):
        return cv2.GaussianBlur(image, (11, 11), 1.5)[5:-5, 5:-5]

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return float(values.mean())


def ink_f_measure(binary: np.ndarray, truth: np.ndarray, where: np.ndarray | bool = True) -> float:
    """F-measure of ink: harmonic mean of precision and recall of the pixels below 128.

    binary, truth: uint8 (H, W). where: bool (H, W), the pixels that count; True: all.
    """
    found, there = (binary < 128) & where, (truth < 128) & where
    both = float((found & there).sum())
    return 2 * both / max(1.0, float(found.sum() + there.sum()))


def rmse(picture: np.ndarray, truth: np.ndarray, where: np.ndarray | bool = True) -> float:
    """Root mean squared error of two uint8 pictures, on a scale from 0 to 1 (as the deblurring paper measures); `where`
    as in `ink_f_measure`."""
    errors = ((picture.astype(np.float64) - truth) / 255) ** 2
    return float(np.sqrt(errors[where].mean() if isinstance(where, np.ndarray) else errors.mean()))


def detection_scores(truths: list[np.ndarray], found: list[list[Detection]], threshold: float = 0.5) -> dict:
    """Labelled corners (K, 4, 2) and detections of every photo -> recall, precision, average_precision.

    A detection is right when its box overlaps (IoU of at least 0.5) that of a labelled plate which no detection with a
    higher score has taken. recall and precision are of detections with a score of at least `threshold`;
    average_precision is the area under the whole precision-recall curve.
    """
    rows = []
    for corners, detections in zip(truths, found, strict=True):
        free = [(*quad.min(0), *quad.max(0)) for quad in corners]
        for detection in sorted(detections, key=lambda d: -d.score):
            best = max(free, key=lambda box: overlap(box, detection.box), default=None)
            hit = best is not None and overlap(best, detection.box) >= 0.5
            if hit:
                free.remove(best)
            rows.append((detection.score, hit))
    total = sum(len(corners) for corners in truths)
    rows.sort(key=lambda row: -row[0])
    hits = np.cumsum([hit for _, hit in rows]) if rows else np.zeros(0)
    precision = hits / (np.arange(len(rows)) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    area = sum(p for p, (_, hit) in zip(envelope, rows) if hit) / max(1, total)
    counted = sum(score >= threshold for score, _ in rows)
    right = int(hits[counted - 1]) if counted else 0
    return {"recall": right / max(1, total), "precision": right / max(1, counted), "average_precision": float(area)}
