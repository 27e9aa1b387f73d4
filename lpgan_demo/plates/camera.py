"""The camera: b = k * s + n of the deblurring paper, and everything else between a plate and a bad picture of it.

Order as in a real camera: light on the scene, optics (defocus, motion), the sensor's few pixels, exposure,
noise, JPEG. Blur is given in pixels of a plate 94 pixels wide, so one setting means the same at any size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

def street_camera(rng: np.random.Generator, heavy: bool) -> Camera:
    """A surveillance shot: light or heavy defocus, motion, few pixels, poor light, noise and JPEG at once."""
    if heavy:
        return Camera(
            width=int(94 / rng.uniform(1.5, 3.0)),
            defocus=rng.uniform(0.6, 1.6),
            motion=float(rng.integers(1, 8)),
            angle=rng.uniform(0, 180),
            gain=rng.uniform(0.4, 1.2),
            noise=rng.uniform(2, 12),
            jpeg=int(rng.integers(25, 71)),
        )
    return Camera(
        width=int(94 / rng.uniform(1.2, 2.2)),
        defocus=rng.uniform(0.4, 1.0),
        motion=float(rng.integers(1, 5)),
        angle=rng.uniform(0, 180),
        gain=rng.uniform(0.5, 1.2),
        noise=rng.uniform(2, 8),
        jpeg=int(rng.integers(35, 81)),
    )


REFERENCE_WIDTH = 94.0


@dataclass(frozen=True)
class Camera:
    """One shot's settings.

    width: pixels across the delivered crop. defocus: Gaussian sigma; motion: length; both in pixels at plate
    width 94. angle: of the motion, degrees. gain: exposure (1 = as painted). cast: factor per RGB channel.
    shade: strength of uneven light in [0, 1]. glare: strength of one highlight in [0, 1].
    noise: sensor sigma, grey levels. jpeg: quality 1-100, or 0 for none.
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
    """Normalised, anti-aliased line of `length` pixels: the point spread of a uniform straight motion."""
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
    """Draw a shot. severity in [0, 1] (drawn when None): 0 a decent photo, 1 the worst a street camera gives.

    A given severity brings every trouble in proportion; a drawn one, in three shots of ten, only one or two of them.

    rendered=False draws milder light and blur, for real crops that already carry their own.
    """
    alone = severity is None and rng.random() < 0.3
    if alone:
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
    return _spare(camera, s, rng) if alone else camera


def _spare(camera: Camera, s: float, rng: np.random.Generator) -> Camera:
    """The same shot with only one or two of its troubles, and those in full: few pixels alone, motion alone, ..."""
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


def _light(image, camera: Camera, rng):
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
    """Photograph a sharp crop: float32 or uint8 (H, W, 3) RGB 0-255 -> uint8 (h, camera.width, 3).

    The height follows from the crop's own aspect. Noise and the place of shade and glare come from `rng`.
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
    if camera.jpeg:
        coded = cv2.imencode(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, camera.jpeg))[1]
        image = cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(image)


VALIDATION_CAMERAS = {
    "half": Camera(width=47),
    "third": Camera(width=31),
    "motion": Camera(motion=7, angle=15, noise=8, jpeg=40),
    "street": Camera(width=55, defocus=0.7, motion=2.5, angle=45, gain=0.85, noise=5, jpeg=58),
    "night": Camera(width=42, defocus=1.1, motion=4, angle=110, gain=0.7, noise=7, jpeg=48),
}
"""Fixed shots of sharp crops, by which networks are validated during training."""

CONDITIONS = {
    "half size": lambda rng: VALIDATION_CAMERAS["half"],
    "motion": lambda rng: replace(VALIDATION_CAMERAS["motion"], angle=rng.uniform(-30, 30)),
    "street": lambda rng: street_camera(rng, heavy=False),
}
"""How `evaluate deblur` shoots sharp crops: name -> a camera drawn from a generator."""
