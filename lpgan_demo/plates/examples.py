"""The example images of the demo: rendered, one per kind of degradation and one that is beyond reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..images import encode_png
from .camera import Camera, shoot
from .glyphs import font_glyphs
from .layouts import get_layout
from .scenes import SceneRanges, plate_scene


@dataclass(frozen=True)
class Example:
    """An example image: the plate's text and layout, the camera, and the tilt in degrees."""

    name: str
    text: str
    layout: str
    camera: Camera
    tilt: float = 2.0


EXAMPLES = (
    Example("tiny", "苏E6M328", "cn_blue", Camera(width=38, defocus=0.4, noise=2)),
    Example("motion", "粤B72K15", "cn_blue", Camera(width=110, motion=6.5, angle=8, noise=4, jpeg=50)),
    Example("night", "浙A5J806", "cn_blue", Camera(width=80, defocus=0.6, gain=0.22, cast=(1.25, 1.0, 0.6), noise=5)),
    Example("tilted", "川H90T37", "cn_blue", Camera(width=90, defocus=0.5, noise=3, jpeg=60), tilt=13),
    Example("yellow", "鲁Q4837挂", "cn_yellow", Camera(width=64, defocus=0.9, gain=0.8, noise=5, jpeg=45)),
    Example("green", "沪AD06219", "cn_green", Camera(width=60, defocus=0.7, motion=2.5, angle=70, noise=4)),
    Example(
        "vietnamese", "51G39662", "vn_two_row", Camera(width=52, defocus=0.6, motion=2, angle=20, noise=5, jpeg=55)
    ),
)

UNREADABLE = Example(
    "unreadable", "皖K7M205", "cn_blue", Camera(width=26, motion=9, angle=15, gain=0.6, noise=8, jpeg=30)
)
"""An example of which nobody can tell the text: the right answer is that it cannot be read."""


def render(example: Example) -> np.ndarray:
    """Render an example: uint8 (h, w, 3) RGB."""
    rng = np.random.default_rng(int.from_bytes(example.name.encode(), "little") % 2**32)
    ranges = SceneRanges(tilt_degrees=example.tilt, strong_tilt_share=0.0, tight_share=0.0, margin=(0.03, 0.07))
    scene = plate_scene(example.text, get_layout(example.layout), rng, font_glyphs("Medium"), ranges=ranges)
    return shoot(scene, example.camera, rng)


def write_examples(folder: str | Path) -> list[Path]:
    """Write every example as FOLDER/<name>.png; returns the paths in the order of `EXAMPLES`, `UNREADABLE` last."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for example in (*EXAMPLES, UNREADABLE):
        path = folder / f"{example.name}.png"
        path.write_bytes(encode_png(render(example)))
        paths.append(path)
    return paths
