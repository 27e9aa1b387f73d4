"""The fixed conditions of `evaluate generality`: the crop as it is, half and a third of its size, motion, street shots.

Every random draw comes from a seed of the crop's own file, so a condition makes the same picture each time.
"""

from __future__ import annotations

import cv2
import numpy as np

from .. import images

CONDITIONS = ("clean", "half", "third", "motion", "heavy", "light")
"""Names of the conditions; their order is part of the seeds."""


def degrade(crop: np.ndarray, condition: str, seed: int) -> np.ndarray:
    """A crop under one condition.

    Args:
        crop: uint8 (H, W, 3) RGB.
        condition: one of `CONDITIONS`. clean: unchanged; half, third: reduced; motion: 7 pixels within 30 degrees of
            the rows, noise, JPEG 40; light, heavy: a street camera's defocus, motion, size, exposure, noise and JPEG.
        seed: of the random draws.

    Returns:
        uint8 (h, w, 3) RGB.

    Raises:
        ValueError: there is no such condition.
    """
    if condition not in CONDITIONS:
        raise ValueError(f"the condition must be one of {', '.join(CONDITIONS)}, not {condition!r}")
    if condition == "clean":
        return crop
    if condition in ("half", "third"):
        return _reduced(crop, 2 if condition == "half" else 3)
    rng = np.random.RandomState((seed + CONDITIONS.index(condition)) % 2**32)
    seen = np.float32(crop[..., ::-1])  # in OpenCV's order, which the noise is drawn in
    if condition == "motion":
        seen = _moved(seen, 7, rng.uniform(-30, 30))
        return _coded(seen + rng.normal(0, 8, seen.shape), 40)
    if condition == "light":
        seen = _moved(_defocused(seen, rng.uniform(0.4, 1.0)), rng.randint(1, 5), rng.uniform(0, 180))
        seen = _reduced(seen, rng.uniform(1.2, 2.2)) * rng.uniform(0.5, 1.2)
        seen = seen + rng.normal(0, rng.uniform(2, 8), seen.shape)
        return _coded(seen, rng.randint(35, 81))
    sigma, length, angle = rng.uniform(0.6, 1.6), rng.randint(1, 8), rng.uniform(0, 180)
    factor, gain, noise, quality = rng.uniform(1.5, 3.0), rng.uniform(0.4, 1.2), rng.uniform(2, 12), rng.randint(25, 71)
    seen = _reduced(_moved(_defocused(seen, sigma), length, angle), factor) * gain
    return _coded(seen + rng.normal(0, noise, seen.shape), quality)


def _defocused(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def _moved(picture: np.ndarray, length: int, angle: float) -> np.ndarray:
    """Motion blur along a straight line of so many pixels, drawn on a grid eight times finer."""
    size, fine = int(length) | 1, 8
    along = np.linspace(-1, 1, 64 * length) * (length - 1) / 2
    middle, last = (size * fine - 1) / 2, size * fine - 1
    x, y = (
        np.clip(np.rint(middle + fine * along * part), 0, last).astype(int) // fine
        for part in (np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle)))
    )
    kernel = np.zeros((size, size), np.float32)
    np.add.at(kernel, (y, x), 1 / len(along))
    return cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def _reduced(picture: np.ndarray, factor: float) -> np.ndarray:
    """Smaller by a factor; at least 8 pixels wide and 4 high."""
    height, width = picture.shape[:2]
    rounded = int if isinstance(factor, int) else round
    size = (max(8, rounded(width / factor)), max(4, rounded(height / factor)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _coded(picture: np.ndarray, quality: int) -> np.ndarray:
    """float BGR -> uint8 RGB, through JPEG of that quality."""
    rounded = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return images.through_jpeg(rounded[..., ::-1], quality)
