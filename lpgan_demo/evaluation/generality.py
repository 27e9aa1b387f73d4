"""`evaluate generality`: one table over many sources of plates, the worst first; weights are chosen by it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.labelled import split_of
from ..images import load_image
from ..inference.pipeline import GOOD_CONFIDENCE, PlatePipeline
from ..plates import UNKNOWN
from .conditions import CONDITIONS, degrade
from .metrics import calibration_error, mean_score
from .photos import evaluate_photos

PICTURES = (".jpg", ".jpeg", ".png", ".bmp")


@dataclass(frozen=True)
class Crop:
    """A crop of a plate, its true text, and the seed of its conditions."""

    text: str
    picture: np.ndarray
    seed: int


def crops_of(folder: str | Path, held_out: bool = False) -> list[Crop]:
    """The crops named LABEL.ext, LABEL-x.ext or LABEL_x.ext in a folder; any label will do.

    held_out: only the plates on the sides of the split that do not train. Raises FileNotFoundError for a folder that is
    not there or has no such pictures.
    """
    found = []
    for path in sorted(Path(folder).iterdir()):
        text = re.split(r"[-_.]", path.name)[0]
        if path.suffix.lower() in PICTURES and not (held_out and split_of(text) == "train"):
            data = path.read_bytes()
            found.append(Crop(text, load_image(data), int(hashlib.sha256(data).hexdigest()[:8], 16)))
    if not found:
        raise FileNotFoundError(f"no labelled crops in {folder}")
    return found


def evaluate_generality(
    folders: list[str], pipeline: PlatePipeline, trained=(), photos=(), foreign=(), conditions=CONDITIONS
) -> dict[str, dict]:
    """Read plates of many sources under fixed conditions.

    Args:
        folders: sources of labelled crops that no network was trained on; all are read.
        trained: sources that also trained; only the crops that the split keeps from training are read.
        photos: labelled photos, as in `evaluate_photos`, of sources that no network was trained on.
        foreign: crops of plates of kinds that the networks do not know, and of what is no plate.
        conditions: those of `conditions.CONDITIONS` that crops are read under.

    Returns:
        {"crops": {source: {condition: figures}}, worst mean accuracy first, "photos": {source: figures}, "foreign":
        {source: figures}}. Figures of crops: n; exact; without_first: exact after the first character;
        expected_calibration_error; wrong_and_sure: share of wrong texts with at least `GOOD_CONFIDENCE`; unknown: share
        taken for no known kind. Of photos: as `evaluate_photos`. Of foreign crops: n, unknown, legible (share given a
        legible text), sure (with at least `GOOD_CONFIDENCE`).
    """
    sources = [(folder, crops_of(folder)) for folder in folders]
    sources += [(folder, crops_of(folder, held_out=True)) for folder in trained]
    crops = {Path(folder).name: _under_conditions(found, pipeline, conditions) for folder, found in sources}
    mean = {name: np.mean([figures["exact"] for figures in rows.values()]) for name, rows in crops.items()}
    return {
        "crops": {name: crops[name] for name in sorted(crops, key=mean.get)},
        "photos": {Path(k).name: v for k, v in evaluate_photos(list(photos), pipeline).items()} if photos else {},
        "foreign": {Path(folder).name: _foreign(crops_of(folder), pipeline) for folder in foreign},
    }


def _under_conditions(crops: list[Crop], pipeline: PlatePipeline, conditions) -> dict[str, dict]:
    """{condition: figures} of one source."""
    texts, rows = [crop.text for crop in crops], {}
    for condition in conditions:
        results = pipeline.read_plates(degrade(crop.picture, condition, crop.seed) for crop in crops)
        read, confidence = [r.text for r in results], np.array([r.confidence for r in results])
        right = np.array([a == b for a, b in zip(read, texts)])
        rows[condition] = {
            "n": len(crops),
            "exact": float(right.mean()),
            "without_first": mean_score([text[1:] for text in read], [text[1:] for text in texts]),
            "expected_calibration_error": calibration_error(right, confidence),
            "wrong_and_sure": float((~right & (confidence >= GOOD_CONFIDENCE)).mean()),
            "unknown": float(np.mean([r.layout == UNKNOWN for r in results])),
        }
    return rows


def _foreign(crops: list[Crop], pipeline: PlatePipeline) -> dict:
    """Figures of crops that should get no text."""
    results = pipeline.read_plates(crop.picture for crop in crops)
    return {
        "n": len(crops),
        "unknown": float(np.mean([r.layout == UNKNOWN for r in results])),
        "legible": float(np.mean([r.legibility in ("good", "poor") for r in results])),
        "sure": float(np.mean([r.confidence >= GOOD_CONFIDENCE for r in results])),
    }


def as_table(report: dict[str, dict]) -> list[str]:
    """The report as lines for a terminal."""
    columns = f"{'n':>5} {'exact':>6} {'w/o 1st':>7} {'ECE':>6} {'sure+wrong':>10} {'unknown':>7}"
    lines = [f"{'crops':22} {'condition':10} {columns}"]
    for name, rows in report["crops"].items():
        for condition, s in rows.items():
            lines.append(
                f"{name:22} {condition:10} {s['n']:5d} {s['exact']:6.3f} {s['without_first']:7.3f}"
                f" {s['expected_calibration_error']:6.3f} {s['wrong_and_sure']:10.3f} {s['unknown']:7.3f}"
            )
    for name, s in report["photos"].items():
        wrong = f"photos with a wrong legible text {s['photo_wrong_legible']:.3f}"
        lines.append(f"{name:22} plates {s['plates']}, found {s['recall']:.3f}, read {s['plates_read']:.3f}; {wrong}")
    for name, s in report["foreign"].items():
        shares = f"of no known kind {s['unknown']:.3f}, given a legible text {s['legible']:.3f}, surely {s['sure']:.3f}"
        lines.append(f"{name:22} crops {s['n']}: {shares}")
    return lines
