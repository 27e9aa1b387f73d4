"""`evaluate photos`: which plates of whole photos are found, and what is read there."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from .. import images
from ..data.formats import labelled_plates
from ..data.labelled import photos_of
from ..plates.camera import motion_kernel
from ..results import Detection
from .metrics import detection_scores

O_I_AS_DIGITS = str.maketrans("OI", "01")
"""Texts are compared with O as 0 and I as 1, because Chinese serials have no O and no I."""

TILTS = {"below 5°": (0, 5), "5 to 15°": (5, 15), "above 15°": (15, 90)}
"""Ranges of `tilt`, in degrees, that plates are counted by."""


def worsened(photo: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A photo and its corners at half size, with a motion blur of 7 pixels along the rows, JPEG quality 40."""
    h, w = photo.shape[:2]
    small = images.resize(photo, (max(4, h // 2), max(4, w // 2)))
    moved = cv2.filter2D(small, -1, motion_kernel(7, 0), borderType=cv2.BORDER_REPLICATE)
    return images.through_jpeg(moved, 40), corners * (small.shape[1] / w, small.shape[0] / h)


def tilt(quad: np.ndarray) -> float:
    """Angle between a plate's longer side, corners (4, 2), and the horizontal, in degrees from 0 to 90."""
    along = max((quad[1] - quad[0], quad[2] - quad[1]), key=np.linalg.norm)
    angle = float(np.rad2deg(np.arctan2(along[1], along[0]))) % 180
    return min(angle, 180 - angle)


def without_corners(detector):
    """The detector with each detection's corners replaced by those of its box: shows what straightening gains."""

    def find(photo: np.ndarray) -> list[Detection]:
        return [replace(d, corners=np.array(d.box)[[[0, 1], [2, 1], [2, 3], [0, 3]]]) for d in detector(photo)]

    return find


def evaluate_photos(folders: list[str], pipeline, side: str = "all", worsen=None) -> dict[str, dict]:
    """Find and read the plates of labelled photos.

    Args:
        folders, side: as in `data.formats.labelled_plates`, with its errors; ValueError without marked plates.
        pipeline: photo, uint8 RGB (H, W, 3) -> `PlateResult`s, or `readers.third_party.OtherReading`s.
        worsen: (photo, corners) -> the same, before each photo is read.

    Returns:
        {folder: figures}. n photos; side; plates; recall, precision, average_precision (`metrics.detection_scores`);
        plates_read: share of labelled plates read exactly; photo_read, photo_wrong, photo_wrong_legible: shares of
        photos with a reading that is, that is not, and that is legible and not, a labelled text; read_by_tilt:
        {range of `TILTS`: [plates, share read]}; wrong: [file, labelled texts, wrong readings], missed: [file,
        labelled texts, readings]; seconds_per_photo.
    """
    report = {}
    for folder in folders:
        plates = labelled_plates([folder], side)
        labels: dict[Path, list[str]] = {}
        for plate in plates:
            labels.setdefault(plate.path, []).append(plate.text.translate(O_I_AS_DIGITS))
        photos = photos_of(plates)
        if not photos:
            raise ValueError(f"{folder}: no photos with marked plates on the side {side!r}")
        truths, found, rows, seconds, misleading = [], [], [], 0.0, 0
        for path, corners in photos:
            photo = images.load_image(path)
            if worsen is not None:
                photo, corners = worsen(photo, corners)
            start = time.perf_counter()
            results = [result for result in pipeline(photo) if result.box is not None]
            seconds += time.perf_counter() - start
            truths.append(corners)
            found.append([Detection(result.corners, result.box, result.detection) for result in results])
            readings = [(r.text.translate(O_I_AS_DIGITS), r.legibility) for r in results if r.text]
            rows.append([path.name, labels[path], [text for text, _ in readings]])
            misleading += any(text not in labels[path] and grade != "illegible" for text, grade in readings)
        read = [[text in readings for text in texts] for _, texts, readings in rows]
        tilts = [(tilt(quad), ok) for corners, oks in zip(truths, read) for quad, ok in zip(corners, oks)]
        by_tilt = {name: [ok for t, ok in tilts if low <= t < high] for name, (low, high) in TILTS.items()}
        wrong = [
            [name, texts, bad] for name, texts, readings in rows if (bad := [t for t in readings if t not in texts])
        ]
        report[str(folder)] = {"n": len(photos), "side": side, "plates": len(plates)} | detection_scores(truths, found)
        report[str(folder)] |= {
            "plates_read": sum(map(sum, read)) / len(plates),
            "photo_read": sum(map(any, read)) / len(photos),
            "photo_wrong": len(wrong) / len(photos),
            "photo_wrong_legible": misleading / len(photos),
            "read_by_tilt": {name: [len(oks), float(np.mean(oks))] for name, oks in by_tilt.items() if oks},
            "seconds_per_photo": round(seconds / len(photos), 3),
            "wrong": wrong,
            "missed": [row for row, oks in zip(rows, read) if not all(oks)],
        }
    return report
