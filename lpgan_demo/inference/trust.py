"""How sure a reading may be called: what the networks believe, checked against what the camera saw."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from .. import images

SIZE = (24, 72)
"""Height and width at which a drawn plate and its crop are compared: most bad crops hold no more."""

BLURS = (0.7, 1.5, 2.5)
"""Gaussian sigmas tried on the drawn plate, pixels at `SIZE`."""

MIN_BELIEF = 1e-12
"""Belief is kept this far from 0 and 1, where its logit has no value."""


def evidence(crop: np.ndarray, plate: np.ndarray) -> float:
    """How well the drawn plate, moved and blurred, explains the crop: the best correlation of their greys, 0 to 1.

    crop, plate: uint8 (H, W, 3). The drawn plate is fitted to the crop by an affine map and one of `BLURS`. A plate
    drawn out of nothing does not lie over what the camera saw.
    """
    return evidence_scores([crop], [plate])[0]


def evidence_scores(crops, plates) -> list[float]:
    """`evidence` of each crop and the plate drawn from it; the fits run on as many threads as OpenCV may use."""
    fits = [(crop, plate, sigma) for crop, plate in zip(crops, plates) for sigma in BLURS]
    with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as threads:
        found = np.array(list(threads.map(lambda fit: _correlation(*fit), fits)))
    return found.reshape(-1, len(BLURS)).max(1).clip(0, 1).tolist()


def _correlation(crop: np.ndarray, plate: np.ndarray, sigma: float) -> float:
    """Of the crop and the plate blurred by sigma, fitted; 0 where nothing fits."""
    drawn = cv2.GaussianBlur(_grey(plate), (0, 0), sigma)
    warp = np.eye(2, 3, dtype=np.float32)
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 15, 1e-3)
    try:
        return cv2.findTransformECC(_grey(crop), drawn, warp, cv2.MOTION_AFFINE, until, None, 1)[0]
    except cv2.error:  # nothing in common, or a crop of one colour
        return 0.0


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(images.resize(picture, SIZE), cv2.COLOR_RGB2GRAY).astype(np.float32)


@dataclass(frozen=True)
class Trust:
    """Confidence = sigmoid(belief * logit(b) + evidence * e + bias), as `calibrate` fitted it.

    b is the product of the characters' probabilities, e is `evidence`. The defaults say: confidence is b.
    """

    belief: float = 1.0
    evidence: float = 0.0
    bias: float = 0.0

    def __call__(self, believed: float, explained: float) -> float:
        """Both in [0, 1] -> confidence in [0, 1]."""
        return float(1 / (1 + np.exp(-(_logit(believed) * self.belief + explained * self.evidence + self.bias))))


def _logit(believed):
    p = np.clip(believed, MIN_BELIEF, 1 - MIN_BELIEF)
    return np.log(p / (1 - p))


def fit_trust(right, believed, explained, ridge: float = 1e-2, steps: int = 50) -> Trust:
    """The `Trust` that makes the outcomes `right` (N,) most likely, by Newton's method.

    ridge: pull towards confidence = belief, so that few plates, or plates all right, give no wild answer.
    """
    right = np.asarray(right, float)
    inputs = np.stack([_logit(np.asarray(believed)), np.asarray(explained), np.ones(len(right))], 1)
    start = np.array([1.0, 0.0, 0.0])
    weights = start.copy()
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(inputs @ weights).clip(-30, 30)))
        curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs + ridge * np.eye(3)
        weights = weights + np.linalg.solve(curvature, inputs.T @ (right - p) - ridge * (weights - start))
    return Trust(*(round(float(weight), 4) for weight in weights))
