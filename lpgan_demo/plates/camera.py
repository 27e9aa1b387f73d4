"""Camera model: b = k * s + n of the deblurring paper (image = kernel * scene + noise), extended by light and coding.

In the order of a real camera: uneven light on the scene, defocus and motion blur, sampling, gamma and exposure, noise,
JPEG. Blur is given in pixels of a plate `REFERENCE_WIDTH` wide, so that a setting means the same at any resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..images import through_jpeg

REFERENCE_WIDTH = 94.0
"""Width in pixels of the plate that the lengths of blur refer to."""


@dataclass(frozen=True)
class Camera:
    """Settings of one shot.

    Attributes:
        width: of the resulting crop, in pixels.
        defocus: sigma of the Gaussian blur, in pixels at `REFERENCE_WIDTH`.
        motion: length of the motion blur, in pixels at `REFERENCE_WIDTH`; 1 or less means none.
        angle: direction of the motion, in degrees.
        gain: factor of exposure.
        cast: factors of the RGB channels.
        gamma: exponent applied to intensities in [0, 1].
        shade, glare: strength in [0, 1] of uneven light and of one highlight.
        noise: sigma of the sensor noise, in grey levels.
        jpeg: quality 1-100, or 0 for no compression.
    """

    width: int = 94
    defocus: float = 0.0
    motion: float = 0.0
    angle: float = 0.0
    gain: float = 1.0
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    shade: float = 0.0
    glare: float = 0.0
    noise: float = 0.0
    jpeg: int = 0


def motion_kernel(length: float, angle_degrees: float) -> np.ndarray:
    """Point spread function of uniform straight motion: float32, odd and square, a line of `length` pixels, sum 1."""
    size = int(np.ceil(length)) | 1
    t = np.linspace(-(length - 1) / 2, (length - 1) / 2, max(8, 8 * size))
    angle = np.deg2rad(angle_degrees)
    x = np.clip(size // 2 + t * np.cos(angle), 0, size - 1)
    y = np.clip(size // 2 + t * np.sin(angle), 0, size - 1)
    x0, y0 = np.minimum(x.astype(int), size - 1), np.minimum(y.astype(int), size - 1)
    kernel = np.zeros((size + 1, size + 1), np.float32)
    for dy in (0, 1):
        for dx in (0, 1):
            weight = np.abs(1 - dx - (x - x0)) * np.abs(1 - dy - (y - y0))
            np.add.at(kernel, (y0 + dy, x0 + dx), weight)
    kernel = kernel[:size, :size]
    return kernel / kernel.sum()


def random_camera(rng: np.random.Generator, severity: float | None = None, rendered: bool = True) -> Camera:
    """Draw a camera.

    Args:
        severity: of all degradations together, from 0 (a good photo) to 1 (the worst of a street camera). None draws
            it, and limits three cameras in ten to one or two kinds of degradation.
        rendered: False draws milder light and blur, for real crops that have their own.
    """
    isolated = severity is None and rng.random() < 0.3
    if isolated:
        severity = rng.uniform(0.3, 1.0)
    elif severity is None:
        severity = rng.choice((rng.uniform(0, 0.3), rng.uniform(0.2, 0.7), rng.uniform(0.5, 1.0)), p=(0.2, 0.35, 0.45))
    s = float(severity)
    narrowest, widest = (90, 192) if s < 0.25 else (94 - 66 * s, 110 - 45 * s)
    width = int(np.exp(rng.uniform(np.log(narrowest), np.log(widest))))
    light = rng.random() if rendered else rng.random() * 0.6
    gain = (
        np.exp(rng.uniform(np.log(0.35), np.log(1.5))) if rng.random() < 0.35 + 0.5 * light else rng.uniform(0.7, 1.1)
    )
    cast = 1 + rng.normal(0, (0.35 if rng.random() < 0.15 else 0.15) if rendered else 0.06, 3)
    camera = Camera(
        width=width,
        defocus=rng.uniform(0.0, 0.5 + 1.3 * s) * (rng.random() < (0.8 if rendered else 0.6)),
        motion=rng.uniform(1, 2 + 7.5 * s) if rng.random() < 0.25 + 0.45 * s else 0.0,
        angle=rng.uniform(-35, 35) if rng.random() < 0.5 else rng.uniform(0, 180),
        gain=float(gain),
        cast=tuple(float(np.clip(c, 0.4, 1.7)) for c in cast),
        gamma=float(np.exp(rng.normal(0, 0.2))) if rendered else 1.0,
        shade=rng.uniform(0, 0.6) if rng.random() < (0.5 if rendered else 0.25) else 0.0,
        glare=rng.uniform(0, 0.9) if rng.random() < (0.12 if rendered else 0.05) else 0.0,
        noise=rng.uniform(0.5, 3 + 10 * s),
        jpeg=int(rng.uniform(95 - 70 * s, 97 - 25 * s)) if rng.random() < 0.75 else 0,
    )
    return _with_few_degradations(camera, s, rng) if isolated else camera


def _with_few_degradations(camera: Camera, s: float, rng: np.random.Generator) -> Camera:
    """The camera with one or two of: low resolution, motion blur, defocus, noise and JPEG. Light is kept."""
    kept = rng.choice(("pixels", "motion", "defocus", "coding"), rng.integers(1, 3), replace=False)
    coded = "coding" in kept
    return replace(
        camera,
        width=int(np.exp(rng.uniform(np.log(28), np.log(56)))) if "pixels" in kept else int(rng.uniform(88, 130)),
        motion=rng.uniform(2, 2 + 7 * s) if "motion" in kept else 0.0,
        defocus=rng.uniform(0.3, 0.5 + 1.5 * s) if "defocus" in kept else 0.0,
        noise=rng.uniform(3, 4 + 9 * s) if coded else rng.uniform(0, 1.5),
        jpeg=int(rng.uniform(90 - 65 * s, 97 - 35 * s)) if coded else 0,
    )


def _light(image: np.ndarray, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Apply shade (a gradient or a shadow's edge) and glare to float32 (H, W, 3)."""
    h, w = image.shape[:2]
    if camera.shade:
        if rng.random() < 0.5:  # a gradient across the plate
            ramp = rng.normal(0, 1, 2)
            field = np.linspace(-1, 1, w, dtype=np.float32)[None] * ramp[0]
            field = field + np.linspace(-1, 1, h, dtype=np.float32)[:, None] * ramp[1]
            image = image * np.exp(camera.shade * 0.7 * field)[..., None]
        else:  # a shadow's edge
            x0, x1 = rng.uniform(-0.2, 1.2, 2) * w
            dark = np.zeros((h, w), np.float32)
            edge = np.array([[x0, 0], [x1, h], [w * 2, h], [w * 2, 0]], np.int32)
            cv2.fillPoly(dark, [edge], 1.0)
            dark = cv2.blur(dark, (5, 5))
            image = image * (1 - camera.shade * (dark if rng.random() < 0.5 else 1 - dark))[..., None]
    if camera.glare:
        x, y = rng.uniform(0, w), rng.uniform(0, h)
        sx, sy = rng.uniform(0.05, 0.25) * w, rng.uniform(0.2, 0.8) * h
        spot = np.exp(-(((np.arange(w) - x) / sx) ** 2))[None] * np.exp(-(((np.arange(h) - y) / sy) ** 2))[:, None]
        image = image + 230 * camera.glare * spot[..., None]
    return image.astype(np.float32)


def shoot(scene: np.ndarray, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Simulate a shot of a sharp crop.

    Args:
        scene: float32 or uint8 (H, W, 3) RGB, 0-255.
        camera: the settings.
        rng: draws the noise and the position of shade and glare.

    Returns:
        uint8 (h, camera.width, 3), with h from the aspect of the scene.
    """
    image = _light(scene.astype(np.float32), camera, rng)
    h, w = image.shape[:2]
    unit = w / REFERENCE_WIDTH
    if camera.defocus * unit > 0.15:
        image = cv2.GaussianBlur(image, (0, 0), camera.defocus * unit, borderType=cv2.BORDER_REPLICATE)
    if camera.motion > 1:
        kernel = motion_kernel(camera.motion * unit, camera.angle)
        image = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    height = max(4, round(h * camera.width / w))
    shrink = camera.width < w
    image = cv2.resize(image, (camera.width, height), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)
    if camera.gamma != 1:
        image = 255 * (np.clip(image, 0, 255) / 255) ** camera.gamma
    image = image * (np.asarray(camera.cast, np.float32) * camera.gain)
    if camera.noise:
        image = image + rng.standard_normal(image.shape, dtype=np.float32) * camera.noise
    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    return through_jpeg(image, camera.jpeg) if camera.jpeg else image


_STREET = {  # heavy: ranges of reduction, defocus, motion, gain, noise and JPEG quality
    False: ((1.2, 2.2), (0.4, 1.0), (1, 5), (0.5, 1.2), (2, 8), (35, 81)),
    True: ((1.5, 3.0), (0.6, 1.6), (1, 8), (0.4, 1.2), (2, 12), (25, 71)),
}


def street_camera(rng: np.random.Generator, heavy: bool) -> Camera:
    """A surveillance shot: light or heavy defocus, motion, few pixels, poor light, noise and JPEG at once."""
    reduction, defocus, motion, gain, noise, jpeg = _STREET[heavy]
    return Camera(
        width=int(REFERENCE_WIDTH / rng.uniform(*reduction)),
        defocus=rng.uniform(*defocus),
        motion=float(rng.integers(*motion)),
        angle=rng.uniform(0, 180),
        gain=rng.uniform(*gain),
        noise=rng.uniform(*noise),
        jpeg=int(rng.integers(*jpeg)),
    )


VALIDATION_CAMERAS = {
    "half": Camera(width=47),
    "third": Camera(width=31),
    "motion": Camera(motion=7, angle=15, noise=8, jpeg=40),
    "street": Camera(width=55, defocus=0.7, motion=2.5, angle=45, gain=0.85, noise=5, jpeg=58),
    "night": Camera(width=42, defocus=1.1, motion=4, angle=110, gain=0.7, noise=7, jpeg=48),
}
"""Cameras of the validation during training."""

CONDITIONS = {
    "half size": lambda rng: VALIDATION_CAMERAS["half"],
    "motion": lambda rng: replace(VALIDATION_CAMERAS["motion"], angle=rng.uniform(-30, 30)),
    "street": lambda rng: street_camera(rng, heavy=False),
}
"""How `evaluate deblur` shoots sharp crops: name -> a camera drawn from a generator."""
