"""Model cards of the networks that MTGAN is compared with, and of the deblur GAN, from what was measured."""

from __future__ import annotations

from pathlib import Path

from .hub import REVISION
from .network_cards import front_matter, how_made

RIVALS = {
    "srcnn-generator": (
        "SRCNN",
        "SRCNN",
        "three convolutions on the enlarged crop (Dong et al. 2014), trained with the squared error alone",
    ),
    "srgan-generator": (
        "SRGAN",
        "SRGAN's generator",
        "residual blocks and a pixel shuffle (Ledig et al. 2017), trained with the squared error and an ordinary "
        "real/fake discriminator",
    ),
    "dp-gan-generator": (
        "DP-GAN",
        "DP-GAN",
        "MTGAN's generator with its domain prior and an ordinary real/fake discriminator, no character task; it began "
        "with the weights of GN alone",
    ),
    "gn-generator": (
        "GN",
        "GN alone",
        "MTGAN's generator trained with the squared error alone: no discriminator, no character task",
    ),
}
"""{folder: (row of Table 1, title, what it is)}."""

NGUYEN = """```
@inproceedings{nguyen_joint,
  title = {Joint Image Deblurring and Binarization for License Plate Images using Deep Generative Adversarial Networks},
  author = {Nguyen, Van-Giang and Nguyen, Duy Long},
  organization = {Le Quy Don Technical University, Hanoi}
}
```"""


def rival_card(folder: Path, reports: dict[str, dict[str, dict]]) -> str:
    """The card of a network of the comparison. reports: `evaluate table1 --json`, {crops: {row: figures}}."""
    row, title, what = RIVALS[folder.name]
    lines = ["| crops | plates | restored by | classical reader | DN | judge | PSNR, dB | SSIM |", "|---|" * 8]
    lines[1] = "|---" * 8 + "|"
    for source, rows in reports.items():
        for name in ("Origin", row, "MTGAN"):
            if name in rows:
                f = rows[name]
                cells = [Path(source).name, f["n"], name, *(f"{f[k]:.3f}" for k in ("classical", "dn", "judge"))]
                lines.append("| " + " | ".join(map(str, cells)) + f" | {f['psnr']:.1f} | {f['ssim']:.3f} |")
    size = (folder / "model.safetensors").stat().st_size
    metadata = front_matter("image-to-image", ("super-resolution", "license-plate", "comparison"), folder.name, [])
    return f"""{metadata}

# {title}

{what[0].upper() + what[1:]}. {size / 1e6:.1f} MB; LPGAN Demo {REVISION}.

**For:** the comparison with MTGAN on the same pairs, and study. **Not for:** reading plates, evidence, tracking of
people.

## How it was made

By MTGAN's own trainer, on the same rendered and real plates:

{how_made(folder, "plates", f"python -m lpgan_demo train {folder.name.removesuffix('-generator')}")}

## Results

Exact plates by three readers of its picture, and the distance from the standard plate, on crops that no training step
saw. *Origin* is the enlarged crop. Made by `python -m lpgan_demo evaluate table1 FOLDER --side ... --json` and
`python -m lpgan_demo card`.

{chr(10).join(lines)}
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
    return f"""{metadata}

# Deblur-and-binarize generator

A bad picture of a plate -> ink and paper (`lpgan_demo.deblur_gan.DeblurGenerator`), any size, any country;
{size:.2f} million parameters; LPGAN Demo {REVISION}. Otsu's threshold makes its grey answer binary.

**For:** seeing what stands on a smeared plate, and readers that know nothing of paint. **Not for:** evidence, tracking
of people: what the picture does not hold is invented.

```python
from lpgan_demo import PlatePipeline

plate = PlatePipeline.from_pretrained().read_plate("crop.png")
plate.deblurred, plate.binary
```

## How it was made

{how_made(folder, "pictures", "python -m lpgan_demo train deblur")}

The perceptual loss used VGG16's ImageNet weights up to relu3_3; they are not part of these. Real plates in the mix are
those of MTGAN's card, their ink by Otsu of the sharp crop; all others are rendered, with exact ink.

## Results

Ink of plates that no training step saw, and exact plates by three readers of the result. Made by
`python -m lpgan_demo evaluate deblur FOLDER --side ... --json` and `python -m lpgan_demo card`.

{chr(10).join(lines)}

{history.strip()}

## Citation

{NGUYEN}
"""
