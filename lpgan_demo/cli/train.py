"""`train RECIPE`, `average`, `calibrate` and `export CHECKPOINT`: from data to published weights."""

from __future__ import annotations

import json
from dataclasses import fields

from .options import add_fields, add_folders, add_views, add_weights

TITLES = {
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


def register(commands, argv: list[str]) -> None:
    """Add the commands; the options of a recipe only where it is asked for, because its module imports torch."""
    train = commands.add_parser("train", help="train a network or a pair of them")
    recipes = train.add_subparsers(dest="recipe", required=True)
    for name, title in TITLES.items():
        recipe = recipes.add_parser(name, help=title)
        recipe.set_defaults(handler=run_train)
        if argv[:2] == ["train", name]:
            from ..training.recipes import recipe_class

            add_fields(recipe, recipe_class(name))

    average = commands.add_parser("average", help="the weighted mean of several MTGAN weights")
    average.add_argument("folder", metavar="FOLDER", help="where the folders of weights are written")
    average.add_argument(
        "parts", nargs="+", metavar="WEIGHTS=SHARE", help="folders of weights; what others lack comes from the first"
    )
    average.set_defaults(handler=run_average)

    calibrate = commands.add_parser("calibrate", help="fit the probabilities' temperature and keep it with the weights")
    add_folders(calibrate)
    add_weights(calibrate)
    add_views(calibrate, "views to calibrate for")
    calibrate.set_defaults(handler=run_calibrate)

    export = commands.add_parser("export", help="a training run -> published weights; or weights -> ONNX graphs")
    export.add_argument(
        "checkpoint", metavar="CHECKPOINT|onnx", help="best.pt or checkpoint.pt of a run, or the word onnx"
    )
    export.add_argument("folder", metavar="FOLDER", help="where weights folders, or graphs, go")
    export.add_argument("--weights", metavar="FOLDER", help="for onnx: folder of weights (default: the bundled ones)")
    export.add_argument("--all", action="store_true", help="for onnx: a graph of every other network, too")
    smaller = export.add_mutually_exclusive_group()
    smaller.add_argument("--half", action="store_true", help="for onnx: weights in half precision, half the size")
    smaller.add_argument(
        "--int8", action="store_true", help="for onnx: finding, reading and ink in 8-bit integers, faster, less exact"
    )
    export.set_defaults(handler=run_export)


def run_train(arguments) -> int:
    """Run a recipe and print its last validation."""
    from ..training.recipes import recipe_class, train

    kind = recipe_class(arguments.recipe)
    values = {f.name: getattr(arguments, f.name) for f in fields(kind)}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    print(json.dumps(train(kind(**values))))
    return 0


def run_average(arguments) -> int:
    """Average weights and print where they are."""
    from ..training.averaging import average_weights

    parts = [part.rpartition("=") for part in arguments.parts]
    for folder in average_weights([(path, float(share)) for path, _, share in parts], arguments.folder):
        print(folder)
    return 0


def run_calibrate(arguments) -> int:
    """Fit temperature and trust and print them."""
    from ..training.calibration import calibrate

    print(json.dumps(calibrate(arguments.folders, arguments.side, arguments.weights, arguments.views)))
    return 0


def run_export(arguments) -> int:
    """Write weights of a run, or graphs of weights, and print where they are."""
    if arguments.checkpoint == "onnx":
        from ..publishing.onnx_export import export_onnx

        for path, gap in export_onnx(arguments.folder, arguments.weights, arguments.all):
            print(f"{path}  deviates from PyTorch by at most {gap:.0e}")
        if arguments.int8 or arguments.half:
            from ..publishing.onnx_compact import to_half, to_int8

            for path in (to_int8 if arguments.int8 else to_half)(arguments.folder):
                print(f"{path}  {'in 8-bit integers' if arguments.int8 else 'stored in half precision'}")
        return 0
    from ..training.export import export_run

    for folder in export_run(arguments.checkpoint, arguments.folder):
        print(folder)
    return 0
