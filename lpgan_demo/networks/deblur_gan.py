"""Deblur-and-binarize GAN (Nguyen, Nguyen: Joint Image Deblurring and Binarization for License Plate Images ...).

| paper                                                   | here                                     |
|---------------------------------------------------------|------------------------------------------|
| generator (i): 3x3 convolution                          | `DeblurGenerator.head`                   |
| (ii): dense field of 10 dense blocks                    | `DeblurGenerator.field` of `DenseBlock`  |
| LeakyReLU, 1x1 conv, batch norm, LeakyReLU, 3x3, batch norm | `DenseBlock.layers`                  |
| (iii): LeakyReLU, 1x1 convolution, batch norm           | `DeblurGenerator.tail`                   |
| (iv): global skip, concatenation of (i) and (iii)       | `DeblurGenerator.forward`                |
| PatchGAN, four convolutions                             | `PatchDiscriminator`                     |
| Otsu's threshold on the deblurred grey image            | `binarise`                               |

Differs from the paper:
- After the concatenation one 3x3 convolution gives the grey image, squashed by tanh (the paper leaves it open).
- Widths and growth rate are not stated in the paper.
- With `fold` f the dense field works on f x f pixels at once: f times fewer rows and columns, f * f channels per pixel.
  `fold=1` is the paper's form, whose field sees 25 pixels; with fold 4 it sees 100, most of a plate.
- The discriminator sees the blurred picture beside the grey one (pix2pix); `conditional=False` is the plain form.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Pretrained, smooth_picture


@dataclass(frozen=True)
class DeblurGeneratorConfig:
    """The generator's sizes; input_size (height, width) is what it is trained on, any size works at prediction."""

    input_size: tuple[int, int] = (128, 192)
    num_blocks: int = 10
    head_features: int = 24
    growth_rate: int = 12
    bottleneck: int = 24
    tail_features: int = 24
    fold: int = 1


@dataclass(frozen=True)
class PatchDiscriminatorConfig:
    """The discriminator's sizes: widths of its convolutions before the last, which answers for each patch."""

    input_size: tuple[int, int] = (128, 192)
    features: tuple[int, ...] = (24, 48, 96)
    conditional: bool = True


class DenseBlock(nn.Module):
    """New features beside the old ones: (N, C, H, W) -> (N, C + growth_rate, H, W)."""

    def __init__(self, in_features: int, growth_rate: int, bottleneck: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.LeakyReLU(0.2),
            nn.Conv2d(in_features, bottleneck, 1, bias=False),
            nn.BatchNorm2d(bottleneck),
            nn.LeakyReLU(0.2),
            nn.Conv2d(bottleneck, growth_rate, 3, padding=1, bias=False),
            nn.BatchNorm2d(growth_rate),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.layers(x)], 1)


class DeblurGenerator(nn.Module, Pretrained):
    """A bad picture of a plate -> ink and paper: float (N, 3, H, W) in [-1, 1] -> (N, 1, H, W), ink -1 and paper 1."""

    config_class = DeblurGeneratorConfig
    variants = ("guided_deblur",)

    def __init__(self, config: DeblurGeneratorConfig = DeblurGeneratorConfig()):
        super().__init__()
        self.config = config
        c = config.head_features
        self.head = nn.Conv2d(3 * config.fold**2, c, 3, padding=1)
        blocks = []
        for _ in range(config.num_blocks):
            blocks.append(DenseBlock(c, config.growth_rate, config.bottleneck))
            c += config.growth_rate
        self.field = nn.Sequential(*blocks)
        self.tail = nn.Sequential(
            nn.LeakyReLU(0.2), nn.Conv2d(c, config.tail_features, 1, bias=False), nn.BatchNorm2d(config.tail_features)
        )
        self.to_grey = nn.Conv2d(config.head_features + config.tail_features, config.fold**2, 3, padding=1)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"blurred": smooth_picture(self.config.input_size, seed)}

    @property
    def multiple(self) -> tuple[int, int]:
        """Of what numbers a picture's height and width are made multiples, by repeating its edge."""
        return self.config.fold, self.config.fold

    def first(self, picture: Tensor) -> Tensor:
        """Part (i): (N, 3, H, W) -> (N, head_features, H / fold, W / fold)."""
        return self.head(F.pixel_unshuffle(picture, self.config.fold))

    def forward(self, blurred: Tensor) -> Tensor:
        (height, width), (rows, columns) = blurred.shape[-2:], self.multiple
        first = self.first(F.pad(blurred, (0, -width % columns, 0, -height % rows), mode="replicate"))
        last = self.tail(self.field(first))
        grey = F.pixel_shuffle(self.to_grey(torch.cat([first, last], 1)), self.config.fold)
        return torch.tanh(grey[..., :height, :width].float())


class PatchDiscriminator(nn.Module, Pretrained):
    """Real or made, patch by patch: blurred (N, 3, H, W), grey (N, 1, H, W), both in [-1, 1] -> logits (N, 1, h, w)."""

    config_class = PatchDiscriminatorConfig

    def __init__(self, config: PatchDiscriminatorConfig = PatchDiscriminatorConfig()):
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        last = 4 if config.conditional else 1
        for k, features in enumerate(config.features):
            layers.append(nn.Conv2d(last, features, 4, 2, 1, bias=k == 0))
            layers += [nn.BatchNorm2d(features)] if k else []
            layers.append(nn.LeakyReLU(0.2))
            last = features
        layers.append(nn.Conv2d(last, 1, 4, 1, 1))
        self.layers = nn.Sequential(*layers)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        shapes = {"blurred": (1, 3, 64, 96), "grey": (1, 1, 64, 96)}
        return {name: torch.rand(shape, generator=generator) * 2 - 1 for name, shape in shapes.items()}

    def forward(self, blurred: Tensor, grey: Tensor) -> Tensor:
        return self.layers(torch.cat([blurred, grey], 1) if self.config.conditional else grey).float()
