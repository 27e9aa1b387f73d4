"""How far a reading may be relied on: its probability, corrected by how well the drawn plate fits the crop."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from ..images import resize

SIZE = (24, 72)
"""(height, width) at which a drawn plate and its crop are compared: most bad crops have no finer detail."""

BLURS = (0.7, 1.5, 2.5)
"""Gaussian sigmas tried on the drawn plate, in pixels at `SIZE`."""

MIN_PROBABILITY = 1e-12
"""Probabilities are clipped to this distance from 0 and 1, where the logit is infinite."""


def evidence(crop: np.ndarray, plate: np.ndarray) -> float:
    """How well the drawn plate explains its crop, both uint8 RGB (H, W, 3): the best correlation of their grey values.

    The drawn plate, blurred by one of `BLURS`, is aligned with the crop by an affine map (ECC, Evangelidis and
    Psarakis 2008). A plate that GN invented does not match the crop. In [0, 1]; negative correlation counts as 0.
    """
    return evidence_scores([crop], [plate])[0]


def evidence_scores(crops, plates) -> list[float]:
    """`evidence` of each crop and the plate drawn from it, computed on as many threads as OpenCV may use."""
    fits = [(*pair, sigma) for pair in zip(map(_grey, crops), map(_grey, plates)) for sigma in BLURS]
    found = np.array(list(_threads(max(1, cv2.getNumThreads()), os.getpid()).map(lambda fit: _correlation(*fit), fits)))
    return found.reshape(-1, len(BLURS)).max(1).clip(0, 1).tolist()


@functools.cache
def _threads(number: int, process: int) -> ThreadPoolExecutor:
    """Threads that stay, of this process: to start new ones for every plate costs more than they save."""
    return ThreadPoolExecutor(number, thread_name_prefix="evidence")


def _correlation(crop: np.ndarray, plate: np.ndarray, sigma: float) -> float:
    """Correlation coefficient of grey values and those of the plate blurred by sigma, aligned; 0 where that fails."""
    drawn = cv2.GaussianBlur(plate, (0, 0), sigma)
    warp = np.eye(2, 3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 15, 1e-3)
    try:
        return cv2.findTransformECC(crop, drawn, warp, cv2.MOTION_AFFINE, criteria, None, 1)[0]
    except cv2.error:  # the pictures are uncorrelated, or the crop has a single colour
        return 0.0


def _grey(picture: np.ndarray) -> np.ndarray:
    """uint8 RGB -> float32 grey values of `SIZE`."""
    return cv2.cvtColor(resize(picture, SIZE), cv2.COLOR_RGB2GRAY).astype(np.float32)


@dataclass(frozen=True)
class Trust:
    """Confidence in [0, 1] = sigmoid(belief * logit(probability) + evidence * score + bias).

    probability: of the whole text; score: its `evidence`. `training.calibration` fits the three weights. With the
    defaults the confidence is the probability.
    """

    belief: float = 1.0
    evidence: float = 0.0
    bias: float = 0.0

    def __call__(self, probability: float, score: float) -> float:
        return float(1 / (1 + np.exp(-(_logit(probability) * self.belief + score * self.evidence + self.bias))))


def _logit(probability):
    """log(p / (1 - p)), finite."""
    p = np.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.log(p / (1 - p))


def fit_trust(correct, probabilities, scores, ridge: float = 1e-2, steps: int = 50) -> Trust:
    """Logistic regression of "read correctly" on probability and evidence, by Newton's method.

    correct, probabilities, scores: (N,) whether each reading was correct, its probability and its `evidence`.
    ridge: penalty on the distance from the default `Trust`; it keeps the fit sane for few plates, or all correct.
    """
    correct = np.asarray(correct, float)
    inputs = np.stack([_logit(np.asarray(probabilities)), np.asarray(scores), np.ones(len(correct))], 1)
    start = np.array([1.0, 0.0, 0.0])
    weights = start.copy()
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(inputs @ weights).clip(-30, 30)))
        curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs + ridge * np.eye(3)
        weights = weights + np.linalg.solve(curvature, inputs.T @ (correct - p) - ridge * (weights - start))
    return Trust(*(round(float(weight), 4) for weight in weights))
