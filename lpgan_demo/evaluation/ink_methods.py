"""Methods that separate the ink of a blurred plate from its paper: thresholds, deconvolution and the deblur GAN."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from ..images import binarise
from ..inference import PlateDeblurrer, PlatePipeline
from ..inference.torch_backend import TorchInkGenerator
from ..networks import load_weights
from ..plates import PlateLayout
from ..plates.camera import motion_kernel
from ..weights import BUNDLED

Pictures, Layouts = list[np.ndarray], list[PlateLayout]
Pairs = list[tuple[np.ndarray, np.ndarray]]
InkMethod = Callable[[Pictures, Layouts], Pairs]
"""(pictures uint8 RGB (H, W, 3), their layouts) -> (grey, binary) pairs, uint8 (H, W), 0 ink and 255 paper."""


def otsu(pictures: Pictures, layouts: Layouts) -> Pairs:
    """Otsu's threshold, one for the whole picture. An `InkMethod`."""
    return [(grey, binarise(grey)) for grey in _dark_ink(pictures, layouts)]


def sauvola(pictures: Pictures, layouts: Layouts) -> Pairs:
    """Sauvola's local threshold, from the mean and deviation around each pixel (scikit-image). An `InkMethod`."""
    from skimage.filters import threshold_sauvola

    pairs = []
    for grey in _dark_ink(pictures, layouts):
        threshold = threshold_sauvola(grey, window_size=2 * (grey.shape[0] // 6) + 1, k=0.1)
        pairs.append((grey, np.where(grey > threshold, 255, 0).astype(np.uint8)))
    return pairs


def richardson_lucy(pictures: Pictures, layouts: Layouts, iterations: int = 12) -> Pairs:
    """Deconvolution by the straight motion that best separates ink from paper, then Otsu's threshold (scikit-image)."""
    from skimage.restoration import richardson_lucy as deconvolve

    kernels = [motion_kernel(length, angle) for length in (4, 8, 12, 16) for angle in range(-90, 90, 15)]
    pad, pairs = 20, []
    for grey in _dark_ink(pictures, layouts):
        padded = np.pad(grey, pad, mode="reflect")
        blurred = np.clip(cv2.GaussianBlur(padded, (0, 0), 0.8).astype(np.float32) / 255, 1e-3, 1)
        candidates = [blurred] + [deconvolve(blurred, kernel, num_iter=iterations) for kernel in kernels]
        greys = [np.clip(np.rint(c[pad:-pad, pad:-pad] * 255), 0, 255).astype(np.uint8) for c in candidates]
        best = max(greys, key=_separation)
        pairs.append((best, binarise(best)))
    return pairs


def ink_methods(source=None) -> dict[str, InkMethod]:
    """{row of the table: method}: those above, and each `deblur*-generator` in the weights folder `source`."""
    methods: dict[str, InkMethod] = {"Otsu": otsu, "Sauvola": sauvola, "Richardson-Lucy + Otsu": richardson_lucy}
    root = BUNDLED if source is None else Path(source)
    folders = sorted(root.glob("deblur*-generator"))
    if folders:
        mtgan = PlatePipeline.from_pretrained(source, detect=False, deblur=False)
        methods |= {folder.name.removesuffix("-generator"): _by_network(folder, mtgan) for folder in folders}
    return methods


def _by_network(folder: Path, mtgan: PlatePipeline) -> InkMethod:
    """The method of a deblur generator; the grey picture of a guided one is no ink, its binary one stands for both."""
    deblurrer = PlateDeblurrer(TorchInkGenerator(load_weights(folder)))

    def method(pictures: Pictures, layouts: Layouts) -> Pairs:
        pairs = deblurrer(mtgan.read_plates(pictures))
        return [(binary, binary) for _, binary in pairs] if deblurrer.guided else pairs

    return method


def _dark_ink(pictures: Pictures, layouts: Layouts) -> list[np.ndarray]:
    """Grey pictures, inverted where ink is brighter than paper."""
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    return [255 - g if sum(k.ink) > sum(k.background) else g for g, k in zip(greys, layouts)]


def _separation(grey: np.ndarray) -> float:
    """Otsu's criterion: the share of the variance that lies between ink and paper."""
    paper = binarise(grey) > 0
    share = paper.mean()
    if not 0 < share < 1:
        return 0.0
    return float(share * (1 - share) * (grey[paper].mean() - grey[~paper].mean()) ** 2 / grey.var())
