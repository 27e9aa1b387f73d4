"""Model cards of the networks that MTGAN is compared with and of the two readers that judge them."""

from __future__ import annotations

from pathlib import Path

from ..weights import REVISION, facts
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

READERS = {
    "plate-judge": (
        "Plate judge",
        "Reads clean standard plates of all layouts in `lpgan_demo/plates.py`, 64 x 192 pixels. It has the form of "
        "MTGAN's discriminator;\nits real/fake unit is not trained.",
        "checking what MTGAN's pictures say. A generator and a discriminator trained together can agree on a code "
        "that nobody\nsees; this reader was trained on rendered standard plates alone and never met the generator, so "
        "what it reads is in the\npicture. `python -m lpgan_demo evaluate reading FOLDER` prints its figure beside the "
        "accuracy. **Not for:** reading photos.",
        "Rendered standard plates, slightly blurred, shifted, tinted and noised",
        "500 new rendered standard plates",
    ),
    "classical-reader": (
        "Classical reader",
        "The character classifier of a segment-then-classify reader, in the place EasyPR has in MTGAN's Table 1: "
        "Otsu's\nthreshold, frame and rivets cleared, cells found by projection, then this network of one hidden layer "
        "on each cell. It is\ntold the layout.",
        "comparison. **Not for:** reading street photos; that it cannot do so is why it is here.",
        "The characters of rendered plates, two thirds of them decent shots (severity up to 0.3), one third standard",
        "300 new plates shot as in training",
    ),
}
"""{folder: (title, what it is, what for, trained on what, tried on what)}."""


def reader_card(folder: Path) -> str:
    """The card of the judge or the classical reader, from the facts its training kept in config.json."""
    title, what, purpose, data, tried = READERS[folder.name]
    size = (folder / "model.safetensors").stat().st_size
    command = "python -m lpgan_demo train " + ("judge" if folder.name == "plate-judge" else "classical")
    right = facts(folder).get("exact_on_new")
    return f"""{front_matter("image-to-text", ("license-plate", "ocr"), folder.name, [])}

# {title}

{what} {size / 1e6:.1f} MB; LPGAN Demo {REVISION}.

**For:** {purpose}

## How it was made

{data}; {how_made(folder, "plates", command)}

Of {tried} it reads {"an unknown share" if right is None else f"{right:.1%}"} exactly.
What it reads of real plates stands in the tables of the repository's README.
"""


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
