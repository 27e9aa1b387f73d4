"""How far a reading may be relied on: its probability, corrected by how well the drawn plate fits the crop."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..images import rectify, resize

SIZE = (24, 72)
"""(height, width) at which a drawn plate and its crop are compared: most bad crops have no finer detail."""

SLACK = (2, 4)
"""Pixels at `SIZE` by which the plate may lie higher or lower, further left or right, than its corners say."""

BLURS = (0.7, 1.5, 2.5)
"""Gaussian sigmas tried on the drawn plate, in pixels at `SIZE`."""

MIN_PROBABILITY = 1e-12
"""Probabilities are clipped to this distance from 0 and 1, where the logit is infinite."""


def evidence(crop: np.ndarray, plate: np.ndarray, quad: np.ndarray | None = None) -> float:
    """How well the drawn plate explains its crop: the best correlation coefficient of their grey values.

    The crop is straightened and the drawn plate, less `SLACK` on each side and blurred by one of `BLURS`, is laid
    anywhere inside it. A plate that GN invented does not match the crop.

    Args:
        crop, plate: uint8 RGB (H, W, 3).
        quad: corners (4, 2) of the plate in the crop, pixels, clockwise from the top left; None: it fills the crop.

    Returns:
        In [0, 1]; negative correlation counts as 0, as does a crop of one colour.
    """
    seen, drawn = _grey(crop if quad is None else rectify(crop, quad, 0.0)), _grey(plate)
    if np.ptp(seen) < 1:
        return 0.0
    down, right = SLACK
    blurred = (cv2.GaussianBlur(drawn, (0, 0), sigma)[down:-down, right:-right] for sigma in BLURS)
    best = max(cv2.matchTemplate(seen, part, cv2.TM_CCOEFF_NORMED).max() for part in blurred)
    return float(np.clip(best, 0, 1))


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

    Where a better fit to the crop would count against a reading, which chance can do, the evidence is left out.
    """
    correct = np.asarray(correct, float)
    inputs = np.stack([_logit(np.asarray(probabilities)), np.asarray(scores), np.ones(len(correct))], 1)
    start = np.array([1.0, 0.0, 0.0])
    weights = start.copy()
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(inputs @ weights).clip(-30, 30)))
        curvature = (inputs * (p * (1 - p))[:, None]).T @ inputs + ridge * np.eye(3)
        weights = weights + np.linalg.solve(curvature, inputs.T @ (correct - p) - ridge * (weights - start))
    if weights[1] < 0:
        return fit_trust(correct, probabilities, np.zeros(len(correct)), ridge, steps)
    return Trust(*(round(float(weight), 4) for weight in weights))
