"""MTGAN's Table 1 and Figure 2: what every way of restoring a plate gives to every reader.

Rows: Origin (cubic enlargement), SRCNN, SRGAN, DP-GAN, GN and MTGAN. Columns: exact plates by the classical reader,
by MTGAN's discriminator DN and by the judge, PSNR and SSIM against the standard plate.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch

from .. import images
from ..data.formats import labelled_plates
from ..networks.registry import load_weights
from ..plates import get_layout
from ..plates.standard import standard_plate
from ..weights import weights_folder
from .metrics import psnr, ssim
from .readers.classical import read_plates as read_classically
from .readers.judge import PictureReader

NETWORKS = {
    "SRCNN": "srcnn-generator",
    "SRGAN": "srgan-generator",
    "DP-GAN": "dp-gan-generator",
    "GN": "gn-generator",
    "MTGAN": "mtgan-generator",
}
"""Row of the table -> folder of weights."""

PLATE_SIZE = (64, 192)


@torch.inference_mode()
def restore(network, crops: list[np.ndarray], batch_size: int = 32) -> list[np.ndarray]:
    """Crops of any sizes -> the pictures, uint8 (64, 192, 3), that a generator draws; None enlarges them by cubic."""
    if network is None:
        return [images.resize(crop, PLATE_SIZE) for crop in crops]
    drawn: list[np.ndarray] = []
    for k in range(0, len(crops), batch_size):
        lq = torch.from_numpy(images.network_input(crops[k : k + batch_size], network.config.input_size))
        drawn.extend(images.to_images(network(lq).restored))
    return drawn


def load_rows(source=None) -> dict:
    """{row: generator} of those rows whose weights are there; "Origin" is None. Raises WeightsError without MTGAN's."""
    root = weights_folder(source, NETWORKS["MTGAN"]).parent
    rows = {name: load_weights(root / folder) for name, folder in NETWORKS.items() if (root / folder).is_dir()}
    return {"Origin": None} | rows


def evaluate_table1(folders: list[str], source=None, side: str = "all") -> dict[str, dict[str, dict]]:
    """{folder: {row: figures}}; figures are classical, dn, judge (exact plates), psnr (dB) and ssim.

    All readers are told the plate's layout, so that they differ in reading alone. Raises FileNotFoundError or
    ValueError for unusable folders, WeightsError for missing weights.
    """
    rows = load_rows(source)
    discriminator = PictureReader(load_weights(weights_folder(source, "mtgan-discriminator")))
    classical = load_weights(weights_folder(None, "classical-reader"))
    judge = PictureReader.from_pretrained()
    report: dict[str, dict[str, dict]] = {}
    for folder in folders:
        plates = labelled_plates([folder], side)
        crops = [plate.crop(0.03) for plate in plates]
        texts, layouts = [p.text for p in plates], [p.layout for p in plates]
        kinds = [get_layout(layout) for layout in layouts]
        standard = [standard_plate(text, kind) for text, kind in zip(texts, kinds)]
        report[str(folder)] = {}
        for row, network in rows.items():
            pictures = restore(network, crops)
            readings = {
                "classical": read_classically(classical, pictures, kinds),
                "dn": discriminator(pictures, layouts),
                "judge": judge(pictures, layouts),
            }
            figures = {who: float(np.mean([a == b for a, b in zip(read, texts)])) for who, read in readings.items()}
            figures["psnr"] = float(np.mean([psnr(a, b) for a, b in zip(pictures, standard)]))
            figures["ssim"] = float(np.mean([ssim(a, b) for a, b in zip(pictures, standard)]))
            report[str(folder)][row] = figures | {"n": len(plates)}
    return report


def as_table(report: dict[str, dict[str, dict]]) -> str:
    """The report as lines for a terminal."""
    lines = []
    for folder, rows in report.items():
        lines.append(f"{Path(folder).name} ({next(iter(rows.values()))['n']} plates)")
        lines.append(f"  {'':10} {'classical':>9} {'DN':>6} {'judge':>6} {'PSNR':>6} {'SSIM':>6}")
        for row, f in rows.items():
            lines.append(
                f"  {row:10} {f['classical']:9.3f} {f['dn']:6.3f} {f['judge']:6.3f} {f['psnr']:6.2f} {f['ssim']:6.3f}"
            )
    return "\n".join(lines)


def draw_figure(crops: list[np.ndarray], standard: list[np.ndarray], source=None) -> np.ndarray:
    """Figure 2: one row per way of restoring and the standard plate last, one column per crop. uint8 RGB."""
    rows = [(name, restore(network, crops)) for name, network in load_rows(source).items()]
    strips = []
    for name, pictures in [*rows, ("Standard", standard)]:
        label = np.full((PLATE_SIZE[0], 96, 3), 255, np.uint8)
        cv2.putText(label, name, (6, 38), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (40, 40, 40), 1, cv2.LINE_AA)
        cells = [cv2.copyMakeBorder(p, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255)) for p in pictures]
        label = cv2.copyMakeBorder(label, 2, 2, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        strips.append(np.hstack([label, *cells]))
    return np.vstack(strips)
