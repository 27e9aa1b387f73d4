"""A used plate in a loose street crop, sharp: what the camera (`camera.py`) then photographs.

Everything is a pure function of its arguments and a `numpy.random.Generator`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .layouts import PlateLayout
from .standard import STANDARD_SIZE, _ink_colour, _paper, ink_coverage

# ---- a used plate on a car, in a loose crop ------------------------------------------------------------------


@dataclass(frozen=True)
class SceneRanges:
    """How far the crop and the plate may stray; lengths are shares of the plate's own width or height."""

    margin: tuple[float, float] = (-0.05, 0.10)
    tilt_degrees: float = 4.0
    strong_tilt_degrees: float = 15.0
    strong_tilt_share: float = 0.3
    perspective: float = 0.04
    aspect: tuple[float, float] = (0.75, 1.2)
    tight_share: float = 0.3


def noise_field(rng, shape, cells, channels):
    """Smooth random field in about [-1, 1]: a coarse grid enlarged by cubic interpolation."""
    coarse = rng.uniform(-1, 1, (*cells, channels)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC).reshape(*shape, channels)


def used_plate(text: str, layout: PlateLayout, rng: np.random.Generator, glyphs: dict) -> tuple[np.ndarray, np.ndarray]:
    """A plate as it hangs on a car: paint and stroke tolerances, rivets, dirt, scratches.

    Returns the plate, float32 RGB 0-255, and its ink, float32 (H, W) in [0, 1], without dirt and scratches.
    """
    height_mm, width_mm = layout.size_mm
    size = (round(height_mm * 0.5), round(width_mm * 0.5))
    coverage = ink_coverage(text, layout, size, glyphs, frame=rng.random() < 0.8)
    if rng.random() < 0.6:  # paint lies thicker or thinner than the norm says
        soft = cv2.GaussianBlur(coverage, (0, 0), rng.uniform(0.5, 1.1))
        coverage = np.clip((soft - rng.uniform(0.3, 0.7)) * 2.5 + 0.5, 0, 1)
    coverage = coverage[..., None]
    paper = _paper(layout, size) + rng.normal(0, 14, 3).astype(np.float32)
    ink = _ink_colour(text, layout, size)
    ink = ink + (rng.uniform(-70, 8) if ink.mean() > 127 else rng.uniform(-5, 60))
    painted = coverage[..., 0]
    fade = rng.uniform(0, 0.25) if rng.random() < 0.4 else 0.0
    coverage = coverage * (1 - fade)
    plate = paper * (1 - coverage) + ink * coverage

    if rng.random() < 0.7:  # rivets and screws at the four usual places
        radius = rng.uniform(2.0, 4.2)
        shade = float(rng.uniform(20, 240))
        for x in (0.24, 0.76):
            for y in (0.07, 0.93):
                if rng.random() < 0.75:
                    at = (round((x + rng.normal(0, 0.01)) * size[1]), round((y + rng.normal(0, 0.02)) * size[0]))
                    cv2.circle(plate, at, round(radius), (shade,) * 3, -1, cv2.LINE_AA)
                    cv2.circle(plate, (at[0] - 1, at[1] - 1), 1, (min(255.0, shade + 90),) * 3, -1)
    if rng.random() < 0.35:  # dirt: brown-grey clouds, thicker towards one side
        cloud = np.clip(noise_field(rng, size, (4, 9), 1) * rng.uniform(0.5, 1.2) - rng.uniform(-0.2, 0.6), 0, 0.75)
        plate = plate * (1 - cloud) + np.float32(rng.uniform((40, 35, 25), (150, 140, 125))) * cloud
    for _ in range(rng.poisson(0.5)):  # scratches
        a, b = rng.uniform(0, 1, 2), rng.normal(0, 0.12, 2)
        start, end = (a * size[::-1]).astype(int).tolist(), ((a + b) * size[::-1]).astype(int).tolist()
        cv2.line(plate, start, end, (float(rng.uniform(30, 230)),) * 3, 1, cv2.LINE_AA)
    return plate.astype(np.float32), painted


def _surroundings(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """What is around a plate: car paint, shadow, bumper edges. float32 (H, W, 3)."""
    body = rng.uniform(0, 255, 3) if rng.random() < 0.3 else np.full(3, rng.uniform(5, 245))
    field = body + noise_field(rng, size, (3, 4), 1) * rng.uniform(5, 70)
    field = field.astype(np.float32) + np.zeros((1, 1, 3), np.float32)
    for _ in range(rng.integers(0, 3)):  # bumper edges, lettering of the plate holder
        y = int(rng.integers(0, size[0]))
        colour = tuple(float(v) for v in np.full(3, rng.uniform(0, 255)))
        cv2.line(field, (0, y), (size[1], y + int(rng.normal(0, 6))), colour, int(rng.integers(1, 6)))
    return field


def _quad_in_crop(rng, size, aspect, ranges: SceneRanges) -> np.ndarray:
    """(4, 2) corners of the plate in a crop of `size`, clockwise from the top left."""
    tilt = ranges.strong_tilt_degrees if rng.random() < ranges.strong_tilt_share else ranges.tilt_degrees
    height = 1 / aspect * rng.uniform(*ranges.aspect)
    quad = np.array([[0, 0], [1, 0], [1, height], [0, height]], float)
    quad -= quad.mean(0)
    quad[:, 0] += quad[:, 1] * np.tan(np.deg2rad(rng.normal(0, tilt * 0.8)))  # shear: seen from the side
    angle = np.deg2rad(np.clip(rng.normal(0, tilt), -40, 40))
    quad = quad @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    quad += rng.normal(0, ranges.perspective, (4, 2)) * (0.6, height)
    low, high = quad.min(0), quad.max(0)
    if rng.random() < ranges.tight_share:  # some boxes are cut through the corners' means, not their extremes
        low, high = np.sort(quad[:, 0])[:2].mean(), np.sort(quad[:, 0])[2:].mean()
        low = np.array([low, np.sort(quad[:, 1])[:2].mean()])
        high = np.array([high, np.sort(quad[:, 1])[2:].mean()])
    extent = high - low
    low = low - rng.uniform(*ranges.margin, 2) * extent * (0.7, 1)
    high = high + rng.uniform(*ranges.margin, 2) * extent * (0.7, 1)
    return (quad - low) / (high - low) * (size[1], size[0])


def _place(text, layout, rng, glyphs, size, ranges):
    """(scene, the used plate's ink, the 3x3 warp that laid both into the crop)."""
    plate, painted = used_plate(text, layout, rng, glyphs)
    h, w = plate.shape[:2]
    corners = np.float32([[0, 0], [w, 0], [w, h], [0, h]])
    quad = _quad_in_crop(rng, size, layout.size_mm[1] / layout.size_mm[0], ranges)
    warp = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
    scene = _surroundings(rng, size)
    _lay_over(scene, plate, warp)
    return scene, painted, warp


def _lay_over(picture: np.ndarray, plate: np.ndarray, warp: np.ndarray) -> None:
    size = picture.shape[1::-1]
    cv2.warpPerspective(plate, warp, size, dst=picture, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT)


def plate_scene(
    text: str,
    layout: PlateLayout,
    rng: np.random.Generator,
    glyphs: dict,
    size: tuple[int, int] = STANDARD_SIZE,
    ranges: SceneRanges = SceneRanges(),
) -> np.ndarray:
    """A loose, tilted, sharp crop around a used plate: float32 (H, W, 3) RGB 0-255, before the camera."""
    return _place(text, layout, rng, glyphs, size, ranges)[0]


def scene_with_ink(
    text, layout, rng, glyphs, size=STANDARD_SIZE, ranges=SceneRanges()
) -> tuple[np.ndarray, np.ndarray]:
    """`plate_scene`, and its ink at the same places: uint8 (H, W), 0 ink and 255 paper.

    On the plate the exact ink, its frame line included. Around it whatever is nearer to the ink's brightness than to
    the paper's counts as ink, as it would for a threshold on a perfect photo.
    """
    scene, painted, warp = _place(text, layout, rng, glyphs, size, ranges)
    ink = np.full(size, -1.0, np.float32)
    _lay_over(ink, painted, warp)
    middle = (np.mean(layout.ink) + np.mean(layout.background)) / 2
    bright = scene.mean(2) > middle
    around = bright if np.mean(layout.ink) > middle else ~bright
    return scene, np.where(np.where(ink < 0, around, ink >= 0.5), 0, 255).astype(np.uint8)
