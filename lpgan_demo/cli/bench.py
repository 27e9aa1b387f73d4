"""`bench`: what everything costs on this machine."""

from __future__ import annotations

import json
from pathlib import Path

from .options import add_pipeline, pipeline_of


def register(commands) -> None:
    """Add the command and its options."""
    bench = commands.add_parser("bench", help="what everything costs on this machine, stage by stage")
    bench.add_argument("--json", metavar="FILE", help="keep the figures, to compare with later")
    bench.add_argument("--compare", metavar="FILE", help="show the figures of an earlier run beside these")
    bench.add_argument("--plot", metavar="FILE", help="also draw stages and growth, as PNG")
    bench.add_argument("--steps", action="store_true", help="only this: what each step that saves time gives")
    bench.add_argument("--backends", action="store_true", help="only this: PyTorch and ONNX Runtime side by side")
    bench.add_argument(
        "--visitors", type=int, metavar="N", help="only this: start the page and send it so many visitors at once"
    )
    bench.add_argument(
        "--minutes", type=float, default=0.0, help="then let visitors come and go for so long (with --visitors)"
    )
    add_pipeline(bench)
    bench.set_defaults(handler=run)


def run(arguments) -> int:
    """Measure, keep, compare and print."""
    from ..benchmarks.report import as_table, draw

    if arguments.visitors:
        from ..benchmarks.visitors import simulate_visitors

        report = simulate_visitors(arguments.visitors, arguments.minutes)
    elif arguments.steps:
        from ..benchmarks.steps import speed_steps

        report = speed_steps(arguments.weights)
    elif arguments.backends:
        from ..benchmarks.backends import compare_backends

        report = compare_backends(arguments.weights)
    else:
        from ..benchmarks.stages import bench

        report = bench(pipeline_of(arguments), arguments.weights)
        if arguments.plot:
            draw(report, arguments.plot)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    before = json.loads(Path(arguments.compare).read_text(encoding="utf-8")) if arguments.compare else None
    print(as_table(report, before))
    return 0
