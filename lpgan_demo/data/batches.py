"""Batches that are a pure function of (seed, k): a resumed run sees what an uninterrupted one would have seen."""

from __future__ import annotations

import cv2
import numpy as np


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
