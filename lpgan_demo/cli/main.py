"""lpgan-demo COMMAND, or python -m lpgan_demo COMMAND: every command is a module beside this one."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..results import WeightsError
from . import bench, evaluate, publish, read, train
from .options import add_backend, add_weights

EXTRAS = {
    "onnx": ("cv2", "onnxruntime"),
    "torch": ("torch", "torchvision", "safetensors"),
    "demo": ("gradio", "pillow_heif", "starlette"),
    "export": ("onnx", "onnx_ir", "onnxscript"),
    "dev": ("gradio_client", "httpx"),
}
"""The extra of this package that brings a library; those that are not named here come with "train"."""


def build_parser(argv: list[str]) -> argparse.ArgumentParser:
    """All commands; what needs torch is imported only for the command that is asked for.

    Args:
        argv: the command line without the program's name; `train NAME` adds the options of that recipe only.
    """
    program = "lpgan-demo" if Path(sys.argv[0]).stem == "lpgan-demo" else "python -m lpgan_demo"
    parser = argparse.ArgumentParser(prog=program, description="Read number plates that nobody can read.")
    commands = parser.add_subparsers(dest="command", required=True)
    read.register(commands)
    evaluate.register(commands)
    bench.register(commands)
    train.register(commands, argv)
    publish.register(commands)

    examples = commands.add_parser("examples", help="render the demo's example pictures")
    examples.add_argument("folder", metavar="FOLDER", help="where the PNGs go, such as examples")
    examples.set_defaults(handler=_examples)
    demo = commands.add_parser("demo", help="open the demo in the browser")
    demo.add_argument("--port", type=int, default=None, help="port to listen on (default: the first free from 7860)")
    add_weights(demo)
    add_backend(demo)
    demo.set_defaults(handler=_demo)
    return parser


def _examples(arguments) -> int:
    from ..plates.examples import write_examples

    for path in write_examples(arguments.folder):
        print(path)
    return 0


def _demo(arguments) -> int:
    from ..ui import launch

    if arguments.weights:
        os.environ["LPGAN_WEIGHTS"] = arguments.weights  # the page loads its networks when they are first needed
    os.environ["LPGAN_BACKEND"] = arguments.backend
    launch(port=arguments.port)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the command line without the program's name (default: this process's).

    Returns:
        The exit status: 0, 1 when something in the input failed, 2 when the command could not run.
    """
    argv = sys.argv[1:] if argv is None else argv
    arguments = build_parser(argv).parse_args(argv)
    try:
        return arguments.handler(arguments)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        extra = next((extra for extra, packages in EXTRAS.items() if package in packages), "train")
        print(f"error: {error}: pip install 'lpgan-demo[{extra}]' (in a checkout '.[{extra}]')", file=sys.stderr)
    except (WeightsError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
    return 2
