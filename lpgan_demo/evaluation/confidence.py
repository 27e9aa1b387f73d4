"""How far a reading may be trusted: temperature, calibration and coverage curves, and what several frames gain."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..data.formats import labelled_plates
from ..images import nudge
from ..inference.pipeline import PlatePipeline
from ..plates.camera import shoot, street_camera
from .metrics import accuracy_over_coverage, calibration_error


def evaluate_confidence(
    folders: list[str], pipeline: PlatePipeline, side: str = "all", plot: str | None = None
) -> dict:
    """Per folder, and all together: plate accuracy, ECE, accuracy of the more confident half, share read at 99 %.

    "read_at_99" is the largest share of plates, taken from the most confident down, of which at least 99 % are right.
    plot: also draw the calibration curve of all together and each folder's accuracy over coverage, as PNG.
    """
    judged = {}
    for folder in folders:
        pairs = [(plate, plate.crop(0.03)) for plate in labelled_plates([folder], side)]
        results = pipeline.read_plates([crop for _, crop in pairs])
        right = np.array([plate.text == result.text for (plate, _), result in zip(pairs, results)])
        judged[Path(folder).name] = (right, np.array([result.confidence for result in results]))
    judged["together"] = tuple(np.concatenate(part) for part in zip(*judged.values()))
    if plot:
        _plot_confidence(judged, plot)
    report = {}
    for name, (right, confidence) in judged.items():
        accuracy = accuracy_over_coverage(right, confidence)
        safe = np.flatnonzero(accuracy >= 0.99)
        report[name] = {
            "n": len(right),
            "plate_accuracy": float(right.mean()),
            "expected_calibration_error": calibration_error(right, confidence),
            "confident_half": float(accuracy[(len(right) + 1) // 2 - 1]),
            "read_at_99": float((safe[-1] + 1) / len(right)) if len(safe) else 0.0,
        }
    return report


def _plot_confidence(judged: dict, path: str) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    left, curve = figure.subplots(1, 2)
    right, confidence = judged["together"]
    place = np.clip((confidence * 10).astype(int), 0, 9)
    bins = [b for b in range(10) if (place == b).any()]
    left.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    left.scatter(
        [confidence[place == b].mean() for b in bins],
        [right[place == b].mean() for b in bins],
        s=[20 + 400 * (place == b).mean() for b in bins],
    )
    left.set(xlabel="stated confidence", ylabel="share read exactly", title="Calibration (area: how many plates)")
    for name, (ok, sure) in judged.items():
        if name != "together":
            curve.plot((np.arange(len(ok)) + 1) / len(ok), accuracy_over_coverage(ok, sure), label=name)
    curve.axhline(0.99, color="0.7", linewidth=1)
    curve.set(xlabel="share of plates answered, surest first", ylabel="of those, read exactly", ylim=(0, 1.02))
    curve.set_title("Accuracy over coverage")
    curve.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def evaluate_tracks(
    folders: list[str],
    pipeline: PlatePipeline,
    side: str = "all",
    frames=(1, 3, 5),
    plot: str | None = None,
    seed: int = 0,
) -> dict:
    """What several frames gain: {"light" | "heavy": {frames: plate accuracy of `read_track`}} on surveillance shots.

    Every crop is shot anew for every frame, each with its own blur, light and noise, moved by up to 2 %.
    """
    rng = np.random.default_rng(seed)
    pairs = [(plate, plate.crop(0.03)) for plate in labelled_plates(folders, side)]
    report: dict[str, dict[int, float]] = {}
    for kind in ("light", "heavy"):
        right = {n: 0 for n in frames}
        for plate, crop in pairs:
            shots = []
            for _ in range(max(frames)):
                moved = nudge(crop, *rng.uniform(-0.02, 0.02, 2), rng.uniform(0.98, 1.02))
                shots.append(shoot(moved, street_camera(rng, kind == "heavy"), rng))
            for n in frames:
                right[n] += pipeline.read_track(shots[:n]).text == plate.text
        report[kind] = {n: right[n] / len(pairs) for n in frames}
    if plot:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5, 3.6), layout="constrained")
        axes = figure.subplots()
        for kind, accuracy in report.items():
            axes.plot(list(accuracy), list(accuracy.values()), marker="o", label=f"{kind} surveillance shots")
        axes.set(xlabel="frames of one plate, read together", ylabel="read exactly", ylim=(0, 1), xticks=list(frames))
        axes.legend()
        figure.savefig(plot, dpi=110)
    return report
