"""Time the start of a fresh process: `python -m lpgan_demo.benchmarks.startup SOURCE PICTURE`."""

from __future__ import annotations

import json
import sys
import time


def time_startup(source: str, picture: str) -> dict[str, float]:
    """Seconds to import the pipeline, to load it from `source` ("": the bundled weights), and to read one crop."""
    start = time.perf_counter()
    from .. import PlatePipeline  # here, so that it is timed: the package itself imports nothing before this

    imported = time.perf_counter()
    pipeline = PlatePipeline.from_pretrained(source or None)
    loaded = time.perf_counter()
    pipeline.read_plate(picture)
    return {"import": imported - start, "load": loaded - imported, "first": time.perf_counter() - loaded}


if __name__ == "__main__":
    print(json.dumps(time_startup(*sys.argv[1:])))
