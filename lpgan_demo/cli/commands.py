"""What each command of the command line does: arguments in, exit status out. Imports are made when a command runs."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path


def _pipeline(arguments, **options):
    from ..inference.pipeline import PlatePipeline

    return PlatePipeline.from_pretrained(
        arguments.weights,
        device=arguments.device,
        reader=arguments.reader,
        views=arguments.views,
        precision=arguments.precision,
        **options,
    )


def run_read(arguments) -> int:
    from ..files.reading import files_of, read_files
    from ..files.writing import ResultWriter, done_in

    files, failed = files_of(arguments.images), 0
    if arguments.json_lines:
        done = done_in(arguments.json_lines)
        files = [path for path in files if str(path) not in done]
    # nothing of what is written here shows ink and paper, and crops are not searched
    pipeline = _pipeline(arguments, deblur=False, detect=not arguments.crops)
    writer = ResultWriter(
        arguments.json_lines, arguments.csv, arguments.save_plates, arguments.save_marked, arguments.sheet
    )
    with writer:
        for rows in read_files(files, pipeline, sys.stderr.isatty(), arguments.crops):
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


def run_evaluate(arguments) -> int:
    from ..benchmarks.stages import evaluate_speed
    from ..evaluation.confidence import evaluate_confidence, evaluate_tracks
    from ..evaluation.reading import as_table, evaluate_reading
    from ..networks.registry import load_weights
    from ..weights import weights_folder

    if arguments.kind == "table1":
        return run_table1(arguments)
    if arguments.kind == "deblur":
        return run_deblur(arguments)
    pipeline = _pipeline(arguments)
    if arguments.kind == "photos":
        return run_photos(arguments, pipeline)
    if arguments.kind == "stability":
        from ..evaluation.stability import evaluate_stability

        report = evaluate_stability(arguments.folders, pipeline, arguments.side)
        rows = (f"{way:28} " + "  ".join(f"{k} {v:.3g}" for k, v in row.items()) for way, row in report.items())
        print(json.dumps(report) if arguments.json else "\n".join(rows))
        return 0
    if arguments.kind in ("confidence", "tracks"):
        evaluate = evaluate_confidence if arguments.kind == "confidence" else evaluate_tracks
        report = evaluate(arguments.folders, pipeline, arguments.side, plot=arguments.plot)
        rows = (f"{name:12} " + "  ".join(f"{k} {v:.3f}" for k, v in row.items()) for name, row in report.items())
        print(json.dumps(report) if arguments.json else "\n".join(rows))
        return 0
    if arguments.kind == "speed":
        figures = evaluate_speed(pipeline)
        lines = (f"{name.replace('_', ' '):26} {value:,}" for name, value in figures.items())
        print(json.dumps(figures) if arguments.json else "\n".join(lines))
        return 0
    judge = load_weights(weights_folder(None, "plate-judge"))
    report = evaluate_reading(arguments.folders, pipeline, arguments.side, arguments.flat, judge=judge)
    print(json.dumps(report, ensure_ascii=False, indent=1) if arguments.json else as_table(report))
    if arguments.side == "all":
        print("note: with --side all, plates that the bundled weights were trained on count too", file=sys.stderr)
    return 0


def run_table1(arguments) -> int:
    from ..evaluation.table1 import as_table, draw_figure, evaluate_table1
    from ..images import encode_png
    from ..plates import get_layout
    from ..plates.examples import EXAMPLES, render
    from ..plates.standard import standard_plate

    report = evaluate_table1(arguments.folders, arguments.weights, arguments.side)
    print(json.dumps(report, ensure_ascii=False, indent=1) if arguments.json else as_table(report))
    if arguments.figure:
        standard = [standard_plate(example.text, get_layout(example.layout)) for example in EXAMPLES]
        figure = draw_figure([render(example) for example in EXAMPLES], standard, arguments.weights)
        Path(arguments.figure).write_bytes(encode_png(figure))
    return 0


def run_bench(arguments) -> int:
    from ..benchmarks.report import as_table, draw

    if arguments.visitors:
        from ..benchmarks.visitors import simulate_visitors

        report = simulate_visitors(arguments.visitors, arguments.minutes)
    elif arguments.steps:
        from ..benchmarks.steps import speed_steps

        report = speed_steps(arguments.weights)
    else:
        from ..benchmarks.stages import bench

        report = bench(_pipeline(arguments), arguments.weights)
        if arguments.plot:
            draw(report, arguments.plot)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    before = json.loads(Path(arguments.compare).read_text(encoding="utf-8")) if arguments.compare else None
    print(as_table(report, before))
    return 0


def trainer_of(name: str):
    """(recipe dataclass, function that runs it) of `train NAME`."""
    if name == "judge":
        from ..training.readers import JudgeRecipe, train_judge

        return JudgeRecipe, train_judge
    if name == "deblur":
        from ..training.deblur import DeblurRecipe, train_deblur

        return DeblurRecipe, train_deblur
    if name == "detector":
        from ..training.detector import DetectorRecipe, train_detector

        return DetectorRecipe, train_detector
    if name == "classical":
        from ..training.readers import ClassicalRecipe, train_classical

        return ClassicalRecipe, train_classical
    from ..training.mtgan import RECIPES, train_mtgan

    return RECIPES[name], train_mtgan


def run_train(arguments) -> int:
    recipe_class, train = trainer_of(arguments.recipe)
    values = {f.name: getattr(arguments, f.name) for f in fields(recipe_class)}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    print(json.dumps(train(recipe_class(**values))))
    return 0


def run_deblur(arguments) -> int:
    from ..evaluation.deblurring import as_table, evaluate_deblur

    report = evaluate_deblur(arguments.folders, arguments.weights, arguments.side, arguments.rendered, arguments.sheet)
    print(json.dumps(report, ensure_ascii=False) if arguments.json else as_table(report))
    return 0


def run_photos(arguments, pipeline) -> int:
    from ..evaluation.photos import evaluate_photos, without_corners, worsened

    if arguments.agentclpr:
        from ..evaluation.readers.third_party import AgentCLPR

        pipeline = AgentCLPR()
    elif arguments.boxes and pipeline.detector:
        pipeline.detector = without_corners(pipeline.detector)
    report = evaluate_photos(arguments.folders, pipeline, arguments.side, worsened if arguments.worse else None)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
        return 0
    for folder, scores in report.items():
        print(f"{Path(folder).name}: " + "  ".join(f"{k} {v}" for k, v in _rounded(scores).items()))
        for kind in ("wrong", "missed"):
            for row in scores[kind]:
                print(f"    {kind}: {row}")
    return 0


def _rounded(scores: dict) -> dict:
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in scores.items()
        if not isinstance(value, list)
    }


def run_calibrate(arguments) -> int:
    from ..training.calibration import calibrate

    print(json.dumps(calibrate(arguments.folders, arguments.side, arguments.weights, arguments.views)))
    return 0


def run_export(arguments) -> int:
    if arguments.checkpoint == "onnx":
        from ..publishing.onnx_export import export_onnx

        for path, gap in export_onnx(arguments.folder, arguments.weights):
            print(f"{path}  deviates from PyTorch by at most {gap:.0e}")
        if arguments.int8:
            from ..publishing.onnx_int8 import to_int8

            for path in to_int8(arguments.folder):
                print(f"{path}  in 8-bit integers")
        return 0
    from ..training.export import export_run

    for folder in export_run(arguments.checkpoint, arguments.folder):
        print(folder)
    return 0


def run_card(arguments) -> int:
    from ..publishing.cards import write_cards
    from ..weights import BUNDLED

    for path in write_cards(arguments.reports, Path(arguments.weights or BUNDLED), arguments.history):
        print(path)
    return 0


def run_verify(arguments) -> int:
    from ..networks.registry import load_weights
    from ..publishing.verify import verify
    from ..weights import BUNDLED
    from ..weights.golden import write_golden

    if arguments.write:
        for path in sorted(Path(arguments.weights or BUNDLED).glob("*/model.safetensors")):
            write_golden(load_weights(path.parent), path.parent)
    checks = verify(arguments.weights)
    for what, good, words in checks:
        print(f"{'ok  ' if good else 'NOT '} {what:24} {words}")
    return 0 if all(good for _, good, _ in checks) else 1


def run_push(arguments) -> int:
    from ..publishing.push import push, push_space

    options = {"dry_run": arguments.dry_run, "private": arguments.private}
    if arguments.command == "push":
        print(push(arguments.repo_id, **options))
    else:
        print(push_space(arguments.repo_id, models=arguments.models, **options))
    return 0


def run_examples(arguments) -> int:
    from ..plates.examples import write_examples

    for path in write_examples(arguments.folder):
        print(path)
    return 0


def run_demo(arguments) -> int:
    from ..ui.page import launch

    launch(port=arguments.port)
    return 0


COMMANDS = {
    "read": run_read,
    "evaluate": run_evaluate,
    "train": run_train,
    "bench": run_bench,
    "calibrate": run_calibrate,
    "export": run_export,
    "card": run_card,
    "verify": run_verify,
    "push": run_push,
    "push-space": run_push,
    "examples": run_examples,
    "demo": run_demo,
}
"""Name on the command line -> what runs."""
