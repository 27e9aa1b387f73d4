"""Check that the weights give the published outputs on this machine.

Beside each published network is golden.safetensors: one input and the network's outputs where it was published.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ..inference import PlatePipeline
from ..networks import load_weights
from ..plates.examples import EXAMPLES
from ..weights import BUNDLED, ONNX
from ..weights.golden import GOLDEN, TOLERANCE, deviation


def verify(folder: str | Path | None = None) -> list[tuple[str, bool, str]]:
    """Compute the golden outputs of every network again, and read every bundled example picture.

    Args:
        folder: of weights (None: the bundled ones).

    Returns:
        (network or picture, whether it is as published, the deviation or the text in words) of each.

    Raises:
        WeightsError: weights are damaged or missing.
    """
    root = BUNDLED if folder is None else Path(folder)
    checks = []
    for network in sorted(path.parent for path in root.glob("*/model.safetensors")):
        if not (network / GOLDEN).is_file():
            checks.append((network.name, False, f"there is no {GOLDEN}"))
            continue
        gap = deviation(load_weights(network), network)
        checks.append((network.name, gap <= TOLERANCE, f"differs by at most {gap:.1e}"))
    graphs = [("onnx", "onnx ")] if (root / ONNX).is_dir() and find_spec("onnxruntime") else []
    for backend, words in [("torch", ""), *graphs]:
        pipeline = PlatePipeline.from_pretrained(folder, backend=backend)
        for example in EXAMPLES:
            path = BUNDLED.parent / "examples" / f"{example.name}.png"
            if path.is_file():
                text = pipeline.read_plate(path).text
                checks.append((f"{words}examples/{path.name}", text == example.text, f"reads {text}"))
    return checks
