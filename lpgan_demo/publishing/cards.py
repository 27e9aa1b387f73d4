"""Model cards, written from what `evaluate --json` measured and what export kept in config.json: no figure by hand."""

from __future__ import annotations

import json
from pathlib import Path

from ..weights import REVISION
from .network_cards import deblur_card, detector_card, how_made
from .rival_cards import READERS, RIVALS, reader_card, rival_card

NETWORKS = {
    "mtgan-generator": (
        "image-to-image",
        "MTGAN generator",
        "GN of MTGAN: a bad crop of a number plate -> the clean standard plate, its characters and its layout "
        "(`lpgan_demo.mtgan.SRGenerator`), with the region decoder described in `lpgan_demo/regions.py`.",
    ),
    "mtgan-discriminator": (
        "image-to-text",
        "MTGAN discriminator",
        "DN of MTGAN: judges a standard plate real or drawn, and reads it (`lpgan_demo.mtgan.MultiTaskDiscriminator`). "
        "Meant for GN's pictures and rendered standard plates, not for photos.",
    ),
}

LAYOUTS = {
    "cn_": "Chinese plates: blue, yellow (one and two rows), white, black, green with eight characters",
    "vn_": "Vietnamese plates: one row, two rows, motorcycles",
}

CITATION = """```
@inproceedings{zhang2018joint,
  title = {Joint License Plate Super-Resolution and Recognition in One Multi-Task {GAN} Framework},
  author = {Zhang, Minghui and Liu, Wu and Ma, Huadong},
  booktitle = {ICASSP},
  year = {2018}
}
```"""


def reading_table(reports: dict[str, dict]) -> str:
    """Markdown of `evaluate reading --json`: a row per folder of crops."""
    lines = [
        "| crops | side | n | views | exact plates | without the first character | character error rate | ECE "
        "| judge | judge after blur |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for folder, s in reports.items():
        lines.append(
            f"| {Path(folder).name} | {s['side']} | {s['n']} | {s['views']} "
            f"| {s['plate_accuracy']:.3f} "
            f"| {s['accuracy_without_province']:.3f} | {s['character_error_rate']:.4f} "
            f"| {s['expected_calibration_error']:.3f} | {s['judge']:.3f} | {s['judge_after_blur']:.3f} |"
        )
    return "\n".join(lines)


def province_table(reports: dict[str, dict]) -> str:
    """Exact plates by first character, over all reports together, commonest first."""
    together: dict[str, list[int]] = {}
    for report in reports.values():
        for first, (right, n) in report["by_first_character"].items():
            entry = together.setdefault(first, [0, 0])
            entry[0] += right
            entry[1] += n
    rows = sorted(together.items(), key=lambda item: -item[1][1])
    cells = [f"{first} {right}/{n}" for first, (right, n) in rows]
    return ", ".join(cells)


def confusion_list(reports: dict[str, dict], most: int = 12) -> str:
    """The commonest single mistakes, over all reports together."""
    together: dict[tuple, int] = {}
    for report in reports.values():
        for true, read, n in report["confusions"]:
            together[true, read] = together.get((true, read), 0) + n
    rows = sorted(together.items(), key=lambda item: -item[1])[:most]
    return ", ".join(f"{true} read as {read} ({n})" for (true, read), n in rows) or "none"


def _metadata(name: str, pipeline_tag: str, reports: dict[str, dict]) -> str:
    lines = ["---", "license: apache-2.0", "library_name: lpgan-demo", f"pipeline_tag: {pipeline_tag}", "tags:"]
    lines += [f"  - {tag}" for tag in ("super-resolution", "license-plate", "ocr", "gan")]
    lines += ["model-index:", f"  - name: lpgan-demo/{name}", "    results:"]
    for folder, s in reports.items():
        lines += [
            "      - task:",
            "          type: image-to-text",
            "        dataset:",
            f"          name: {json.dumps(Path(folder).name + ', ' + s['side'], ensure_ascii=False)}",
            f"          type: {json.dumps(Path(folder).name, ensure_ascii=False)}",
            "        metrics:",
            "          - type: accuracy",
            "            name: exact plates",
            f"            value: {s['plate_accuracy']:.4f}",
        ]
    return "\n".join([*lines, "---"])


def card(folder: Path, reports: dict[str, dict], history: str = "") -> str:
    """The model card of the network in `folder`: Markdown with the Hub's metadata.

    reports: `evaluate reading --json` of plates no training step saw. history: Markdown kept as it is.
    """
    pipeline_tag, title, what = NETWORKS[folder.name]
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    layouts = [
        text for prefix, text in LAYOUTS.items() if any(n.startswith(prefix) for n in document["config"]["layouts"])
    ]
    size = (folder / "model.safetensors").stat().st_size / 4e6
    return f"""{_metadata(folder.name, pipeline_tag, reports)}

# {title}

{what} {size:.2f} million parameters; sizes in `config.json`; LPGAN Demo {REVISION}. Layouts: {"; ".join(layouts)}.

**For:** showing and studying what can be read off small, blurred, dark number plates.
**Not for:** evidence in court, tracking of people. The drawing is what the network believes, not what the camera saw.

```python
from lpgan_demo import PlatePipeline

print(PlatePipeline.from_pretrained().read_plate("crop.png").text)
```

## How it was made

{how_made(folder, "plates", "python -m lpgan_demo train mtgan")}

Real plates: CCPD crops distributed with LPRNet_Pytorch (Apache-2.0; from CCPD, MIT) and plates in CCPD photos
distributed with LPSRNet (MIT), the training side of a split by plate text; plates in half of the road photos
distributed with EasyPR (study and research only; trained models are free of it). All others are rendered, with Barlow
Condensed and Noto Sans SC (SIL Open Font License) and, in the mix, the glyph pictures of the plate generators by
huangxinping and Pengfei8324 (MIT). Which plates are kept back: `lpgan_demo/labels.py`.

## Results

Plates that no training step saw; GN and DN together. *Judge*: exact plates as an independent reader, trained on
rendered standard plates alone, reads them off GN's picture; also after a 3x3 blur. Made by
`python -m lpgan_demo evaluate reading FOLDER --side ... --json` and `python -m lpgan_demo card`.

{reading_table(reports)}

**By province** (first character, exact plates of all rows together, the degraded ones too): {province_table(reports)}.
**Commonest mistakes:** {confusion_list(reports)}.

{history.strip()}

## Citation

{CITATION}
"""


def write_cards(report_files: list[str], folder: Path, history_file: str | None = None) -> list[Path]:
    """Write README.md of the networks in `folder` that the reports are about; returns them.

    report_files: JSON files of `evaluate` reading (MTGAN's pair), photos (the detector), table1 (what MTGAN is compared
    with) or deblur, all made with --json. The judge's and the classical reader's cards need no report.
    """
    kinds: dict[str, dict[str, dict]] = {"reading": {}, "photos": {}, "table1": {}, "deblur": {}}
    for name in report_files:
        for source, scores in json.loads(Path(name).read_text(encoding="utf-8")).items():
            if "recall" in scores:
                kinds["photos"][f"{source} " if scores.get("worse") else source] = scores
            else:
                kind = "table1" if "Origin" in scores else "deblur" if "Otsu" in scores else "reading"
                kinds[kind][source] = scores
    history = Path(history_file).read_text(encoding="utf-8") if history_file else ""
    writers = {name: ("reading", lambda at, made: card(at, made, history)) for name in NETWORKS}
    writers |= {"detector": ("photos", lambda at, made: detector_card(at, made, history))}
    writers |= {name: ("table1", rival_card) for name in RIVALS}
    deblurrers = [path.name for path in folder.glob("deblur*-generator")]
    writers |= {name: ("deblur", lambda at, made: deblur_card(at, made, history)) for name in deblurrers}
    written = []
    for name, (kind, write) in writers.items():
        if kinds[kind] and (folder / name / "config.json").is_file():
            path = folder / name / "README.md"
            path.write_text(write(folder / name, kinds[kind]), encoding="utf-8")
            written.append(path)
    for name in READERS:
        if (folder / name / "config.json").is_file():
            (folder / name / "README.md").write_text(reader_card(folder / name), encoding="utf-8")
            written.append(folder / name / "README.md")
    return written
