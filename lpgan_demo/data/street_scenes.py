"""Batches for the plate detector: photos cut and shot anew, with rendered plates and what looks like one pasted in.

A batch is dict(picture uint8 (N, H, W, 3) RGB, corners float32 (N, MAX_PLATES, 4, 2) in pixels, count int64 (N,)).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from .. import images
from ..plates.camera import REFERENCE_WIDTH, Camera, shoot
from ..plates.scenes import noise_field, used_plate
from .batches import SeededBatches
from .misleading import Misleading, camera_line
from .synthetic import SyntheticPlates
from .unknown import foreign_plate

MAX_PLATES = 8
"""Largest number of labelled plates in one picture."""

WIDTHS = (20.0, 330.0)
"""Range of the width of plates in a picture, pixels."""


@lru_cache(maxsize=150)
def _read(path: Path) -> tuple[np.ndarray, float]:
    """The photo with sides of at most 1600 pixels, and the factor by which it was scaled for that."""
    photo = images.load_image(path)
    scale = min(1.0, 1600 / max(photo.shape[:2]))
    return images.resize(photo, (round(photo.shape[0] * scale), round(photo.shape[1] * scale))), scale


class StreetScenes:
    """Source of street pictures with labelled plates.

    Args:
        photos: as from `labelled.photos_of`, with every plate in them labelled; without any, backgrounds are drawn.
        source: gives texts, layouts and glyphs of the plates that are pasted in.
        size: (height, width) of the pictures, pixels.
        photo_share: share of pictures that are cut from a photo.
        anywhere: share of these cut anywhere, not around a plate: grilles, lamps and signs are to be learnt as well.
        negatives: archive of pieces of photos that are no plate, as of `Misleading`.
        foreign_share: share of the pasted plates that are of no known kind: plates all the same.
    """

    def __init__(
        self,
        photos,
        source: SyntheticPlates,
        size=(384, 512),
        photo_share=0.9,
        anywhere=0.25,
        negatives="",
        foreign_share=0.15,
    ):
        self.photos, self.source, self.size, self.anywhere = list(photos), source, size, anywhere
        self.misleading, self.foreign_share = Misleading(negatives), foreign_share
        self.photo_share = photo_share if self.photos else 0.0

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(picture: uint8 (H, W, 3) RGB, corners: float32 (K, 4, 2), clockwise from each plate's own top left)."""
        picture, plates = self._cut_photo(rng) if rng.random() < self.photo_share else (_background(self.size, rng), [])
        for quad in plates:  # some plates are painted over with another one
            if rng.random() < 0.4:
                _paste_plate(picture, self._draw_plate(rng)[0], quad, rng)
        taken = list(plates)
        for _ in range(rng.integers(0, 5)):
            patch = self.misleading.sample(rng)
            height, width = patch.opacity.shape
            quad = _free_quad(self.size, taken, height / width * np.exp(rng.normal(0, 0.2)), rng)
            if quad is not None:
                _paste(picture, patch.picture, quad, patch.opacity)
                taken.append(quad)
        for _ in range(rng.integers(0, 3)):
            plate, aspect = self._draw_plate(rng)
            quad = _free_quad(self.size, taken, 1 / aspect, rng)
            if quad is not None:
                _paste_plate(picture, plate, quad, rng)
                taken.append(quad)
                plates.append(quad)
        lined = rng.random()  # some cameras write lines into their pictures, which may be made small or coded anew
        if lined < 0.2:
            self._paste_lines(picture, taken, rng)
        picture = _photographed(picture, rng)
        if lined > 0.8:
            self._paste_lines(picture, taken, rng)
        return picture, np.float32(plates[:MAX_PLATES]).reshape(-1, 4, 2)

    def _paste_lines(self, picture, taken, rng) -> None:
        """Paste up to three lines, apart from what is `taken`, in place."""
        for _ in range(rng.integers(1, 4)):
            patch = camera_line(rng)
            height, width = patch.opacity.shape
            quad = _free_quad(self.size, taken, height / width * np.exp(rng.normal(0, 0.2)), rng, upright=True)
            if quad is not None:
                _paste(picture, patch.picture, quad, patch.opacity)
                taken.append(quad)

    def _draw_plate(self, rng) -> tuple[np.ndarray, float]:
        """A worn plate, float32 RGB, and its width over its height."""
        if rng.random() < self.foreign_share:
            plate, _, aspect = foreign_plate(rng)
            return plate, aspect
        text, index = self.source.draw_text(rng)
        layout = self.source.layouts[index]
        plate, _ = used_plate(text, layout, rng, self.source.draw_glyphs(rng, text))
        return plate, layout.size_mm[1] / layout.size_mm[0]

    def _cut_photo(self, rng) -> tuple[np.ndarray, list[np.ndarray]]:
        """A photo rotated, scaled and cut, around one of its plates or anywhere; and the corners of those in it."""
        path, corners = self.photos[rng.integers(len(self.photos))]
        photo, read_scale = _read(path)
        corners = corners * read_scale
        chosen = corners[rng.integers(len(corners))]
        scale = np.exp(rng.uniform(*np.log(WIDTHS))) / np.ptp(chosen[:, 0])
        scale = max(scale, 0.6 * self.size[1] / photo.shape[1])
        if scale < 1:  # shrink first, because a warp does not average pixels
            photo = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            corners, chosen, scale = corners * scale, chosen * scale, 1.0
        angle = np.deg2rad(rng.uniform(-40, 40) if rng.random() < 0.15 else rng.normal(0, 3))
        rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        target = rng.uniform(0.1, 0.9, 2) * self.size[::-1]
        centre = chosen.mean(0) if rng.random() >= self.anywhere else rng.uniform(0.1, 0.9, 2) * photo.shape[1::-1]
        shift = target - rotation @ centre
        warp = np.hstack([rotation, shift[:, None]])
        picture = cv2.warpAffine(photo, warp, self.size[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        inside = []
        for quad in corners @ rotation.T + shift:
            middle, low, high = quad.mean(0), quad.min(0), quad.max(0)
            if (low > -0.1 * (high - low)).all() and (high < self.size[::-1] + 0.1 * (high - low)).all():
                inside.append(quad)
            elif (low < self.size[::-1]).all() and (high > 0).all():  # cut by the edge: painted over
                enlarged = middle + (quad - middle) * 1.15
                cv2.fillConvexPoly(picture, np.int32(enlarged), rng.integers(0, 256, 3).tolist())
        return picture, inside


def _paste_plate(picture: np.ndarray, plate: np.ndarray, quad: np.ndarray, rng) -> None:
    """Paste a rendered plate, about as bright as the picture around it."""
    box = cv2.boundingRect(np.float32(quad))
    around = images.crop_box(picture, (box[0], box[1], box[0] + box[2], box[1] + box[3]), 0.3).mean()
    light = np.exp(rng.normal(0, 0.25)) * np.clip(around / 110, 0.45, 1.4) ** rng.uniform(0.2, 1.0)
    shade = 1 + noise_field(rng, plate.shape[:2], (2, 3), 1) * rng.uniform(0, 0.4)
    _paste(picture, plate * light * shade, quad)


def _paste(picture: np.ndarray, patch: np.ndarray, quad: np.ndarray, opacity: np.ndarray | None = None) -> None:
    """Warp a patch into a quadrilateral of the picture, in place; it is averaged first where it must shrink."""
    opacity = np.ones(patch.shape[:2], np.float32) if opacity is None else opacity
    width, height = np.ptp(quad[:, 0]), np.ptp(quad[:, 1])
    shrink = min(1.0, 1.2 * max(width / patch.shape[1], height / patch.shape[0]))
    if shrink < 1:
        size = max(4, round(patch.shape[1] * shrink)), max(3, round(patch.shape[0] * shrink))
        patch = cv2.resize(patch.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        opacity = cv2.resize(opacity, size, interpolation=cv2.INTER_AREA)
    h, w = patch.shape[:2]
    warp = cv2.getPerspectiveTransform(np.float32([[0, 0], [w, 0], [w, h], [0, h]]), np.float32(quad))
    size = picture.shape[1::-1]
    mask = cv2.warpPerspective(opacity, warp, size)[..., None]
    warped = cv2.warpPerspective(patch.astype(np.float32), warp, size, borderMode=cv2.BORDER_REPLICATE)
    picture[:] = np.clip(picture * (1 - mask) + warped * mask, 0, 255).astype(np.uint8)


def _free_quad(size, taken, aspect: float, rng, upright: bool = False) -> np.ndarray | None:
    """Corners of a quadrilateral `aspect` times as high as wide, in the picture and apart from `taken`; or None."""
    for _ in range(10):
        width = np.exp(rng.uniform(*np.log(WIDTHS)))
        quad = (np.array([[0, 0], [1, 0], [1, aspect], [0, aspect]]) - (0.5, aspect / 2)) * width
        if not upright:
            quad[:, 0] *= rng.uniform(0.7, 1.05)  # seen from the side
            angle = np.deg2rad(rng.uniform(-45, 45) if rng.random() < 0.15 else rng.normal(0, 5))
            shear = np.tan(np.deg2rad(rng.normal(0, 8)))
            quad = quad @ np.array([[1, shear], [0, 1]])
            quad = quad @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            quad += rng.normal(0, 0.02, (4, 2)) * width * min(1, aspect)
        extent = np.ptp(quad, axis=0)
        room = np.array(size[::-1]) - extent
        if (room <= 4).any():
            continue
        quad += rng.uniform(2, room - 2) - quad.min(0)
        low, high = quad.min(0) - 4, quad.max(0) + 4
        if all((high < other.min(0)).any() or (low > other.max(0)).any() for other in taken):
            return quad
    return None


def _background(size, rng) -> np.ndarray:
    """A drawn background: smooth light, rectangles, lines, discs and grilles. uint8 RGB."""
    h, w = size
    field = rng.uniform(30, 220, 3) + noise_field(rng, size, (3, 4), 3) * rng.uniform(10, 70)
    picture = np.clip(field, 0, 255).astype(np.uint8)
    for _ in range(rng.integers(5, 40)):
        colour = rng.integers(0, 256, 3) if rng.random() < 0.5 else np.full(3, rng.integers(0, 256))
        a, b = (tuple(int(v) for v in rng.uniform(0, 1, 2) * (w, h)) for _ in range(2))
        kind = rng.integers(4)
        if kind == 0:
            cv2.rectangle(picture, a, b, colour.tolist(), -1 if rng.random() < 0.5 else int(rng.integers(1, 6)))
        elif kind == 1:
            cv2.line(picture, a, b, colour.tolist(), int(rng.integers(1, 9)), cv2.LINE_AA)
        elif kind == 2:
            cv2.circle(picture, a, int(rng.integers(3, 60)), colour.tolist(), -1, cv2.LINE_AA)
        else:  # a grille
            step, length = int(rng.integers(4, 14)), int(rng.integers(30, 160))
            for k in range(int(rng.integers(3, 9))):
                start = (a[0], a[1] + k * step)
                cv2.line(picture, start, (a[0] + length, start[1]), colour.tolist(), max(1, step // 3))
    return picture


def _photographed(picture: np.ndarray, rng) -> np.ndarray:
    """A shot of the picture by day or night, in half of the cases a bad one, resized to the picture's size."""
    height, width = picture.shape[:2]
    bad = rng.random() < 0.5
    night = rng.random() < 0.15
    scale = np.exp(rng.uniform(np.log(0.35), 0)) if bad else 1.0  # the detector enlarges small photos
    motion = rng.uniform(2, 8) if bad and rng.random() < 0.5 else 0.0  # in pixels of the shot
    camera = Camera(
        width=round(width * scale),
        motion=max(1.01, motion / scale * REFERENCE_WIDTH / width) if motion else 0.0,
        angle=rng.choice((rng.uniform(-10, 10), rng.uniform(0, 180))),
        defocus=rng.uniform(0.4, 2.0) * REFERENCE_WIDTH / width if bad and not motion else 0.0,
        gain=rng.uniform(0.3, 0.6) if night else np.exp(rng.normal(0, 0.2)),
        cast=tuple(np.clip(1 + rng.normal(0, 0.08, 3), 0.6, 1.4)),
        gamma=float(np.exp(rng.normal(0, 0.15))),
        noise=rng.uniform(2, 12) if bad else rng.uniform(0, 3),
        jpeg=int(rng.uniform(25, 75) if bad else rng.uniform(75, 97)),
    )
    return images.resize(shoot(picture, camera, rng), (height, width))


class SceneBatches(SeededBatches):
    """Batches of `StreetScenes`."""

    def __init__(self, scenes: StreetScenes, batch_size: int, seed: int, num_batches: int = 10**9):
        super().__init__(batch_size, seed, num_batches)
        self.scenes = scenes

    def batch(self, k: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        rows = [self.scenes.sample(rng) for _ in range(self.batch_size)]
        corners = np.zeros((len(rows), MAX_PLATES, 4, 2), np.float32)
        for place, (_, found) in zip(corners, rows):
            place[: len(found)] = found
        return {
            "picture": np.stack([picture for picture, _ in rows]),
            "corners": corners,
            "count": np.array([len(found) for _, found in rows], np.int64),
        }
