"""The command line, python -m lpgan_demo COMMAND: options and their help. What a command does is in commands.py."""

from __future__ import annotations

import argparse
import sys
from dataclasses import MISSING, fields

from .commands import COMMANDS, trainer_of


def build_parser(argv: list[str]) -> argparse.ArgumentParser:
    """All commands; what needs torch is imported only for the command that is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m lpgan_demo", description="Read number plates that nobody can read."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    read = commands.add_parser("read", help="find, restore and read plates in photos, crops, folders and videos")
    read.add_argument(
        "images", nargs="+", metavar="SOURCE", help="photos, crops of a plate, videos, or folders of them"
    )
    read.add_argument("--json", action="store_true", help="one JSON object per plate")
    read.add_argument("--crops", action="store_true", help="every picture is a crop of one plate: read in batches")
    read.add_argument(
        "--json-lines", metavar="FILE", help="also write a line per file; a run that was broken off goes on after them"
    )
    read.add_argument("--csv", metavar="FILE", help="also write a table with a row per plate")
    read.add_argument("--save-marked", metavar="FOLDER", help="also write each photo with its plates marked")
    read.add_argument("--save-plates", metavar="FOLDER", help="also write each super-resolved plate as PNG")
    read.add_argument("--sheet", metavar="FILE", help="also write one PNG with every crop beside its plate")
    _add_weights(read)

    evaluate = commands.add_parser("evaluate", help="measure on labelled real plates")
    kinds = evaluate.add_subparsers(dest="kind", required=True)
    reading = kinds.add_parser("reading", help="plate accuracy, character error rate, confusions, milliseconds")
    _add_folders(reading)
    reading.add_argument("--flat", action="store_true", help="rectify plates of photos by their labelled corners")
    reading.add_argument("--json", action="store_true", help="all figures as JSON")
    _add_weights(reading)

    table1 = kinds.add_parser("table1", help="MTGAN's Table 1: every restoration, read by every reader, and Figure 2")
    _add_folders(table1)
    table1.add_argument("--figure", metavar="FILE", help="also draw Figure 2, from rendered plates, as PNG")
    table1.add_argument("--json", action="store_true", help="all figures as JSON")
    table1.add_argument("--weights", metavar="FOLDER", help="folder of weights (default: the bundled ones)")
    for name, title in (
        ("confidence", "calibration and coverage: how far the stated confidence may be trusted"),
        ("tracks", "what three and five frames of one plate gain"),
        ("stability", "whether readings depend on the batch, its order, or the number of threads"),
    ):
        kind = kinds.add_parser(name, help=title)
        _add_folders(kind)
        if name != "stability":
            kind.add_argument("--plot", metavar="FILE", help="also draw the curves, as PNG")
        kind.add_argument("--json", action="store_true", help="all figures as JSON")
        _add_weights(kind)
    deblur = kinds.add_parser("deblur", help="ink and paper: thresholds, deconvolution and the deblur GAN in one table")
    deblur.add_argument(
        "folders", nargs="*", metavar="FOLDER[=LAYOUT]", help="labelled real plates; or one folder of them per shot"
    )
    _add_side(deblur)
    deblur.add_argument("--rendered", type=int, default=200, metavar="N", help="rendered plates (default: 200)")
    deblur.add_argument("--sheet", metavar="FILE", help="also write pictures: input, Otsu, grey, binary, true ink")
    deblur.add_argument("--json", action="store_true", help="all figures as JSON")
    deblur.add_argument("--weights", metavar="FOLDER", help="folder of weights (default: the bundled ones)")
    photos = kinds.add_parser("photos", help="whole photos: recall, precision, plates read, seconds")
    photos.add_argument("folders", nargs="+", metavar="FOLDER", help="CCPD photos, or EasyPR photos with their xml")
    _add_side(photos)
    photos.add_argument("--boxes", action="store_true", help="cut plates out by their boxes, without straightening")
    photos.add_argument("--agentclpr", action="store_true", help="by that reader instead (pip install agentclpr)")
    photos.add_argument("--worse", action="store_true", help="half size, motion blur of 7 pixels, JPEG quality 40")
    photos.add_argument("--json", action="store_true", help="all figures as JSON")
    _add_weights(photos)
    speed = kinds.add_parser("speed", help="parameters, multiply-accumulates, milliseconds, plates per second")
    speed.add_argument("--json", action="store_true", help="the figures as JSON")
    _add_weights(speed)

    bench = commands.add_parser("bench", help="what everything costs on this machine, stage by stage")
    bench.add_argument("--json", metavar="FILE", help="keep the figures, to compare with later")
    bench.add_argument("--compare", metavar="FILE", help="show the figures of an earlier run beside these")
    bench.add_argument("--plot", metavar="FILE", help="also draw stages and growth, as PNG")
    bench.add_argument("--steps", action="store_true", help="only this: what each step that saves time gives")
    bench.add_argument(
        "--visitors", type=int, metavar="N", help="only this: start the page and send it so many visitors at once"
    )
    bench.add_argument(
        "--minutes", type=float, default=0.0, help="then let visitors come and go for so long (with --visitors)"
    )
    _add_weights(bench)

    train = commands.add_parser("train", help="train a network or a pair of them")
    recipes = train.add_subparsers(dest="recipe", required=True)
    titles = {
        "mtgan": "MTGAN: generator and multi-task discriminator",
        "deblur": "the deblur-and-binarize GAN",
        "detector": "Faster R-CNN, which finds plates in photos",
        "srcnn": "comparison: SRCNN on the same pairs",
        "srgan": "comparison: SRGAN on the same pairs",
        "dp-gan": "comparison: MTGAN without the character task",
        "gn": "comparison: MTGAN's generator alone, without an adversary",
        "classical": "comparison: segment-then-classify reader",
        "judge": "the independent reader that checks what GN's pictures say",
    }
    for name, title in titles.items():
        recipe = recipes.add_parser(name, help=title)
        if argv[:2] == ["train", name]:
            _add_fields(recipe, trainer_of(name)[0])

    calibrate = commands.add_parser("calibrate", help="fit the probabilities' temperature and keep it with the weights")
    _add_folders(calibrate)
    calibrate.add_argument("--weights", metavar="FOLDER", help="folder of weights (default: the bundled ones)")
    calibrate.add_argument("--views", type=_views, default="auto", metavar="N", help="views to calibrate for")

    export = commands.add_parser("export", help="a training run -> published weights; or weights -> ONNX graphs")
    export.add_argument(
        "checkpoint", metavar="CHECKPOINT|onnx", help="best.pt or checkpoint.pt of a run, or the word onnx"
    )
    export.add_argument("folder", metavar="FOLDER", help="where weights folders, or graphs, go")
    export.add_argument("--weights", metavar="FOLDER", help="for onnx: folder of weights (default: the bundled ones)")
    export.add_argument("--int8", action="store_true", help="for onnx: reading in 8-bit integers, faster, less exact")

    cards = commands.add_parser("card", help="write model cards from what `evaluate ... --json` measured")
    cards.add_argument(
        "reports", nargs="+", metavar="REPORT", help="JSON files of `evaluate` reading, photos, table1 and deblur"
    )
    cards.add_argument("--weights", metavar="FOLDER", help="folder of weights (default: the bundled ones)")
    cards.add_argument("--history", metavar="FILE", help="Markdown to keep in the cards: what was tried")

    verify = commands.add_parser("verify", help="prove that the weights give the published pictures and texts here")
    verify.add_argument("--weights", metavar="FOLDER", help="folder of weights (default: the bundled ones)")
    verify.add_argument("--write", action="store_true", help="keep what they give here as what is published")

    for name, title in (("push", "upload the weights to the Hub"), ("push-space", "upload the demo as a Space")):
        upload = commands.add_parser(name, help=title)
        upload.add_argument("--repo-id", required=True, metavar="OWNER/NAME", help="repository, made if need be")
        upload.add_argument("--dry-run", action="store_true", help="only print what would go where")
        if name == "push-space":
            upload.add_argument("--models", metavar="OWNER/NAME", help="the repository of weights its page links to")
        upload.add_argument("--private", action="store_true", help="a new repository is seen by its owner alone")

    examples = commands.add_parser("examples", help="render the demo's example pictures")
    examples.add_argument("folder", metavar="FOLDER", help="where the PNGs go, such as examples")

    demo = commands.add_parser("demo", help="open the demo in the browser")
    demo.add_argument("--port", type=int, default=None, help="port to listen on (default: the first free from 7860)")
    return parser


def _add_folders(parser) -> None:
    parser.add_argument(
        "folders",
        nargs="+",
        metavar="FOLDER",
        help="crops named LABEL.ext or LABEL__x.ext, CCPD photos, or EasyPR photos with their xml",
    )
    _add_side(parser)


def _views(text: str):
    """A number of views, or "auto"."""
    return text if text == "auto" else int(text)


def _add_side(parser) -> None:
    parser.add_argument(
        "--side",
        default="all",
        choices=("all", "train", "validation", "test", "not-trained", "second-half"),
        help="only this side of the split by plate text (default: all)",
    )


def _add_weights(parser) -> None:
    parser.add_argument("--weights", metavar="FOLDER", help="folder of weights (default: the bundled ones)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, ... (default: cpu)")
    parser.add_argument(
        "--reader",
        choices=("head", "dn", "fused"),
        default="fused",
        help="who reads: GN's character codes, DN on GN's picture, or both (default: fused)",
    )
    parser.add_argument(
        "--views",
        type=_views,
        default="auto",
        metavar="N",
        help="moved copies to average over, 1 to 7: slower, better; auto: 7 where one is unsure (default: auto)",
    )
    parser.add_argument(
        "--precision",
        choices=("fp32", "bf16", "auto"),
        default="auto",
        help="arithmetic: auto is bf16, faster, where the device does it natively (default: auto)",
    )


def _add_fields(parser, dataclass_type) -> None:
    """One option per field of a configuration, with its help and default; tuples take several values."""
    for f in sorted(fields(dataclass_type), key=lambda f: f.name):
        default = f.default if f.default is not MISSING else None
        shown = " ".join(map(str, default)) or "none" if isinstance(default, tuple) else default
        text = f"{f.metadata['help']} (default: {shown})".replace("%", "%%")
        flag = "--" + f.name.replace("_", "-")
        if isinstance(default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=default, help=text)
        elif isinstance(default, tuple):
            kind = type(default[0]) if default else str
            parser.add_argument(flag, nargs="*", type=kind, default=default, metavar="X", help=text)
        else:
            parser.add_argument(flag, type=type(default), default=default, metavar="X", help=text)


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    arguments = build_parser(argv).parse_args(argv)
    from ..results import WeightsError

    try:
        return COMMANDS[arguments.command](arguments)
    except ModuleNotFoundError as error:
        print(f"error: {error}; pip install -r requirements-dev.txt", file=sys.stderr)
        return 2
    except (WeightsError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
