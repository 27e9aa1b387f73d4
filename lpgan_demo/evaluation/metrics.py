"""What results are quoted in: plate and character accuracy, confusions, calibration, likeness of pictures."""

from __future__ import annotations

from collections import Counter

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


def reading_scores(truths: list[str], readings: list[str], confidences=None) -> dict:
    """Accuracy figures of readings against true texts.

    n; plate_accuracy: exact; accuracy_without_province: exact after the first character; character_error_rate: sum
    of edit distances over true characters; wrong_length: share; confusions: commonest (true, read, count);
    by_first_character: {character: [right, all]}; with confidences also expected_calibration_error (10 bins).
    Raises ValueError on empty or unequal lists.
    """
    if not truths or len(truths) != len(readings):
        raise ValueError(f"{len(truths)} true texts and {len(readings)} readings cannot be compared")
    right = [t == r for t, r in zip(truths, readings)]
    pairs = Counter((a, b) for t, r in zip(truths, readings) if len(t) == len(r) for a, b in zip(t, r) if a != b)
    provinces: dict[str, list[int]] = {}
    for t, ok in zip(truths, right):
        entry = provinces.setdefault(t[:1], [0, 0])
        entry[0] += ok
        entry[1] += 1
    scores = {
        "n": len(truths),
        "plate_accuracy": float(np.mean(right)),
        "accuracy_without_province": float(np.mean([t[1:] == r[1:] for t, r in zip(truths, readings)])),
        "character_error_rate": sum(map(edit_distance, truths, readings)) / max(1, sum(map(len, truths))),
        "wrong_length": float(np.mean([len(t) != len(r) for t, r in zip(truths, readings)])),
        "confusions": [[a, b, n] for (a, b), n in pairs.most_common(12)],
        "by_first_character": provinces,
    }
    if confidences is not None:
        scores["expected_calibration_error"] = calibration_error(right, confidences)
    return scores


def calibration_error(right, confidences, bins: int = 10) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over equal-width bins, by bin size."""
    right, confidences = np.asarray(right, float), np.asarray(confidences, float)
    place = np.clip((confidences * bins).astype(int), 0, bins - 1)
    gaps = [
        abs(right[place == b].mean() - confidences[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


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
    """Structural similarity (Wang et al. 2004) of the greys of two uint8 pictures of one shape.

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


def ink_f_measure(binary: np.ndarray, truth: np.ndarray) -> float:
    """F-measure of ink, the harmonic mean of precision and recall of the pixels that are 0. Both uint8 (H, W)."""
    found, there = binary < 128, truth < 128
    both = float((found & there).sum())
    return 2 * both / max(1.0, float(found.sum() + there.sum()))


def rmse(picture: np.ndarray, truth: np.ndarray) -> float:
    """Root of the mean squared error of two uint8 pictures, on a scale from 0 to 1 (the deblurring paper's measure)."""
    return float(np.sqrt(np.mean(((picture.astype(np.float64) - truth) / 255) ** 2)))


def detection_scores(truths: list[np.ndarray], found: list[list[Detection]], threshold: float = 0.5) -> dict:
    """Labelled corners (K, 4, 2) and detections of every photo -> recall, precision, average precision.

    A find counts when it overlaps (IoU of the boxes, 0.5) a plate that no surer find has taken. recall and precision
    are of finds with a score of at least `threshold`; average_precision is the area under the whole curve.
    """
    rows = []
    for corners, detections in zip(truths, found, strict=True):
        left = [(*quad.min(0), *quad.max(0)) for quad in corners]
        for detection in sorted(detections, key=lambda d: -d.score):
            best = max(left, key=lambda box: overlap(box, detection.box), default=None)
            hit = best is not None and overlap(best, detection.box) >= 0.5
            if hit:
                left.remove(best)
            rows.append((detection.score, hit))
    total = sum(len(corners) for corners in truths)
    rows.sort(key=lambda row: -row[0])
    hits = np.cumsum([hit for _, hit in rows]) if rows else np.zeros(0)
    precision = hits / (np.arange(len(rows)) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    area = sum(p for p, (_, hit) in zip(envelope, rows) if hit) / max(1, total)
    sure = sum(score >= threshold for score, _ in rows)
    right = int(hits[sure - 1]) if sure else 0
    return {"recall": right / max(1, total), "precision": right / max(1, sure), "average_precision": float(area)}
