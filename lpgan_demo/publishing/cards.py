"""Model cards, from `evaluate ... --json` reports and the facts in config.json: no figure is written by hand.

The Markdown is in card_templates/, a Jinja template for each kind of card.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from ..weights import REVISION, facts

TEMPLATES = Path(__file__).parent / "card_templates"

REPORT_KINDS = ("reading", "photos", "table1", "deblur", "confidence", "tracks", "stability")
"""Every "kind" that a report of `evaluate KIND --json` can state."""

WATTS_PER_CORE = 10
"""Assumed for the energy that a card states."""

LAYOUTS = {
    "cn_": "Chinese plates: small and large cars, police, new-energy, consulate and, where the list in config.json has"
    " them, armed police, military, embassy, aviation, farm vehicles and motorcycles",
    "vn_": "Vietnamese plates: one row, two rows, motorcycles, in the forms that config.json lists",
}
"""{prefix of layout names: text}."""

Reports = list[tuple[str, dict]]
"""Reports of one kind: (name of the folder or deblur condition that was measured, its figures)."""


@dataclass(frozen=True)
class CardKind:
    """What the card of a network is made from."""

    template: str
    """Name of the template, without .md."""
    pipeline_tag: str
    tags: tuple[str, ...]
    recipe: str
    """Name of the recipe, for the `train` command of a network whose config.json holds none."""
    report: str | None = None
    """Kind of the reports that it needs; None: none."""
    unit: str = "plates"
    """What the network was trained on."""


_MTGAN = ("super-resolution", "license-plate", "ocr", "gan")
_COMPARED = ("super-resolution", "license-plate", "comparison")
_READER = ("license-plate", "ocr")
_DETECTOR = ("license-plate", "faster-rcnn", "keypoints")
_DEBLUR = ("deblurring", "binarization", "license-plate")

CARDS = {
    "mtgan-generator": CardKind("mtgan", "image-to-image", _MTGAN, "mtgan", "reading"),
    "mtgan-discriminator": CardKind("mtgan", "image-to-text", _MTGAN, "mtgan", "reading"),
    "detector": CardKind("detector", "object-detection", _DETECTOR, "detector", "photos", "pictures"),
    "srcnn-generator": CardKind("comparison", "image-to-image", _COMPARED, "srcnn", "table1"),
    "srgan-generator": CardKind("comparison", "image-to-image", _COMPARED, "srgan", "table1"),
    "dp-gan-generator": CardKind("comparison", "image-to-image", _COMPARED, "dp-gan", "table1"),
    "gn-generator": CardKind("comparison", "image-to-image", _COMPARED, "gn", "table1"),
    "plate-judge": CardKind("reader", "image-to-text", _READER, "judge"),
    "classical-reader": CardKind("reader", "image-to-text", _READER, "classical"),
}
"""By the network's folder; every folder `deblur*-generator` has `DEBLUR_CARD`."""

DEBLUR_CARD = CardKind("deblur", "image-to-image", _DEBLUR, "deblur", "deblur", "pictures")


def read_reports(files: list[str]) -> dict[str, Reports]:
    """Read reports of `evaluate KIND --json`: {"kind": ..., "results": {source: figures}}, of photos also "worse".

    Returns:
        {kind: its reports, in the order of the files}; the figures of photos have "worse" among them.

    Raises:
        ValueError: a file is not such a report.
    """
    reports: dict[str, Reports] = {kind: [] for kind in REPORT_KINDS}
    for name in files:
        document = json.loads(Path(name).read_text(encoding="utf-8"))
        kind = document.get("kind") if isinstance(document, dict) else None
        if kind not in REPORT_KINDS:
            raise ValueError(f'{name} is not a report of `evaluate KIND --json`: its "kind" is {kind!r}')
        for key in ("results", "worse") if kind == "photos" else ("results",):
            if key not in document:
                raise ValueError(f'{name}: a report of kind {kind!r} must state "{key}"')
        for source, figures in document["results"].items():
            if kind == "photos":
                figures["worse"] = document["worse"]
            reports[kind].append((source if kind == "deblur" else Path(source).name, figures))
    return reports


def write_cards(report_files: list[str], folder: Path, history_file: str | None = None) -> list[Path]:
    """Write README.md of the networks in `folder` that the reports are about.

    Args:
        report_files: reports of `evaluate` reading (for MTGAN's pair), photos (the detector), table1 (what MTGAN is
            compared with) and deblur, on plates that no training step saw. Reports of other kinds are in no card. The
            cards of the judge and the classical reader need none.
        folder: holds a folder for each network.
        history_file: Markdown to keep as it is in the cards of MTGAN, the detector and the deblur generators.

    Returns:
        The files written.

    Raises:
        ValueError: a file is not a report.
    """
    reports = read_reports(report_files)
    history = Path(history_file).read_text(encoding="utf-8").strip() if history_file else ""
    written = []
    for name, kind in (CARDS | {path.name: DEBLUR_CARD for path in sorted(folder.glob("deblur*-generator"))}).items():
        measured = reports[kind.report] if kind.report else []
        if (measured or not kind.report) and (folder / name / "config.json").is_file():
            written.append(folder / name / "README.md")
            written[-1].write_text(f"{card(folder / name, kind, measured, history)}\n", encoding="utf-8")
    return written


def card(folder: Path, kind: CardKind, reports: Reports, history: str = "") -> ModelCard:
    """The model card of the network in `folder`, with the reports of `kind.report`; history: Markdown kept as it is."""
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    known, layouts = facts(folder), document["config"].get("layouts", ())
    results = evaluation_results(folder.name, kind, reports)
    metadata = ModelCardData(
        license="apache-2.0",
        library_name="lpgan-demo",
        pipeline_tag=kind.pipeline_tag,
        tags=list(kind.tags),
        model_name=f"lpgan-demo/{folder.name}" if results else None,
        eval_results=results or None,
    )
    return ModelCard.from_template(
        metadata,
        template_path=str(TEMPLATES / f"{kind.template}.md"),
        name=folder.name,
        network=document["network"],
        config=document["config"],
        facts=known,
        size=(folder / "model.safetensors").stat().st_size,
        revision=REVISION,
        made=how_made(known, kind.unit),
        command=known.get("command", f"python -m lpgan_demo train {kind.recipe}"),
        reports=reports,
        history=history,
        layout_texts=[text for prefix, text in LAYOUTS.items() if any(n.startswith(prefix) for n in layouts)],
        province_counts=province_counts,
        confusion_list=confusion_list,
    )


def evaluation_results(name: str, kind: CardKind, reports: Reports) -> list[EvalResult]:
    """The main figure of every report for the Hub's metadata; none for the networks of the comparison."""

    def result(data: str, metric: str, value: float, **more) -> EvalResult:
        fields = {"task_type": kind.pipeline_tag, "dataset_type": data, "metric_type": metric.replace(" ", "_")} | more
        return EvalResult(dataset_name=data, metric_name=metric, metric_value=round(value, 4), **fields)

    results = []
    for source, f in reports:
        if kind.report == "reading":
            more = {"task_type": "image-to-text", "dataset_type": source, "dataset_split": f["side"]}
            data = f"{source}, {f['side']}"
            results.append(result(data, "exact plates", f["plate_accuracy"], metric_type="accuracy", **more))
        elif kind.report == "photos":
            data = f"{source}, {f['side']}" + (", made bad" if f["worse"] else "")
            results.append(result(data, "average precision", f["average_precision"]))
        elif kind.report == "deblur" and (way := name.removesuffix("-generator")) in f:
            results.append(result(source, "F-measure", f[way]["f"]))
    return results


def how_made(known: dict, unit: str) -> str:
    """Samples seen, hours and energy, from the facts that `export` kept; unit: what the samples are."""
    hours, cores = known.get("hours"), known.get("cores", 2)
    made = f"{known.get('plates_seen', 0):,} {unit} seen"
    if hours:
        minutes = round(60 * hours)
        spent = f"{hours:.1f} hours" if hours >= 0.5 else "a minute" if minutes < 2 else f"{minutes} minutes"
        kwh = hours * cores * WATTS_PER_CORE / 1000
        made += f" in {spent} on {cores} CPU core{'' if cores == 1 else 's'}, about {kwh:.1g} kWh at an assumed"
        made += f" {WATTS_PER_CORE} W a core"
    return made


def province_counts(reports: Reports) -> str:
    """Exact plates by first character, over all `reading` reports together, commonest first."""
    right, total = Counter(), Counter()
    for _, figures in reports:
        for first, (exact, n) in figures["by_first_character"].items():
            right[first] += exact
            total[first] += n
    return ", ".join(f"{first} {right[first]}/{n}" for first, n in total.most_common())


def confusion_list(reports: Reports, most: int = 12) -> str:
    """The characters most often taken for another, over all `reading` reports together."""
    counts = Counter()
    for _, figures in reports:
        for true, read, n in figures["confusions"]:
            counts[true, read] += n
    return ", ".join(f"{true} read as {read} ({n})" for (true, read), n in counts.most_common(most)) or "none"


GRAPHS = {
    "mtgan-encoder": "GN up to its codes: layout, characters, corners",
    "mtgan-decoder": "GN's decoder: the standard plate",
    "mtgan-reader": "DN's reading of a standard plate",
    "detector": "Faster R-CNN: a photo to corners and scores",
    "ink": "deblurring and ink, guided by what is read",
    "judge": "the independent reader of standard plates",
}
"""{graph of the pipeline: what it computes}."""

PRECISIONS = {
    "": "in single precision; each was compared with PyTorch's outputs when it was written.",
    "--half": "their weights stored in half precision; they are computed with in single precision.",
    "--int8": "most of their convolutions in 8-bit integers: faster, and a little less exact (`docs/speed.md`).",
}
"""What a card says of graphs, by the option of `export onnx` that they were made with."""


def write_onnx_card(folder: Path, graphs: list[tuple[Path, float | None]], option: str = "") -> Path:
    """Write README.md beside a pipeline's graphs, and return its path.

    graphs: each with its largest deviation from PyTorch, where that was measured. option: of `export onnx`, one of
    `PRECISIONS`.
    """
    rows = [{"name": p.name, "what": GRAPHS[p.stem], "size": p.stat().st_size, "gap": gap} for p, gap in graphs]
    told = {"precision": PRECISIONS[option], "option": option, "revision": REVISION}
    data = ModelCardData(
        library_name="lpgan-demo", license="apache-2.0", pipeline_tag="image-to-text", tags=[*_READER, "onnx"]
    )
    card = ModelCard.from_template(data, str(TEMPLATES / "onnx.md"), graphs=rows, **told)
    path = folder / "README.md"
    path.write_text(str(card), encoding="utf-8")
    return path
