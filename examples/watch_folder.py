"""Reads every picture that arrives in a folder, until it is stopped: python examples/watch_folder.py FOLDER OUT.jsonl

A line of JSON for each file, with its plates (text, confidence, legibility, corners and more) or what is wrong with it.
Started again, it goes on with the files that OUT.jsonl does not have. A file counts as arrived when its
size has not changed between two looks, so half-copied ones wait, and so do empty ones.
"""

import argparse
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


def main(argv: list[str] | None = None) -> None:
    """Watch until Ctrl-C; argv: the command line without the program's name."""
    parser = argparse.ArgumentParser(description="Read every picture that arrives in a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, help="a line of JSON for each file is added to it")
    parser.add_argument("--weights", metavar="FOLDER", default=None, help="needed outside a checkout")
    arguments = parser.parse_args(argv)
    if not arguments.folder.is_dir():
        parser.error(f"there is no folder {arguments.folder}")
    done = set(done_in(arguments.out))
    pipeline = PlatePipeline.from_pretrained(arguments.weights, deblur=False)
    try:
        watch(arguments.folder, arguments.out, arrivals(arguments.folder, done), pipeline, done)
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
