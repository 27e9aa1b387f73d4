"""How long a call takes, the pictures that are timed, and measurements in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from ..images import resize
from ..plates import get_layout
from ..plates.examples import EXAMPLES, render
from ..plates.standard import standard_plate


def degraded_crops(count: int) -> list[np.ndarray]:
    """Rendered crops in bad condition, uint8 RGB: the demo's examples, repeated up to `count`."""
    rendered = [render(example) for example in EXAMPLES]
    return [rendered[k % len(rendered)] for k in range(count)]


def street_photo(plates: int, width: int = 1280) -> np.ndarray:
    """A drawn street, uint8 RGB (3/4 width, width, 3), with so many plates of 120 x 40 pixels."""
    rng = np.random.default_rng(plates)
    photo = np.full((width * 3 // 4, width, 3), 110, np.uint8)
    photo += rng.integers(0, 12, photo.shape, np.uint8)
    layout = get_layout("cn_blue")
    columns = width // 160
    for k in range(plates):
        x, y = 20 + 160 * (k % columns), 40 + 120 * (k // columns)
        photo[y : y + 40, x : x + 120] = resize(standard_plate(layout.random_text(rng), layout), (40, 120))
    return photo


def milliseconds(work: Callable[[], object], min_seconds: float = 0.4) -> float:
    """Median time of a call, over at least three calls and `min_seconds` in all, after one that is not counted."""
    work()
    times: list[float] = []
    while sum(times) < min_seconds or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def run_in_new_process(module: str, *arguments) -> dict:
    """Run a module of this package as `python -m` does, and return the JSON it prints."""
    command = [sys.executable, "-m", f"{__package__}.{module}", *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
