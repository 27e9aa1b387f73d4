"""`read`: find, restore and read the plates of files, and write what was read."""

from __future__ import annotations

import json
import sys

from .options import add_pipeline, pipeline_of


def register(commands) -> None:
    """Add the command and its options."""
    read = commands.add_parser("read", help="find, restore and read plates in photos, crops, folders and videos")
    read.add_argument(
        "images", nargs="+", metavar="SOURCE", help="photos, crops of a plate, videos, or folders of them"
    )
    read.add_argument("--json", action="store_true", help="one JSON object per plate")
    read.add_argument("--crops", action="store_true", help="every picture is a crop of one plate: read in batches")
    read.add_argument(
        "--kind",
        choices=("auto", "photo", "plate"),
        default="auto",
        help="what a picture is: seen by itself, a photo to be searched, or a crop of one plate (default: auto)",
    )
    read.add_argument(
        "--json-lines", metavar="FILE", help="also write a line per file; a run that was broken off goes on after them"
    )
    read.add_argument("--csv", metavar="FILE", help="also write a table with a row per plate")
    read.add_argument("--save-marked", metavar="FOLDER", help="also write each photo and video with its plates marked")
    read.add_argument(
        "--save-restored", metavar="FOLDER", help="also write each photo with its plates as the network draws them"
    )
    read.add_argument("--save-covered", metavar="FOLDER", help="also write each photo with all plates covered")
    read.add_argument("--save-plates", metavar="FOLDER", help="also write each super-resolved plate as PNG")
    read.add_argument("--sheet", metavar="FILE", help="also write one PNG with every crop beside its plate")
    add_pipeline(read)
    read.set_defaults(handler=run)


def run(arguments) -> int:
    """Read all sources; 1 when one of them could not be read."""
    from ..files.reading import files_of, read_files
    from ..files.writing import ResultWriter, done_in

    files, failed = files_of(arguments.images), 0
    if not files:
        print(f"there are no pictures or videos in {', '.join(map(str, arguments.images))}", file=sys.stderr)
        return 1
    if arguments.json_lines:
        done = done_in(arguments.json_lines)
        files = [path for path in files if str(path) not in done]
    # nothing that is written here shows the ink, and crops are not searched
    pipeline = pipeline_of(arguments, deblur=False, detect=not arguments.crops)
    a = arguments
    folders = {"plates": a.save_plates, "marked": a.save_marked, "restored": a.save_restored, "covered": a.save_covered}
    with ResultWriter(
        a.json_lines, a.csv, sheet=a.sheet, find=lambda photo: pipeline.find(photo, a.kind), **folders
    ) as writer:
        for rows in read_files(files, pipeline, sys.stderr.isatty(), a.crops, a.kind):
            writer.add(rows)
            for row in rows:
                failed += bool(row.error)
                _print_row(row, arguments.json)
    return 1 if failed else 0


def _print_row(row, as_json: bool) -> None:
    if row.plate is None:
        print(f"{row.source}: {row.error or 'no plate found'}", file=sys.stderr)
    elif as_json:
        print(json.dumps(row.to_dict(), ensure_ascii=False))
    else:
        plate = row.plate
        time = "" if row.start is None else f"\t{row.start:.1f}-{row.end:.1f} s"
        print(f"{row.source}\t{plate.text}\t{plate.confidence:.3f}\t{plate.legibility}\t{plate.layout}{time}")
