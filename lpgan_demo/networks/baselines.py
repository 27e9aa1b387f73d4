"""The networks that MTGAN is compared with: SRCNN and SRGAN's generator, trained on the same data by the same trainer.

| paper                                                          | here                        |
|----------------------------------------------------------------|-----------------------------|
| SRCNN (Dong et al. 2014), 9-1-5, on the enlarged input         | `SRCNN`                     |
| SRGAN (Ledig et al. 2017), B residual blocks, pixel shuffle x2 | `SRResNet`                  |
| SRGAN's discriminator                                          | `MultiTaskDiscriminator` with `reads=False` |

Differs from the papers:
- SRCNN has three colour channels and does the bicubic enlargement inside the network.
- SRResNet has fewer and narrower blocks; its content loss is the mean squared error, the first of the paper's two.

The baselines DP-GAN and GN are `SRGenerator`s, trained with fewer losses than MTGAN.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Pretrained
from .mtgan import GeneratorOutput, SRGenerator


@dataclass(frozen=True)
class SRCNNConfig:
    """Configuration of `SRCNN`: (height, width) of input and output, features of the first two convolutions."""

    input_size: tuple[int, int] = (32, 96)
    output_size: tuple[int, int] = (64, 192)
    features: tuple[int, int] = (64, 32)


@dataclass(frozen=True)
class SRResNetConfig:
    """Configuration of `SRResNet`: (height, width) of input and output, which is twice as large, features of every
    convolution, and number of residual blocks, the paper's B."""

    input_size: tuple[int, int] = (32, 96)
    output_size: tuple[int, int] = (64, 192)
    num_features: int = 48
    num_blocks: int = 6


class SRCNN(nn.Module, Pretrained):
    """Three convolutions, 9x9, 1x1 and 5x5, that sharpen the bicubic enlargement.

    Arguments as for `SRGenerator`, `layout` unused. Returns a `GeneratorOutput` with `restored` only, not clipped.
    """

    config_class = SRCNNConfig
    example_inputs = SRGenerator.example_inputs

    def __init__(self, config: SRCNNConfig = SRCNNConfig()):
        super().__init__()
        self.config = config
        wide, narrow = config.features
        self.extract = nn.Conv2d(3, wide, 9, padding=4)
        self.map = nn.Conv2d(wide, narrow, 1)
        self.reconstruct = nn.Conv2d(narrow, 3, 5, padding=2)

    def forward(self, lq: Tensor, layout: Tensor | None = None, draw: int | None = None) -> GeneratorOutput:
        large = F.interpolate(lq[:draw], self.config.output_size, mode="bicubic", align_corners=False)
        features = F.relu(self.map(F.relu(self.extract(large))))
        return GeneratorOutput(self.reconstruct(features).float(), None, None)


class BatchNormBlock(nn.Module):
    """SRGAN's residual block, x + bn(conv(prelu(bn(conv(x))))): (N, C, H, W) -> the same shape."""

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

    Arguments as for `SRGenerator`, `layout` unused. Returns a `GeneratorOutput` with `restored` only.

    Raises:
        ValueError: `output_size` is not twice `input_size`.
    """

    config_class = SRResNetConfig
    example_inputs = SRGenerator.example_inputs

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

    def forward(self, lq: Tensor, layout: Tensor | None = None, draw: int | None = None) -> GeneratorOutput:
        features = self.head(lq[:draw])
        features = features + self.merge(self.blocks(features))
        return GeneratorOutput(torch.tanh(self.to_rgb(self.grow(features)).float()), None, None)
