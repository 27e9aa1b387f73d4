"""A source of plates that are seen in part: what is hidden nobody can read, and a reader should say so."""

from __future__ import annotations

import numpy as np

from ..plates.camera import random_camera, shoot
from ..plates.scenes import half_hidden
from .batches import PlateSample


class HiddenPlates:
    """The plates of another source with a part hidden, shot anew.

    Their texts stay whole. Where nothing of a character is seen, no guess is better than another: from such plates a
    network is meant to learn when to be unsure.

    Args:
        sources: of samples with a sharp picture and corners; each drawn from equally often.
    """

    def __init__(self, sources: list):
        self.sources = list(sources)

    def sample(self, rng: np.random.Generator) -> PlateSample:
        """One plate, of which something hides a part where its corners are known."""
        plate = self.sources[rng.integers(len(self.sources))].sample(rng)
        if plate.sharp is None or plate.corners is None:
            return plate
        scene = half_hidden(np.float32(plate.sharp), plate.corners * plate.sharp.shape[1::-1], rng)
        return plate._replace(crop=shoot(scene, random_camera(rng), rng), sharp=scene)
