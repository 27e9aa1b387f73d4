"""How long a call takes, and the pictures that are timed."""

from __future__ import annotations

import time

import numpy as np

from ..images import resize
from ..plates import get_layout
from ..plates.examples import EXAMPLES, render
from ..plates.standard import standard_plate


def crops_for(count: int) -> list[np.ndarray]:
    """Rendered bad crops, uint8 RGB, the demo's examples again and again."""
    rendered = [render(example) for example in EXAMPLES]
    return [rendered[k % len(rendered)] for k in range(count)]


def photo_with(plates: int, width: int = 1280) -> np.ndarray:
    """A drawn street, uint8 RGB (3/4 width, width), with so many plates of 120 pixels."""
    rng = np.random.default_rng(plates)
    photo = np.full((width * 3 // 4, width, 3), 110, np.uint8)
    photo += rng.integers(0, 12, photo.shape, np.uint8)
    layout = get_layout("cn_blue")
    columns = width // 160
    for k in range(plates):
        x, y = 20 + 160 * (k % columns), 40 + 120 * (k // columns)
        photo[y : y + 40, x : x + 120] = resize(standard_plate(layout.random_text(rng), layout), (40, 120))
    return photo


def milliseconds(work, least: float = 0.4) -> float:
    """Median time of a call, milliseconds, over three calls and `least` seconds; a first call is not counted."""
    work()
    times: list[float] = []
    while sum(times) < least or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))
