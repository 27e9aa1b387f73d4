"""`evaluate table1`: MTGAN's Table 1 and Figure 2, restorations of a plate compared by what readers make of them.

Rows: Origin (cubic enlargement), SRCNN, SRGAN, DP-GAN, GN and MTGAN. Columns: exact plates by the classical reader,
by MTGAN's discriminator DN and by the independent reader; PSNR and SSIM against the standard plate.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from .. import images
from ..data.formats import labelled_plates
from ..inference.pipeline import CROP_MARGIN, batched
from ..inference.torch_backend import TorchReader
from ..networks import load_weights
from ..plates import get_layout
from ..plates.standard import STANDARD_SIZE, standard_plate
from ..weights import weights_folder
from .metrics import mean_score, psnr, ssim
from .readers.classical import read_plates as read_classically
from .readers.judge import PictureReader
from .tables import grouped_table

NETWORKS = {row: f"{row.lower()}-generator" for row in ("SRCNN", "SRGAN", "DP-GAN", "GN", "MTGAN")}
"""Row of the table -> folder of weights."""


@torch.inference_mode()
def restore(network, crops: list[np.ndarray], batch_size: int = 32) -> list[np.ndarray]:
    """Crops of any sizes, uint8 RGB -> what a generator makes of them, uint8 (64, 192, 3); None: cubic enlargement."""
    if network is None:
        return [images.resize(crop, STANDARD_SIZE) for crop in crops]
    restored: list[np.ndarray] = []
    for batch in batched(crops, batch_size):
        lq = torch.from_numpy(images.network_input(batch, network.config.input_size))
        restored.extend(images.to_images(network(lq).restored))
    return restored


def load_rows(source=None) -> dict:
    """{row: generator} of those rows whose weights are there; "Origin" is None. Raises WeightsError without MTGAN's."""
    root = weights_folder(source, NETWORKS["MTGAN"]).parent
    rows = {name: load_weights(root / folder) for name, folder in NETWORKS.items() if (root / folder).is_dir()}
    return {"Origin": None} | rows


def evaluate_table1(folders: list[str], source=None, side: str = "all") -> dict[str, dict[str, dict]]:
    """Restore and read the labelled plates of each folder, all readers being told the plate's layout.

    Args:
        folders, side: as in `data.formats.labelled_plates`, with its errors.
        source: weights of the restorations and of DN, see `weights.weights_folder`; WeightsError without MTGAN's.

    Returns:
        {folder: {row: figures}}: classical, dn, judge (shares of exact plates), psnr (dB), ssim and n.
    """
    rows = load_rows(source)
    discriminator = PictureReader(TorchReader(load_weights(weights_folder(source, "mtgan-discriminator"))))
    classical = load_weights(weights_folder(None, "classical-reader"))
    judge = PictureReader.from_pretrained()
    report: dict[str, dict[str, dict]] = {}
    for folder in folders:
        plates = labelled_plates([folder], side)
        crops = [plate.crop(CROP_MARGIN) for plate in plates]
        texts, names = [p.text for p in plates], [p.layout for p in plates]
        layouts = [get_layout(name) for name in names]
        standard = [standard_plate(text, layout) for text, layout in zip(texts, layouts)]
        report[str(folder)] = {}
        for row, network in rows.items():
            pictures = restore(network, crops)
            report[str(folder)][row] = {
                "classical": mean_score(read_classically(classical, pictures, layouts), texts),
                "dn": mean_score(discriminator(pictures, names), texts),
                "judge": mean_score(judge(pictures, names), texts),
                "psnr": mean_score(pictures, standard, psnr),
                "ssim": mean_score(pictures, standard, ssim),
                "n": len(plates),
            }
    return report


def as_table(report: dict[str, dict[str, dict]]) -> str:
    """The report as lines for a terminal."""
    return grouped_table(report, ("classical", "DN", "judge", "PSNR", "SSIM"), name_width=10)


def draw_figure(crops: list[np.ndarray], standard: list[np.ndarray], source=None) -> np.ndarray:
    """Figure 2: a row for each restoration and last the standard plate, a column for each crop. uint8 RGB."""
    rows = [(name, restore(network, crops)) for name, network in load_rows(source).items()]
    strips = []
    for name, pictures in [*rows, ("Standard", standard)]:
        label = np.full((STANDARD_SIZE[0] + 4, 96, 3), 255, np.uint8)
        cv2.putText(label, name, (6, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (40, 40, 40), 1, cv2.LINE_AA)
        cells = [cv2.copyMakeBorder(p, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255)) for p in pictures]
        strips.append(np.hstack([label, *cells]))
    return np.vstack(strips)
