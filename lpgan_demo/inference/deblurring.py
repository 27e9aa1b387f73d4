"""Crops -> grey and binary pictures, by the deblur GAN's generator and Otsu's threshold."""

from __future__ import annotations

import numpy as np
import torch

from .. import images
from ..networks.deblur_gan import DeblurGenerator
from .optimise import prepared


class PlateDeblurrer:
    """Crops of any size -> (grey, binary) pictures of the generator's input size; ink is 0, paper 255, on any plate."""

    def __init__(self, generator: DeblurGenerator, device="cpu", precision="fp32"):
        self.device = torch.device(device)
        self.generator, self.autocast = prepared(generator, device, precision)
        self.size = tuple(generator.config.input_size)

    @torch.inference_mode()
    def __call__(self, crops: list[np.ndarray], batch_size: int = 8) -> list[tuple[np.ndarray, np.ndarray]]:
        """uint8 RGB (H, W, 3) crops -> a (grey, binary) pair of uint8 (H, W) each."""
        pairs = []
        for k in range(0, len(crops), batch_size):
            batch = torch.from_numpy(images.network_input(crops[k : k + batch_size], self.size)).to(self.device)
            with self.autocast():
                grey = self.generator(batch.contiguous(memory_format=torch.channels_last))
            pairs += [(picture, images.binarise(picture)) for picture in images.to_images(grey)[..., 0]]
        return pairs
