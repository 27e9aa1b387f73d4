"""Options that several commands share, and the pipeline they describe."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, fields
from typing import get_args, get_type_hints


def add_folders(parser) -> None:
    """Folders of labelled plates, and the side of the split that is used."""
    parser.add_argument(
        "folders",
        nargs="+",
        metavar="FOLDER[=LAYOUT]",
        help="crops named LABEL.ext or LABEL__x.ext, CCPD photos, or EasyPR photos with xml; LAYOUT of all of them",
    )
    add_side(parser)


def add_side(parser) -> None:
    """--side: which plates of the split by plate text."""
    parser.add_argument(
        "--side",
        default="all",
        choices=("all", "train", "validation", "test", "not-trained", "second-half"),
        help="only this side of the split by plate text (default: all)",
    )


def add_weights(parser) -> None:
    """--weights alone: the folder of published weights."""
    parser.add_argument("--weights", metavar="FOLDER", help="folder of weights (default: the bundled ones)")


def add_json(parser) -> None:
    """--json: the figures as one JSON document."""
    parser.add_argument("--json", action="store_true", help="all figures as JSON")


def views(text: str) -> int | str:
    """A number of views, or "auto"."""
    return text if text == "auto" else int(text)


def add_views(parser, help: str) -> None:
    """--views: how many moved copies of a crop are read."""
    parser.add_argument("--views", type=views, default="auto", metavar="N", help=help)


def add_pipeline(parser) -> None:
    """--weights, --backend, --device, --reader, --views and --precision: what `pipeline_of` makes a pipeline from."""
    add_weights(parser)
    add_backend(parser)
    parser.add_argument("--device", default="cpu", help="cpu, cuda, ... (default: cpu)")
    parser.add_argument(
        "--reader",
        choices=("head", "dn", "fused"),
        default="fused",
        help="who reads: GN's character codes, DN on GN's picture, or both (default: fused)",
    )
    add_views(parser, "moved copies averaged, 1 to 7: slower, better; auto: 7 where one is unsure (default: auto)")
    parser.add_argument(
        "--precision",
        choices=("fp32", "bf16", "auto"),
        default="auto",
        help="arithmetic: auto is bf16, faster, where the device does it natively (default: auto)",
    )


def add_backend(parser) -> None:
    """--backend: what the networks run in."""
    parser.add_argument(
        "--backend",
        choices=("auto", "torch", "onnx"),
        default="auto",
        help="torch, or onnx, which needs no PyTorch; auto: torch where it is installed (default: auto)",
    )


def pipeline_of(arguments, **options):
    """The pipeline that the options of `add_pipeline` ask for; `options` go to `PlatePipeline.from_pretrained`."""
    from ..inference import PlatePipeline

    names = ("backend", "device", "reader", "views", "precision")
    asked = {name: getattr(arguments, name) for name in names}
    return PlatePipeline.from_pretrained(arguments.weights, **asked, **options)


def add_fields(parser, dataclass_type) -> None:
    """One option for each field of a configuration, with its help and default; tuples take several values."""
    types = get_type_hints(dataclass_type)
    for f in sorted(fields(dataclass_type), key=lambda f: f.name):
        default = f.default if f.default is not MISSING else None
        shown = " ".join(map(str, default)) or "none" if isinstance(default, tuple) else default
        text = f"{f.metadata['help']} (default: {shown})".replace("%", "%%")
        flag = "--" + f.name.replace("_", "-")
        if isinstance(default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=default, help=text)
        elif isinstance(default, tuple):
            kind, *_ = get_args(types[f.name])
            parser.add_argument(flag, nargs="*", type=kind, default=default, metavar="X", help=text)
        else:
            parser.add_argument(flag, type=type(default), default=default, metavar="X", help=text)
