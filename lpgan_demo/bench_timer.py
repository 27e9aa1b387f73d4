"""How long a call takes."""

from __future__ import annotations

import time

import numpy as np


def milliseconds(work, least: float = 0.4) -> float:
    """Median time of a call, milliseconds, over three calls and `least` seconds; a first call is not counted."""
    work()
    times: list[float] = []
    while sum(times) < least or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))
