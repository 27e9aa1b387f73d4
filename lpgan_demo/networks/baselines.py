"""What MTGAN is compared with: SRCNN and SRGAN's generator, trained on the same pairs by the same trainer.

| paper                                                          | here                        |
|----------------------------------------------------------------|-----------------------------|
| SRCNN (Dong et al. 2014), 9-1-5, on the enlarged input         | `SRCNN`                     |
| SRGAN (Ledig et al. 2017), B residual blocks, pixel shuffle x2 | `SRResNet`                  |
| SRGAN's discriminator                                          | `MultiTaskDiscriminator` with `reads=False` |

Differs from the papers: three colour channels and cubic enlargement inside the network for SRCNN; fewer and narrower
blocks for SRResNet (it runs at the input's full resolution), and its content loss is the mean squared error, the first
of the two that SRGAN's paper names. DP-GAN and GN alone are `SRGenerator`s, trained without the other losses.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Pretrained, smooth_picture
from .mtgan import GeneratorOutput


@dataclass(frozen=True)
class SRCNNConfig:
    """SRCNN's sizes: (height, width) of input and standard plate, filter widths of the first two layers."""

    input_size: tuple[int, int] = (32, 96)
    output_size: tuple[int, int] = (64, 192)
    features: tuple[int, int] = (64, 32)


@dataclass(frozen=True)
class SRResNetConfig:
    """SRGAN's generator: num_blocks is the paper's B; output_size is twice input_size."""

    input_size: tuple[int, int] = (32, 96)
    output_size: tuple[int, int] = (64, 192)
    num_features: int = 48
    num_blocks: int = 6


class SRCNN(nn.Module, Pretrained):
    """Three convolutions, 9x9, 1x1 and 5x5, that sharpen the cubic enlargement.

    Input float (N, 3, 32, 96) in [-1, 1]; layout and draw as in `SRGenerator` (the layout is not used). Returns
    `GeneratorOutput` without characters and layout.
    """

    config_class = SRCNNConfig

    def __init__(self, config: SRCNNConfig = SRCNNConfig()):
        super().__init__()
        self.config = config
        wide, narrow = config.features
        self.extract = nn.Conv2d(3, wide, 9, padding=4)
        self.map = nn.Conv2d(wide, narrow, 1)
        self.reconstruct = nn.Conv2d(narrow, 3, 5, padding=2)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"lq": smooth_picture(self.config.input_size, seed), "layout": torch.zeros(1, dtype=torch.long)}

    def forward(self, lq: Tensor, layout: Tensor | None = None, draw: int | None = None) -> GeneratorOutput:
        large = F.interpolate(lq[:draw], self.config.output_size, mode="bicubic", align_corners=False)
        features = F.relu(self.map(F.relu(self.extract(large))))
        return GeneratorOutput(self.reconstruct(features).float(), None, None)


class BatchNormBlock(nn.Module):
    """SRGAN's residual block: x + bn(conv(prelu(bn(conv(x))))). (N, C, H, W) -> the same shape."""

    def __init__(self, num_features: int):
        super().__init__()
        c = num_features
        self.body = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1, bias=False),
            nn.BatchNorm2d(c),
            nn.PReLU(),
            nn.Conv2d(c, c, 3, padding=1, bias=False),
            nn.BatchNorm2d(c),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class SRResNet(nn.Module, Pretrained):
    """SRGAN's generator: residual blocks at the input's resolution, then one pixel shuffle x2.

    Input float (N, 3, 32, 96) in [-1, 1]; layout and draw as in `SRGenerator` (the layout is not used). Returns
    `GeneratorOutput` without characters and layout.
    """

    config_class = SRResNetConfig

    def __init__(self, config: SRResNetConfig = SRResNetConfig()):
        super().__init__()
        if tuple(config.output_size) != tuple(2 * side for side in config.input_size):
            raise ValueError(f"SRResNet doubles the size; {config.input_size} cannot become {config.output_size}")
        self.config = config
        c = config.num_features
        self.head = nn.Sequential(nn.Conv2d(3, c, 9, padding=4), nn.PReLU())
        self.blocks = nn.Sequential(*[BatchNormBlock(c) for _ in range(config.num_blocks)])
        self.merge = nn.Sequential(nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c))
        self.grow = nn.Sequential(nn.Conv2d(c, 4 * c, 3, padding=1), nn.PixelShuffle(2), nn.PReLU())
        self.to_rgb = nn.Conv2d(c, 3, 9, padding=4)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"lq": smooth_picture(self.config.input_size, seed), "layout": torch.zeros(1, dtype=torch.long)}

    def forward(self, lq: Tensor, layout: Tensor | None = None, draw: int | None = None) -> GeneratorOutput:
        features = self.head(lq[:draw])
        features = features + self.merge(self.blocks(features))
        return GeneratorOutput(torch.tanh(self.to_rgb(self.grow(features)).float()), None, None)
