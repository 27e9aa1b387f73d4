"""The deblur GAN's generator, guided by features of MTGAN's generator: an extension of the paper for strong blur.

Local context is enough to invert a known blur kernel; where several kernels explain the strokes equally well, only
knowledge of characters decides. GN's trunk and character encoder (see `mtgan.SRGenerator`) have that knowledge: they
process the same picture, and their features are added to the first features of the dense field. Both are trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from .deblur_gan import DeblurGenerator, DeblurGeneratorConfig
from .mtgan import ResidualBlock


@dataclass(frozen=True)
class GuidedDeblurGeneratorConfig(DeblurGeneratorConfig):
    """Configuration of `GuidedDeblurGenerator`.

    Attributes:
        fold: must be 4.
        guide_features, guide_blocks: SRGeneratorConfig's num_features and num_blocks of the guiding part of GN.
        guide_code_features, guide_code_blocks: its code_features and code_blocks.
    """

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
    """GN up to its encoder: (N, 3, H, W) -> (N, head_features, H / 4, W / 4); H a multiple of 16, W of 8.

    The picture is averaged to a quarter of its height and half of its width: 128 x 192 becomes 32 x 96, GN's input.
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
        for layer in (self.from_strokes, self.from_characters):  # the guide's contribution starts at zero
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, picture: Tensor) -> Tensor:
        strokes = F.relu(self.head(F.avg_pool2d(picture, (4, 2))))
        strokes = strokes + self.trunk(strokes)
        characters = F.relu(self.encoder(self.reduce(strokes)))
        return self.from_strokes(strokes) + self.from_characters(characters)


class GuidedDeblurGenerator(DeblurGenerator):
    """Input and output as of `DeblurGenerator`.

    Raises:
        ValueError: `config.fold` is not 4.
    """

    config_class = GuidedDeblurGeneratorConfig
    size_multiple = (16, 8)

    def __init__(self, config: GuidedDeblurGeneratorConfig = GuidedDeblurGeneratorConfig()):
        if config.fold != 4:
            raise ValueError(f"a guided generator folds 4 x 4 pixels, not {config.fold!r}")
        super().__init__(config)
        self.guide = Guide(config)

    def first_features(self, picture: Tensor) -> Tensor:
        return super().first_features(picture) + self.guide(picture)
