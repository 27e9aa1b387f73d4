"""The deblur GAN's generator, guided by what MTGAN's generator sees: beside the paper, for smears that must be read.

A kernel can be undone from what lies around a pixel; strokes that several kernels explain equally well can only be told
apart by knowing characters. GN's trunk and character encoder (see `mtgan.SRGenerator`) know them: here they look at the
same picture and add what they see to the first features of the folded dense field. Both are trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from .deblur_gan import DeblurGenerator, DeblurGeneratorConfig
from .mtgan import ResidualBlock


@dataclass(frozen=True)
class GuidedDeblurGeneratorConfig(DeblurGeneratorConfig):
    """The generator's sizes, and those of the part of GN that guides it. The field works on 4 x 4 pixels."""

    head_features: int = 64
    growth_rate: int = 48
    bottleneck: int = 96
    tail_features: int = 64
    fold: int = 4
    guide_features: int = 64
    guide_blocks: int = 6
    guide_code_features: int = 160
    guide_code_blocks: int = 4


class Guide(nn.Module):
    """GN up to its codes: (N, 3, H, W) -> (N, features, H / 4, W / 4); H a multiple of 16, W of 8.

    The picture is seen at a quarter of its rows and half of its columns: 32 x 96 of 128 x 192, the size GN learnt at.
    The parts `head`, `trunk`, `reduce` and `encoder` have the names and shapes they have in GN.
    """

    def __init__(self, config: GuidedDeblurGeneratorConfig):
        super().__init__()
        c, wide = config.guide_features, config.guide_code_features
        self.head = nn.Conv2d(3, c, 4, 2, 1)
        self.trunk = nn.Sequential(*[ResidualBlock(c) for _ in range(config.guide_blocks)])
        self.reduce = nn.Conv2d(c, wide, 4, 2, 1)
        self.encoder = nn.Sequential(*[ResidualBlock(wide) for _ in range(config.guide_code_blocks)])
        self.from_strokes = nn.ConvTranspose2d(c, config.head_features, (2, 1), (2, 1))
        self.from_characters = nn.ConvTranspose2d(wide, config.head_features, (4, 2), (4, 2))
        for layer in (self.from_strokes, self.from_characters):  # at first the guide says nothing
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, picture: Tensor) -> Tensor:
        strokes = F.relu(self.head(F.avg_pool2d(picture, (4, 2))))
        strokes = strokes + self.trunk(strokes)
        characters = F.relu(self.encoder(self.reduce(strokes)))
        return self.from_strokes(strokes) + self.from_characters(characters)


class GuidedDeblurGenerator(DeblurGenerator):
    """A bad picture of a plate -> ink and paper: float (N, 3, H, W) in [-1, 1] -> (N, 1, H, W), ink -1 and paper 1.

    Raises ValueError for another fold than 4.
    """

    config_class = GuidedDeblurGeneratorConfig
    variants = ()
    multiple = (16, 8)

    def __init__(self, config: GuidedDeblurGeneratorConfig = GuidedDeblurGeneratorConfig()):
        if config.fold != 4:
            raise ValueError(f"a guided generator folds 4 x 4 pixels, not {config.fold!r}")
        super().__init__(config)
        self.guide = Guide(config)

    def first(self, picture: Tensor) -> Tensor:
        return super().first(picture) + self.guide(picture)
