"""Batches that are a pure function of (seed, k): a resumed run sees what an uninterrupted one would have seen."""

from __future__ import annotations

import cv2
import numpy as np


class SeededBatches:
    """A dataset whose item k is batch k.

    Args:
        batch_size: samples in a batch.
        seed: of all batches.
        num_batches: length of the dataset.

    A subclass writes `batch`.
    """

    def __init__(self, batch_size: int, seed: int, num_batches: int = 10**9):
        self.batch_size, self.seed, self.num_batches = batch_size, seed, num_batches

    def __len__(self) -> int:
        return self.num_batches

    def __getitem__(self, k: int) -> dict[str, np.ndarray]:
        cv2.setNumThreads(1)  # batches are made in parallel processes: threads of OpenCV would only compete with them
        return self.batch(k, np.random.default_rng((self.seed, k)))

    def batch(self, k: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Batch k, every random number from `rng`."""
        raise NotImplementedError
