"""Reads every picture that arrives in a folder, until it is stopped: python examples/watch_folder.py FOLDER OUT.jsonl

A line of JSON for each file, with its plates (text, confidence, legibility, corners and more) or what is wrong with it.
Started again, it goes on with the files that OUT.jsonl does not have. A file counts as arrived when its
size has not changed between two looks, so half-copied ones wait.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lpgan_demo import PlatePipeline
from lpgan_demo.files.reading import PICTURES, read_files
from lpgan_demo.files.writing import ResultWriter, done_in

SECONDS = 1.0
"""Between two looks at the folder."""


def arrivals(folder: Path, done: set[str]) -> Iterator[list[Path]]:
    """For every look, the files that have arrived since the last one."""
    sizes: dict[Path, int] = {}
    while True:
        now = {path: path.stat().st_size for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURES}
        yield [path for path, size in now.items() if size and sizes.get(path) == size and str(path) not in done]
        sizes = now


def watch(folder: Path, out: Path, looks: Iterator[list[Path]], pipeline: PlatePipeline, done: set[str]) -> None:
    """Read what every look brings and add it to `out`; `done` grows by what was read."""
    for paths in looks:
        if paths:
            with ResultWriter(out) as writer:
                for rows in read_files(paths, pipeline):
                    writer.add(rows)
            done |= {str(path) for path in paths}
        else:
            time.sleep(SECONDS)


if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    done = set(done_in(out))
    watch(folder, out, arrivals(folder, done), PlatePipeline.from_pretrained(deblur=False), done)
