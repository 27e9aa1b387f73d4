"""Batches for MTGAN: crops of rendered and real plates, the pictures they should become, and their texts.

A batch is dict(lq, gt, target, layout, corners): uint8 RGB lq (N, 32, 96, 3) and gt (N, 64, 192, 3), int64 target
(N, MAX_CHARACTERS) and layout (N,), float32 corners (N, 4, 2). Plates of no known kind are last.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from .. import images
from ..plates import CHINESE_LAYOUTS, MAX_CHARACTERS, encode, get_layout
from ..plates.camera import random_camera, shoot
from ..plates.standard import standard_plate
from .batches import PlateSample, SeededBatches
from .characters import RealCharacters, replace_province
from .labelled import LabelledPlate


class LabelledPlateSource:
    """Source of labelled real plates, shot anew at each draw; those of rare provinces are drawn more often.

    Args:
        plates: those with other layouts are left out; ValueError when none is left.
        layouts: names that the layout indices of the samples stand for.
        join_share: share of plates that are joined from two (see `join`).
        margin: of the crop on each side, as a share of the plate's width or height.
        characters: real characters; more than half of the joined plates get another province from these.
    """

    def __init__(
        self,
        plates: list[LabelledPlate],
        layouts=CHINESE_LAYOUTS,
        join_share: float = 0.0,
        margin: tuple[float, float] = (-0.04, 0.08),
        characters: RealCharacters | None = None,
    ):
        self.join_share, self.margin, self.characters = join_share, margin, characters
        self._rectified: dict[int, np.ndarray] = {}
        names = list(layouts)
        self.plates = [plate for plate in plates if plate.layout in names]
        if not self.plates:
            raise ValueError("no labelled plate has one of the layouts " + ", ".join(names))
        self.index = [names.index(plate.layout) for plate in self.plates]
        counts = Counter(plate.text[0] for plate in self.plates)
        weights = np.array([counts[plate.text[0]] ** -0.5 for plate in self.plates])
        self.weights = weights / weights.sum()

    def rectified(self, k: int) -> np.ndarray:
        """Plate k, rectified and without margin: uint8 (64, 192, 3) RGB."""
        if k not in self._rectified:
            self._rectified[k] = images.resize(self.plates[k].crop(flat=True), (64, 192))
        return self._rectified[k]

    def sample(self, rng: np.random.Generator) -> PlateSample:
        """One plate, cut out anew and shot by a random camera."""
        k, other = (int(v) for v in rng.choice(len(self.plates), 2, p=self.weights))
        plate, text = self.plates[k], self.plates[k].text
        one_row = plate.layout in CHINESE_LAYOUTS
        if rng.random() < self.join_share and one_row and self.index[k] == self.index[other]:
            crop, text = join(self.rectified(k), text, self.rectified(other), self.plates[other].text, rng)
            if self.characters is not None and rng.random() < 0.6:
                crop, text = replace_province(crop, text, self.characters, rng)
            inner, corners = 0.0, plate.corners_in_crop(flat=True)
        else:
            margin, flat = (0.12 if plate.corners is not None else 0.0), rng.random() < 0.4
            crop, corners = plate.crop(margin, flat), plate.corners_in_crop(margin, flat)
            inner = margin / (1 + 2 * margin)
        h, w = crop.shape[:2]
        quad = np.array([[inner, inner], [1 - inner, inner], [1 - inner, 1 - inner], [inner, 1 - inner]])
        grow = rng.uniform(*self.margin, 4) * (0.7, 1, 0.7, 1)
        quad += np.array([[-grow[0], -grow[1]], [grow[2], -grow[1]], [grow[2], grow[3]], [-grow[0], grow[3]]])
        quad += rng.normal(0, 0.015, (4, 2))
        quad[:, 1] += (quad[:, 0] - 0.5) * rng.normal(0, 0.06)
        scene = images.warp_crop(crop, quad * (w, h), (64, 192))
        if corners is not None:
            corners = images.map_points(corners, quad, images.UNIT_SQUARE)
        photo = shoot(scene, random_camera(rng, rendered=False), rng)
        return PlateSample(photo, text, self.index[k], corners, scene)


def join(left: np.ndarray, left_text: str, right: np.ndarray, right_text: str, rng: np.random.Generator):
    """Join the first characters of one real plate and the last ones of another to a new plate.

    They are cut in a gap between characters that both have, and the right one gets the left one's mean and contrast.

    Args:
        left, right: uint8 (64, 192, 3) RGB, rectified views without margin of plates of one Chinese single-row layout.
        left_text, right_text: their texts.
        rng: chooses the gap.

    Returns:
        (view, text); the left plate unchanged when there is no common gap.
    """
    cut = int(rng.integers(1, len(left_text)))
    edges = get_layout("cn_green" if len(left_text) == 8 else "cn_blue").regions
    centre = round(edges[cut][0] * left.shape[1])
    columns = np.arange(centre - 6, centre + 7)
    ink = np.zeros(len(columns))
    for view in (left, right):
        grey = view[14:50].mean(2)
        ink = np.maximum(ink, grey[:, columns].std(0) / (np.median(grey.std(0)) + 1e-6))
    if ink.min() > 0.5:
        return left, left_text
    x = columns[int(ink.argmin())]
    contrast = min(2.0, (left.std() + 1e-6) / (right.std() + 1e-6))
    toned = (right[:, x:] - right.mean((0, 1))) * contrast + left.mean((0, 1))
    toned = np.clip(np.rint(toned), 0, 255).astype(np.uint8)
    return np.hstack([left[:, :x], toned]), left_text[:cut] + right_text[cut:]


class PlateBatches(SeededBatches):
    """Batches from a mix of sources.

    Args:
        parts: sources of samples, such as `SyntheticPlates` and `LabelledPlateSource`.
        shares: relative frequency of each source; ValueError where they do not fit.
        batch_size, seed, num_batches: as in `SeededBatches`.
        options: input_size, output_size, layouts and draws, as in `collate`.
    """

    def __init__(self, parts, shares, batch_size: int, seed: int, num_batches: int = 10**9, **options):
        if len(parts) != len(shares) or min(shares) < 0 or sum(shares) <= 0:
            raise ValueError("give one non-negative share per part, not all zero")
        super().__init__(batch_size, seed, num_batches)
        self.parts = list(parts)
        self.shares = np.asarray(shares, float) / sum(shares)
        self.options = options

    def batch(self, k: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        rows = [self.parts[part].sample(rng) for part in rng.choice(len(self.parts), self.batch_size, p=self.shares)]
        return collate(rows, **self.options)


def collate(
    rows, input_size=(32, 96), output_size=(64, 192), layouts=CHINESE_LAYOUTS, draws: str = "standard"
) -> dict[str, np.ndarray]:
    """One batch of `PlateSample`s; what is not known of one is black in gt, -1 in target and NaN in corners.

    input_size, output_size: (height, width) of lq and gt, pixels. layouts: names that the layout indices stand for.
    draws: what gt is, "standard" (the standard plate) or "sharp" (the crop as it was before the camera).
    """
    rows = sorted(rows, key=lambda row: row.layout == len(layouts))
    gt = np.zeros((len(rows), *output_size, 3), np.uint8)
    target, corners = np.full((len(rows), MAX_CHARACTERS), -1, np.int64), np.full((len(rows), 4, 2), np.nan, np.float32)
    for k, row in enumerate(rows):
        if row.layout < len(layouts):
            kind = get_layout(layouts[row.layout])
            target[k] = encode(row.text, kind)
            gt[k] = standard_plate(row.text, kind, output_size) if draws == "standard" else _sharp(row, output_size)
        if row.corners is not None:
            corners[k] = row.corners
    lq = np.stack([images.resize(row.crop, input_size) for row in rows])
    layout = np.array([row.layout for row in rows], np.int64)
    return {"lq": lq, "gt": gt, "target": target, "layout": layout, "corners": corners}


def _sharp(row: PlateSample, size: tuple[int, int]) -> np.ndarray:
    """The sharp picture of a sample, uint8 (*size, 3) RGB."""
    return images.resize(np.clip(np.rint(row.sharp), 0, 255).astype(np.uint8), size)
