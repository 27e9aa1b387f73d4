"""Proof that the weights on this machine give the published pictures and texts.

Beside each published network lies golden.safetensors: one input and what the network made of it where it was
published. `verify` computes it again here, and reads the example pictures.
"""

from __future__ import annotations

from pathlib import Path

from ..inference.pipeline import PlatePipeline
from ..networks.registry import load_weights
from ..plates.examples import EXAMPLES
from ..weights import BUNDLED
from ..weights.golden import GOLDEN, TOLERANCE, deviation


def verify(folder: str | Path | None = None) -> list[tuple[str, bool, str]]:
    """(what, whether it is as published, in words) for every network in `folder` and every bundled example picture."""
    root = BUNDLED if folder is None else Path(folder)
    checks = []
    for network in sorted(path.parent for path in root.glob("*/model.safetensors")):
        if not (network / GOLDEN).is_file():
            checks.append((network.name, False, f"there is no {GOLDEN}"))
            continue
        gap = deviation(load_weights(network), network)
        checks.append((network.name, gap <= TOLERANCE, f"differs by at most {gap:.1e}"))
    pipeline = PlatePipeline.from_pretrained(folder)
    for example in EXAMPLES:
        path = BUNDLED.parent / "examples" / f"{example.name}.png"
        if path.is_file():
            text = pipeline.read_plate(path).text
            checks.append((f"examples/{path.name}", text == example.text, f"reads {text}"))
    return checks
