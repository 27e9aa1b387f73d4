"""Batches that are a pure function of (seed, k): a resumed run sees what an uninterrupted one would have seen."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np


class PlateSample(NamedTuple):
    """One plate to learn from.

    Attributes:
        crop: uint8 (H, W, 3) RGB, of the size of its camera.
        text: what it says; empty for a plate of no known kind.
        layout: index of its layout; the number of layouts stands for no known kind.
        corners: float (4, 2) of the plate as shares of the crop's width and height, clockwise from the top left; None
            where they are not known.
        sharp: (H, W, 3) RGB, 0-255, the picture before the camera; None where there is no plate to draw.
    """

    crop: np.ndarray
    text: str
    layout: int
    corners: np.ndarray | None = None
    sharp: np.ndarray | None = None


class SeededBatches:
    """A dataset of `num_batches` batches of `batch_size` samples; a subclass implements `batch`."""

    def __init__(self, batch_size: int, seed: int, num_batches: int = 10**9):
        self.batch_size, self.seed, self.num_batches = batch_size, seed, num_batches

    def __len__(self) -> int:
        return self.num_batches

    def __getitem__(self, k: int) -> dict[str, np.ndarray]:
        cv2.setNumThreads(1)  # batches are made in parallel processes, with which OpenCV's threads would compete
        return self.batch(k, np.random.default_rng((self.seed, k)))

    def batch(self, k: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Batch k as {name: array}; all random numbers come from `rng`."""
        raise NotImplementedError
