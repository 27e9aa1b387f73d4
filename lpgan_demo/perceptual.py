"""The perceptual loss: how far two pictures are apart in what VGG16, trained on ImageNet, sees at relu3_3.

Johnson et al. 2016; phi_{3,3} in the deblurring paper: the third convolution, after its activation, before the third
max-pool. Nothing is downloaded before a `VGG16Features` is asked for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

CONVOLUTIONS = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3")


_POOL_AFTER = ("conv1_2", "conv2_2")


class VGG16Features(nn.Module):
    """VGG16 up to relu3_3, frozen. RGB or grey float (N, 3 or 1, H, W) in [-1, 1] -> (N, 256, H/4, W/4).

    source: "torchvision" (its ImageNet weights, downloaded once by torchvision) or an .npz file with the convolutions
    in Caffe's layout (arrays conv1_1.weight ..., input BGR 0-255 minus the channels' means). Raises
    FileNotFoundError for a missing file, ValueError for one that does not hold the convolutions.
    """

    def __init__(self, source: str = "torchvision"):
        super().__init__()
        widths = (64, 64, 128, 128, 256, 256, 256)
        self.convolutions = nn.ModuleDict()
        last = 3
        for name, width in zip(CONVOLUTIONS, widths):
            self.convolutions[name] = nn.Conv2d(last, width, 3, padding=1)
            last = width
        self.caffe = source != "torchvision"
        self._load_file(source) if self.caffe else self._load_torchvision()
        mean, spread = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        if self.caffe:
            mean, spread = (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor(spread).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.ones(()))
        self.requires_grad_(False).eval()
        with torch.no_grad():  # features of unit spread on ink-like blocks: K1 means the same with either source
            blocks = (torch.rand(1, 1, 16, 24, generator=torch.Generator().manual_seed(0)) > 0.5).float() * 2 - 1
            self.scale = self(F.interpolate(blocks, scale_factor=8)).std()

    def _load_torchvision(self) -> None:
        from torchvision.models import VGG16_Weights, vgg16

        layers = [m for m in vgg16(weights=VGG16_Weights.IMAGENET1K_V1).features if isinstance(m, nn.Conv2d)]
        for name, layer in zip(CONVOLUTIONS, layers):
            self.convolutions[name].load_state_dict(layer.state_dict())

    def _load_file(self, source: str) -> None:
        if not Path(source).is_file():
            raise FileNotFoundError(f"there is no file {source} with VGG16's convolutions")
        try:
            with np.load(source, allow_pickle=False) as arrays:
                for name in CONVOLUTIONS:
                    part = {key: torch.from_numpy(arrays[f"{name}.{key}"]).float() for key in ("weight", "bias")}
                    self.convolutions[name].load_state_dict(part)
        except (KeyError, RuntimeError, ValueError, OSError) as error:
            raise ValueError(f"{source} does not hold VGG16's convolutions up to conv3_3 ({error})") from None

    def forward(self, picture: Tensor) -> Tensor:
        x = (picture.expand(-1, 3, -1, -1) + 1) / 2
        x = (x.flip(1) * 255 if self.caffe else x) - self.mean
        x = x / self.spread
        for name, convolution in self.convolutions.items():
            x = F.relu(convolution(x))
            if name in _POOL_AFTER:
                x = F.max_pool2d(x, 2)
        return x / self.scale


def perceptual_loss(features: nn.Module, made: Tensor, truth: Tensor) -> Tensor:
    """Mean squared difference of the two pictures' features; gradients reach `made` alone."""
    with torch.no_grad():
        wanted = features(truth)
    return F.mse_loss(features(made).float(), wanted.float())
