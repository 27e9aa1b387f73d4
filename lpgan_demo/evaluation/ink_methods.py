"""Ways from a blurred picture to ink and paper: thresholds, deconvolution and the deblur GAN."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from ..images import binarise
from ..inference.deblurring import PlateDeblurrer
from ..networks.registry import load_weights
from ..plates.camera import motion_kernel
from ..weights import BUNDLED

Way = Callable[[list[np.ndarray], list], list[tuple[np.ndarray, np.ndarray]]]
"""(pictures uint8 RGB (H, W, 3), layouts) -> (grey, binary) pairs, 0 ink and 255 paper."""


def _dark_ink(picture: np.ndarray, layout) -> np.ndarray:
    """The grey of a picture, turned over where ink is brighter than paper."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return 255 - grey if sum(layout.ink) > sum(layout.background) else grey


def otsu(pictures, layouts):
    """One threshold for the whole picture."""
    greys = [_dark_ink(picture, layout) for picture, layout in zip(pictures, layouts)]
    return [(grey, binarise(grey)) for grey in greys]


def sauvola(pictures, layouts):
    """A threshold for every place, from the mean and deviation around it (scikit-image)."""
    from skimage.filters import threshold_sauvola

    pairs = []
    for picture, layout in zip(pictures, layouts):
        grey = _dark_ink(picture, layout)
        threshold = threshold_sauvola(grey, window_size=2 * (grey.shape[0] // 6) + 1, k=0.1)
        pairs.append((grey, np.where(grey > threshold, 255, 0).astype(np.uint8)))
    return pairs


def richardson_lucy(pictures, layouts, rounds: int = 12):
    """Deconvolution by the straight motion whose answer parts best into ink and paper, then Otsu (scikit-image)."""
    from skimage.restoration import richardson_lucy as deconvolve

    pad = 20
    pairs = []
    for picture, layout in zip(pictures, layouts):
        grey = np.pad(_dark_ink(picture, layout), pad, mode="reflect")
        seen = np.clip(cv2.GaussianBlur(grey, (0, 0), 0.8).astype(np.float32) / 255, 1e-3, 1)
        kernels = [motion_kernel(length, angle) for length in (4, 8, 12, 16) for angle in range(-90, 90, 15)]
        made = [seen] + [deconvolve(seen, kernel, num_iter=rounds) for kernel in kernels]
        best = max((np.clip(np.rint(m[pad:-pad, pad:-pad] * 255), 0, 255).astype(np.uint8) for m in made), key=_parting)
        pairs.append((best, binarise(best)))
    return pairs


def _parting(grey: np.ndarray) -> float:
    """Otsu's criterion: the share of the variance that lies between ink and paper."""
    paper = binarise(grey) > 0
    share = paper.mean()
    if not 0 < share < 1:
        return 0.0
    return float(share * (1 - share) * (grey[paper].mean() - grey[~paper].mean()) ** 2 / grey.var())


def ways(source=None) -> dict[str, Way]:
    """Every row of the table: thresholds, deconvolution, and each generator `deblur*-generator` among the weights."""
    found: dict[str, Way] = {"Otsu": otsu, "Sauvola": sauvola, "Richardson-Lucy + Otsu": richardson_lucy}
    root = BUNDLED if source is None else Path(source)
    for folder in sorted(root.glob("deblur*-generator")):
        network = PlateDeblurrer(load_weights(folder))
        found[folder.name.removesuffix("-generator")] = lambda pictures, layouts, network=network: network(pictures)
    return found
