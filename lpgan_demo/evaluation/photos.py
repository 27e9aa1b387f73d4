"""Whole photos, scored: which plates were found, and what was read in them."""

from __future__ import annotations

import time
from dataclasses import replace

import cv2
import numpy as np

from .. import images
from ..data.formats import labelled_plates
from ..data.labelled import photos_of
from ..plates.camera import motion_kernel
from ..results import Detection
from .metrics import detection_scores

FOLDED = str.maketrans("OI", "01")
"""O and 0, I and 1 are one symbol when texts of photos are compared: Chinese serials have no O and no I."""


def worsened(photo: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A photo and its corners at half size, with a motion blur of 7 pixels along the rows, JPEG quality 40."""
    h, w = photo.shape[:2]
    small = images.resize(photo, (max(4, h // 2), max(4, w // 2)))
    moved = cv2.filter2D(small, -1, motion_kernel(7, 0), borderType=cv2.BORDER_REPLICATE)
    coded = cv2.imencode(".jpg", moved[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 40))[1]
    return images.load_image(coded.tobytes()), corners * (small.shape[1] / w, small.shape[0] / h)


TILTS = {"below 5°": (0, 5), "5 to 15°": (5, 15), "above 15°": (15, 90)}


def tilt(quad: np.ndarray) -> float:
    """Degrees, 0 to 90, by which the longer of a plate's two directions leaves the horizontal."""
    along = max((quad[1] - quad[0], quad[2] - quad[1]), key=np.linalg.norm)
    angle = float(np.rad2deg(np.arctan2(along[1], along[0]))) % 180
    return min(angle, 180 - angle)


def without_corners(detector):
    """The detector as if it found boxes alone: what straightening gains is what its corners gain over these."""

    def find(photo: np.ndarray) -> list[Detection]:
        return [replace(d, corners=np.array(d.box)[[[0, 1], [2, 1], [2, 3], [0, 3]]]) for d in detector(photo)]

    return find


def evaluate_photos(folders: list[str], pipeline, side: str = "all", worsen=None) -> dict[str, dict]:
    """Run the pipeline over labelled photos; {folder: figures}.

    n photos; plates; recall, precision, average_precision (IoU 0.5); plates_read: share of labelled plates found and
    read exactly; photo_read: share of photos with a labelled text among the readings; photo_wrong: share of photos
    with a reading that is no labelled text; seconds_per_photo; read_by_tilt: per range of `TILTS` how many plates there
    are, and the share of them read. worsen: a function of every photo, before it is read.
    """
    report = {}
    for folder in folders:
        plates = labelled_plates([folder], side)
        texts: dict = {}
        for plate in plates:
            texts.setdefault(plate.path, []).append(plate.text.translate(FOLDED))
        photos = photos_of(plates)
        if not photos:
            raise ValueError(f"{folder}: no photos with marked plates on the side {side!r}")
        found, rows, seconds = [], [], 0.0
        for path, corners in photos:
            photo = images.load_image(path)
            if worsen is not None:
                photo, corners = worsen(photo, corners)
            start = time.perf_counter()
            results = [result for result in pipeline(photo) if result.box is not None]
            seconds += time.perf_counter() - start
            found.append([Detection(result.corners, result.box, result.detection) for result in results])
            rows.append((path, corners, texts[path], [result.text.translate(FOLDED) for result in results]))
        scores = detection_scores([corners for _, corners, _, _ in rows], found)
        tilts = [(tilt(q), t in readings) for _, quads, ts, readings in rows for q, t in zip(quads, ts)]
        by_tilt = {name: [ok for t, ok in tilts if low <= t < high] for name, (low, high) in TILTS.items()}
        read = [sum(text in readings for text in truths) for _, _, truths, readings in rows]
        wrong = [[text for text in readings if text not in truths] for _, _, truths, readings in rows]
        report[str(folder)] = {"n": len(photos), "side": side, "plates": len(plates)} | scores
        report[str(folder)] |= {
            "plates_read": sum(read) / len(plates),
            "photo_read": float(np.mean([count > 0 for count in read])),
            "photo_wrong": float(np.mean([bool(texts) for texts in wrong])),
            "read_by_tilt": {name: [len(oks), float(np.mean(oks))] for name, oks in by_tilt.items() if oks},
            "seconds_per_photo": round(seconds / len(photos), 3),
            "wrong": [[path.name, truths, readings] for (path, _, truths, _), readings in zip(rows, wrong) if readings],
            "missed": [
                [path.name, truths, readings]
                for (path, _, truths, readings), count in zip(rows, read)
                if count < len(truths)
            ],
        }
    return report
