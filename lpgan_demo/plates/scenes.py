"""Sharp scenes: a worn plate in a loose street crop, the input of the camera model in `camera.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from .ink import letters_alone
from .layout import PlateLayout
from .standard import STANDARD_SIZE, background, ink_colour, ink_coverage


@dataclass(frozen=True)
class SceneRanges:
    """Ranges of the plate's pose in its crop.

    Attributes:
        margin: of the crop around the plate, as a share of the plate's width and height.
        tilt_degrees, strong_tilt_degrees: standard deviation of the rotation, usually and in strongly tilted scenes.
        strong_tilt_share: probability of a strongly tilted scene.
        perspective: standard deviation of each corner's shift, as a share of the plate's size.
        aspect: factor of the plate's height over its width.
        tight_share: probability that the crop cuts off the outermost corners.
        fading: largest share of the ink that may have faded.
        paint: standard deviation of the paper's colour, in grey levels.
        spacing: factor of the places and widths of the characters along the plate; makers set them closer or wider.
    """

    margin: tuple[float, float] = (-0.05, 0.10)
    tilt_degrees: float = 4.0
    strong_tilt_degrees: float = 15.0
    strong_tilt_share: float = 0.3
    perspective: float = 0.04
    aspect: tuple[float, float] = (0.75, 1.2)
    tight_share: float = 0.3
    fading: float = 0.25
    paint: float = 14.0
    spacing: tuple[float, float] = (1.0, 1.0)


CLOSE_FRAMING = SceneRanges()
"""Crops as a good detector cuts them."""

ANY_FRAMING = SceneRanges(margin=(-0.12, 0.25), aspect=(0.6, 1.4), fading=0.5, paint=22.0, spacing=(0.8, 1.04))
"""Crops as other people's detectors cut them: tight, shifted or loose, squeezed or stretched."""


def noise_field(rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int], channels: int) -> np.ndarray:
    """Smooth noise in about [-1, 1]: a grid of `cells` enlarged to `shape` by cubic interpolation."""
    coarse = rng.uniform(-1, 1, (*cells, channels)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC).reshape(*shape, channels)


class PlacedPlate(NamedTuple):
    """A plate in a scene: `scene` float32 (H, W, 3) RGB 0-255; `corners` float (4, 2) of the plate in its pixels,
    clockwise from the top left; `coverage` and `warp`: its ink as in `used_plate`, and the homography (3, 3) that maps
    it into the scene."""

    scene: np.ndarray
    corners: np.ndarray
    coverage: np.ndarray
    warp: np.ndarray


def spaced(layout: PlateLayout, factor: float, shift: float) -> PlateLayout:
    """The layout with its characters, dots and dashes set closer (factor below 1) about the middle, and moved.

    shift: to the right, as a share of the plate's width; less where a character would leave the plate.
    """
    middle, width = layout.size_mm[1] / 2, layout.size_mm[1]
    left = min(x for x, _, _, _ in layout.cells_mm)
    right = max(x + w for x, _, w, _ in layout.cells_mm)
    factor = min(factor, middle / max(middle - left, right - middle))
    shift = np.clip(shift * width, -(middle + (left - middle) * factor), middle - (right - middle) * factor)

    def moved(boxes):
        return tuple(((x - middle) * factor + middle + shift, y, w * factor, h) for x, y, w, h in boxes)

    dots = tuple(((x - middle) * factor + middle + shift, y, r) for x, y, r in layout.dots_mm)
    return replace(layout, cells_mm=moved(layout.cells_mm), dashes_mm=moved(layout.dashes_mm), dots_mm=dots)


def used_plate(
    text: str, layout: PlateLayout, rng: np.random.Generator, glyphs: dict, ranges: SceneRanges = SceneRanges()
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a worn plate: varying paint and stroke width, faded ink, rivets, dirt, scratches.

    Returns:
        The plate, float32 (H, W, 3) RGB 0-255, and its ink without fading and dirt, float32 (H, W) in [0, 1].
    """
    height_mm, width_mm = layout.size_mm
    size = (round(height_mm * 0.5), round(width_mm * 0.5))
    coverage = ink_coverage(text, layout, size, glyphs, frame=rng.random() < 0.8)
    if rng.random() < 0.6:  # strokes wider or narrower than the standard
        soft = cv2.GaussianBlur(coverage, (0, 0), rng.uniform(0.5, 1.1))
        coverage = np.clip((soft - rng.uniform(0.3, 0.7)) * 2.5 + 0.5, 0, 1)
    paper = background(layout, size) + rng.normal(0, ranges.paint, 3).astype(np.float32)
    ink = ink_colour(text, layout, size)
    ink = ink + (rng.uniform(-70, 8) if ink.mean() > 127 else rng.uniform(-5, 60))
    faded = rng.uniform(0, ranges.fading) if rng.random() < 0.4 else 0.0
    opacity = coverage[..., None] * (1 - faded)
    plate = paper * (1 - opacity) + ink * opacity

    if rng.random() < 0.7:  # rivets and screws at the four usual places, of two rows beside the first
        across, down = ((0.24, 0.76), (0.07, 0.93)) if len(layout.row_lengths) == 1 else ((0.08, 0.92), (0.12, 0.5))
        radius = rng.uniform(2.0, 4.2)
        shade = float(rng.uniform(20, 240))
        for x in across:
            for y in down:
                if rng.random() < 0.75:
                    at = (round((x + rng.normal(0, 0.01)) * size[1]), round((y + rng.normal(0, 0.02)) * size[0]))
                    cv2.circle(plate, at, round(radius), (shade,) * 3, -1, cv2.LINE_AA)
                    cv2.circle(plate, (at[0] - 1, at[1] - 1), 1, (min(255.0, shade + 90),) * 3, -1)
    if rng.random() < 0.35:  # dirt: brown-grey clouds
        cloud = np.clip(noise_field(rng, size, (4, 9), 1) * rng.uniform(0.5, 1.2) - rng.uniform(-0.2, 0.6), 0, 0.75)
        plate = plate * (1 - cloud) + np.float32(rng.uniform((40, 35, 25), (150, 140, 125))) * cloud
    for _ in range(rng.poisson(0.5)):  # scratches
        a, b = rng.uniform(0, 1, 2), rng.normal(0, 0.12, 2)
        start, end = (a * size[::-1]).astype(int).tolist(), ((a + b) * size[::-1]).astype(int).tolist()
        cv2.line(plate, start, end, (float(rng.uniform(30, 230)),) * 3, 1, cv2.LINE_AA)
    return plate.astype(np.float32), coverage


def _surroundings(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """What surrounds a plate: car paint, shadows, edges of the bumper. float32 (H, W, 3)."""
    body = rng.uniform(0, 255, 3) if rng.random() < 0.3 else np.full(3, rng.uniform(5, 245))
    field = (body + noise_field(rng, size, (3, 4), 1) * rng.uniform(5, 70)).astype(np.float32)
    for _ in range(rng.integers(0, 3)):  # bumper edges, lettering of the plate holder
        y = int(rng.integers(0, size[0]))
        colour = (rng.uniform(0, 255),) * 3
        cv2.line(field, (0, y), (size[1], y + int(rng.normal(0, 6))), colour, int(rng.integers(1, 6)))
    return field


def _quad_in_crop(rng: np.random.Generator, size: tuple[int, int], aspect: float, ranges: SceneRanges) -> np.ndarray:
    """Draw the corners (4, 2) of a plate of that aspect in a crop of `size`, clockwise from the top left."""
    tilt = ranges.strong_tilt_degrees if rng.random() < ranges.strong_tilt_share else ranges.tilt_degrees
    height = 1 / aspect * rng.uniform(*ranges.aspect)
    quad = np.array([[0, 0], [1, 0], [1, height], [0, height]], float)
    quad -= quad.mean(0)
    quad[:, 0] += quad[:, 1] * np.tan(np.deg2rad(rng.normal(0, tilt * 0.8)))  # shear: seen from the side
    angle = np.deg2rad(np.clip(rng.normal(0, tilt), -40, 40))
    quad = quad @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    quad += rng.normal(0, ranges.perspective, (4, 2)) * (0.6, height)
    low, high = quad.min(0), quad.max(0)
    if rng.random() < ranges.tight_share:  # bounded by the means of the two outer corners on each side
        ordered = np.sort(quad, axis=0)
        low, high = ordered[:2].mean(0), ordered[2:].mean(0)
    extent = high - low
    low = low - rng.uniform(*ranges.margin, 2) * extent * (0.7, 1)
    high = high + rng.uniform(*ranges.margin, 2) * extent * (0.7, 1)
    return (quad - low) / (high - low) * (size[1], size[0])


def place(
    plate: np.ndarray,
    coverage: np.ndarray,
    aspect: float,
    rng: np.random.Generator,
    size: tuple[int, int] = STANDARD_SIZE,
    ranges: SceneRanges = SceneRanges(),
) -> PlacedPlate:
    """Put a plate, as `used_plate` returns it, into a scene of (height, width); aspect: its width over its height."""
    h, w = plate.shape[:2]
    corners = _quad_in_crop(rng, size, aspect, ranges)
    warp = cv2.getPerspectiveTransform(np.float32([[0, 0], [w, 0], [w, h], [0, h]]), corners.astype(np.float32))
    scene = _surroundings(rng, size)
    _paste(scene, plate, warp)
    return PlacedPlate(scene, corners, coverage, warp)


def placed_plate(
    text: str,
    layout: PlateLayout,
    rng: np.random.Generator,
    glyphs: dict,
    size: tuple[int, int] = STANDARD_SIZE,
    ranges: SceneRanges = SceneRanges(),
) -> PlacedPlate:
    """Draw a sharp scene of a worn plate; arguments as of `plate_scene`."""
    plate, coverage = used_plate(text, layout, rng, glyphs, ranges)
    return place(plate, coverage, layout.size_mm[1] / layout.size_mm[0], rng, size, ranges)


def _paste(image: np.ndarray, plate: np.ndarray, warp: np.ndarray) -> None:
    """Warp the plate into the image, in place."""
    size = image.shape[1::-1]
    cv2.warpPerspective(plate, warp, size, dst=image, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT)


def plate_scene(
    text: str,
    layout: PlateLayout,
    rng: np.random.Generator,
    glyphs: dict,
    size: tuple[int, int] = STANDARD_SIZE,
    ranges: SceneRanges = SceneRanges(),
) -> np.ndarray:
    """Draw a sharp scene of a worn plate.

    Args:
        text, layout: of the plate.
        glyphs: {symbol: ink mask}.
        size: (height, width) of the crop in pixels.
        ranges: of the plate's pose.

    Returns:
        float32 (*size, 3) RGB, 0-255.
    """
    return placed_plate(text, layout, rng, glyphs, size, ranges).scene


def half_hidden(scene: np.ndarray, corners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A scene (H, W, 3) of whose plate something with a straight edge hides a part: another car, a pillar, a post.

    corners: of the plate, (4, 2) in pixels. From the left or right it hides up to half of the plate's extent that way,
    from above or below up to two thirds. Returns float32 (H, W, 3).
    """
    sideways = rng.random() < 0.5
    angle = np.deg2rad(rng.choice((0, 180) if sideways else (-90, 90)) + rng.normal(0, 10))
    towards = np.array([np.cos(angle), np.sin(angle)])
    low, high = np.sort(corners @ towards)[[0, -1]]
    edge = high - rng.uniform(0.1, 0.5 if sideways else 0.67) * (high - low)
    y, x = np.mgrid[: scene.shape[0], : scene.shape[1]]
    share = np.clip(x * towards[0] + y * towards[1] - edge + 0.5, 0, 1)[..., None].astype(np.float32)
    return scene * (1 - share) + _surroundings(rng, scene.shape[:2]) * share


class InkScene(NamedTuple):
    """A sharp scene, float32 (H, W, 3) RGB 0-255, and its aligned ink, uint8 (H, W), 0 ink and 255 paper."""

    scene: np.ndarray
    ink: np.ndarray


def scene_with_ink(text, layout, rng, glyphs, size=STANDARD_SIZE, ranges=SceneRanges()) -> InkScene:
    """`plate_scene` and the exact ink of its characters, dots and dashes: frame and surroundings count as paper."""
    scene, _, coverage, warp = placed_plate(text, layout, rng, glyphs, size, ranges)
    ink = cv2.warpPerspective(letters_alone(coverage, layout), warp, size[::-1], flags=cv2.INTER_LINEAR)
    return InkScene(scene, np.where(ink >= 0.5, 0, 255).astype(np.uint8))
