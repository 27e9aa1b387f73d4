"""`evaluate KIND`: measure published weights on labelled real plates.

Every kind is a function here: arguments -> (results, lines for the terminal). With --json the results are printed as
{"kind": ..., "results": ...}, the form that `card` reads.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from .options import add_folders, add_json, add_pipeline, add_side, add_weights, pipeline_of


def register(commands) -> None:
    """Add the command, its kinds and their options."""
    evaluate = commands.add_parser("evaluate", help="measure on labelled real plates")
    kinds = evaluate.add_subparsers(dest="kind", required=True)

    def add(measure, help: str, folders=add_folders, weights=add_pipeline):
        kind = kinds.add_parser(measure.__name__, help=help)
        folders(kind)
        add_json(kind)
        weights(kind)
        kind.set_defaults(handler=run, measure=measure)
        return kind

    kind = add(reading, "plate accuracy, character error rate, confusions, milliseconds")
    kind.add_argument("--flat", action="store_true", help="rectify plates of photos by their labelled corners")
    kind = add(table1, "MTGAN's Table 1: every restoration, read by every reader, and Figure 2", weights=add_weights)
    kind.add_argument("--figure", metavar="FILE", help="also draw Figure 2, from rendered plates, as PNG")
    kind = add(confidence, "calibration and coverage: how far the stated confidence may be trusted")
    kind.add_argument("--plot", metavar="FILE", help="also draw the curves, as PNG")
    kind = add(tracks, "what three and five frames of one plate gain")
    kind.add_argument("--plot", metavar="FILE", help="also draw the curves, as PNG")
    kind = add(stability, "whether readings depend on the batch, its order, or the number of threads")
    kind.add_argument(
        "--photos", action="store_true", help="whole pictures instead, cut by 3 pixels, 1 %% larger, JPEG 90"
    )
    kind = add(traffic, "rendered clips of cars that cross and hide each other, with a clock", lambda parser: None)
    kind.add_argument("--clips", type=int, default=3, metavar="N", help="clips (default: 3)")
    add(generality, "one table over many sources of plates, the worst first", _generality_folders)
    title = "ink and paper: thresholds, deconvolution and the deblur GAN in one table"
    kind = add(deblur, title, _deblur_folders, add_weights)
    kind.add_argument("--rendered", type=int, default=200, metavar="N", help="rendered plates (default: 200)")
    kind.add_argument("--sheet", metavar="FILE", help="also write pictures: input, Otsu, ink, true ink")
    help = "glyph images in the plates' own typeface, for the true ink of real plates"
    kind.add_argument("--glyphs", nargs="+", default=[], metavar="FOLDER[=PREFIX]", help=help)
    kind = add(photos, "whole photos: recall, precision, plates read, seconds")
    kind.add_argument("--boxes", action="store_true", help="cut plates out by their boxes, without straightening")
    kind.add_argument("--agentclpr", action="store_true", help="by that reader instead (pip install agentclpr)")
    kind.add_argument("--worse", action="store_true", help="half size, motion blur of 7 pixels, JPEG quality 40")


def _deblur_folders(parser) -> None:
    help = "labelled real plates; or one folder of them per shot"
    parser.add_argument("folders", nargs="*", metavar="FOLDER[=LAYOUT]", help=help)
    add_side(parser)


def _generality_folders(parser) -> None:
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="crops named LABEL.ext or LABEL__x.ext, all read")
    for name, help in (
        ("trained", "such crops of sources that trained; those are read that the split keeps from training"),
        ("photos", "labelled photos, found and read"),
        ("foreign", "crops of plates of unknown kinds, or of no plate"),
    ):
        parser.add_argument(f"--{name}", nargs="+", default=[], metavar="FOLDER", help=help)
    help = "of clean, half, third, motion, heavy and light (default: all)"
    parser.add_argument("--conditions", nargs="+", default=[], metavar="CONDITION", help=help)


def run(arguments) -> int:
    """Measure and print."""
    results, lines = arguments.measure(arguments)
    if arguments.json:
        document = {"kind": arguments.kind, "results": results}
        document |= {"worse": arguments.worse} if arguments.kind == "photos" else {}
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines))
    return 0


Measured = tuple[dict, Iterable[str]]


def reading(arguments) -> Measured:
    """Labelled crops, read."""
    from ..evaluation.readers.judge import PictureReader
    from ..evaluation.reading import as_table, evaluate_reading

    a = arguments
    judge = PictureReader.from_pretrained()
    report = evaluate_reading(a.folders, pipeline_of(a), a.side, a.flat, judge=judge)
    if arguments.side == "all":
        print("note: with --side all, plates that the bundled weights were trained on count too", file=sys.stderr)
    return report, [as_table(report)]


def table1(arguments) -> Measured:
    """MTGAN's Table 1 and, if asked for, Figure 2."""
    from ..evaluation.table1 import as_table, draw_figure, evaluate_table1
    from ..images import encode_png
    from ..plates import get_layout
    from ..plates.examples import EXAMPLES, render
    from ..plates.standard import standard_plate

    report = evaluate_table1(arguments.folders, arguments.weights, arguments.side)
    if arguments.figure:
        standard = [standard_plate(example.text, get_layout(example.layout)) for example in EXAMPLES]
        figure = draw_figure([render(example) for example in EXAMPLES], standard, arguments.weights)
        Path(arguments.figure).write_bytes(encode_png(figure))
    return report, [as_table(report)]


def confidence(arguments) -> Measured:
    """Calibration and coverage."""
    from ..evaluation.confidence import evaluate_confidence

    report = evaluate_confidence(arguments.folders, pipeline_of(arguments), arguments.side, plot=arguments.plot)
    return report, _rows(report)


def tracks(arguments) -> Measured:
    """Several frames of one plate, read together."""
    from ..evaluation.confidence import evaluate_tracks

    report = evaluate_tracks(arguments.folders, pipeline_of(arguments), arguments.side, plot=arguments.plot)
    return report, _rows(report)


def stability(arguments) -> Measured:
    """The same crops in other batches, another order, on one thread; or photos in views that nobody tells apart."""
    from ..evaluation.stability import evaluate_stability, evaluate_views

    evaluate = evaluate_views if arguments.photos else evaluate_stability
    report = evaluate(arguments.folders, pipeline_of(arguments), arguments.side)
    return report, _rows(report)


def traffic(arguments) -> Measured:
    """Rendered clips, read as videos."""
    from ..evaluation.traffic import evaluate_traffic

    report = evaluate_traffic(pipeline_of(arguments, deblur=False), arguments.clips)
    return report, _rows(report)


def generality(arguments) -> Measured:
    """Many sources, fixed conditions."""
    from ..evaluation.conditions import CONDITIONS
    from ..evaluation.generality import as_table, evaluate_generality

    a, conditions = arguments, arguments.conditions or CONDITIONS
    report = evaluate_generality(a.folders, pipeline_of(a, deblur=False), a.trained, a.photos, a.foreign, conditions)
    return report, as_table(report)


def deblur(arguments) -> Measured:
    """The deblurring paper's table."""
    from ..evaluation.deblurring import as_table, evaluate_deblur

    a = arguments
    report = evaluate_deblur(a.folders, a.weights, a.side, a.rendered, a.sheet, a.glyphs)
    return report, [as_table(report)]


def photos(arguments) -> Measured:
    """Whole photos, found and read."""
    from ..evaluation.photos import evaluate_photos, without_corners, worsened

    if arguments.agentclpr:
        from ..evaluation.readers.third_party import AgentCLPR

        pipeline = AgentCLPR()
    else:
        pipeline = pipeline_of(arguments)
        if arguments.boxes and pipeline.detector:
            pipeline.detector = without_corners(pipeline.detector)
    report = evaluate_photos(arguments.folders, pipeline, arguments.side, worsened if arguments.worse else None)
    lines = []
    for folder, scores in report.items():
        lines += _rows({Path(folder).name: scores})
        lines += [f"    {kind}: {row}" for kind in ("wrong", "missed") for row in scores[kind]]
    return report, lines


def _rows(report: dict[str, dict]) -> list[str]:
    """A line for each entry: its name and its figures; lists are left out."""
    width = max(map(len, map(str, report)), default=0)
    shown = {name: {k: v for k, v in row.items() if not isinstance(v, list)} for name, row in report.items()}
    return [
        f"{name:{width}} " + "  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
        for name, row in shown.items()
    ]
