"""`evaluate confidence` and `evaluate tracks`: is the stated confidence right, and what do several frames gain?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..data.formats import labelled_plates
from ..images import nudge
from ..inference.pipeline import CROP_MARGIN, PlatePipeline
from ..plates.camera import shoot, street_camera
from .metrics import accuracy_over_coverage, calibration_bins, calibration_error


def evaluate_confidence(folders: list[str], pipeline: PlatePipeline, side="all", plot: str | None = None) -> dict:
    """Calibration and coverage of the confidence, per folder and for all of them together.

    Args:
        folders, side: as in `data.formats.labelled_plates`, with its errors.
        plot: file for a PNG of the calibration of all together and each folder's accuracy over coverage.

    Returns:
        {folder name or "together": figures}: n; plate_accuracy; expected_calibration_error; confident_half: accuracy
        of the more confident half; read_at_99: largest share of plates, most confident first, with 99 % read exactly.
    """
    outcomes = {}
    for folder in folders:
        plates = labelled_plates([folder], side)
        results = pipeline.read_plates([plate.crop(CROP_MARGIN) for plate in plates])
        right = np.array([plate.text == result.text for plate, result in zip(plates, results)])
        outcomes[Path(folder).name] = (right, np.array([result.confidence for result in results]))
    outcomes["together"] = tuple(np.concatenate(part) for part in zip(*outcomes.values()))
    if plot:
        _plot_confidence(outcomes, plot)
    report = {}
    for name, (right, confidence) in outcomes.items():
        accuracy = accuracy_over_coverage(right, confidence)
        reaching = np.flatnonzero(accuracy >= 0.99)
        report[name] = {
            "n": len(right),
            "plate_accuracy": float(right.mean()),
            "expected_calibration_error": calibration_error(right, confidence),
            "confident_half": float(accuracy[(len(right) + 1) // 2 - 1]),
            "read_at_99": float((reaching[-1] + 1) / len(right)) if len(reaching) else 0.0,
        }
    return report


def _plot_confidence(outcomes: dict, path: str) -> None:
    """Calibration and coverage curves of {name: (right (n,), confidence (n,))}, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    calibration, coverage = figure.subplots(1, 2)
    confidences, accuracies, shares = map(np.array, zip(*calibration_bins(*outcomes["together"])))
    calibration.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    calibration.scatter(confidences, accuracies, s=20 + 400 * shares)
    calibration.set(xlabel="stated confidence", ylabel="share read exactly")
    calibration.set_title("Calibration (area: how many plates)")
    for name, (right, confidence) in outcomes.items():
        if name != "together":
            accuracy = accuracy_over_coverage(right, confidence)
            coverage.plot((np.arange(len(accuracy)) + 1) / len(accuracy), accuracy, label=name)
    coverage.axhline(0.99, color="0.7", linewidth=1)
    coverage.set(xlabel="share of plates answered, surest first", ylabel="of those, read exactly", ylim=(0, 1.02))
    coverage.set_title("Accuracy over coverage")
    coverage.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def evaluate_tracks(
    folders: list[str], pipeline: PlatePipeline, side="all", frames=(1, 3, 5), plot=None, seed=0
) -> dict[str, dict]:
    """What several frames of one plate gain, and whether what `read_track` states of them is right.

    Every frame is the crop shot anew, with its own blur, light and noise, moved and scaled by up to 2 %.
    folders, side: as in `data.formats.labelled_plates`; plot: file for a PNG of the accuracies.

    Returns:
        {"light, 3" or "heavy, 5" and so on: figures of shots of that kind, so many frames together}: plate_accuracy;
        expected_calibration_error; legible, wrong_legible: shares with a legible text, and with a wrong one.
    """
    rng = np.random.default_rng(seed)
    pairs = [(plate.text, plate.crop(CROP_MARGIN)) for plate in labelled_plates(folders, side)]
    report: dict[str, dict] = {}
    for kind in ("light", "heavy"):
        outcomes: dict[int, list] = {n: [] for n in frames}
        for text, crop in pairs:
            shots = []
            for _ in range(max(frames)):
                moved = nudge(crop, *rng.uniform(-0.02, 0.02, 2), rng.uniform(0.98, 1.02))
                shots.append(shoot(moved, street_camera(rng, kind == "heavy"), rng))
            for n in frames:
                result = pipeline.read_track(shots[:n])
                outcomes[n].append((result.text == text, result.confidence, result.label != "?"))
        for n, outcome in outcomes.items():
            right, confidences, legible = map(np.array, zip(*outcome))
            report[f"{kind}, {n}"] = {
                "plate_accuracy": float(right.mean()),
                "expected_calibration_error": calibration_error(right, confidences),
                "legible": float(legible.mean()),
                "wrong_legible": float((legible & ~right).mean()),
            }
    if plot:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5, 3.6), layout="constrained")
        axes = figure.subplots()
        for kind in ("light", "heavy"):
            accuracies = [report[f"{kind}, {n}"]["plate_accuracy"] for n in frames]
            axes.plot(frames, accuracies, marker="o", label=f"{kind} surveillance shots")
        axes.set(xlabel="frames of one plate, read together", ylabel="read exactly", ylim=(0, 1), xticks=list(frames))
        axes.legend()
        figure.savefig(plot, dpi=110)
    return report
