"""Deblur-and-binarize GAN (Nguyen, Nguyen: Joint Image Deblurring and Binarization for License Plate Images ...).

| paper                                                   | here                                     |
|---------------------------------------------------------|------------------------------------------|
| generator (i): 3x3 convolution                          | `DeblurGenerator.head`                   |
| (ii): dense field of 10 dense blocks                    | `DeblurGenerator.field` of `DenseBlock`  |
| LeakyReLU, 1x1 conv, batch norm, LeakyReLU, 3x3, batch norm | `DenseBlock.layers`                  |
| (iii): LeakyReLU, 1x1 convolution, batch norm           | `DeblurGenerator.tail`                   |
| (iv): global skip, concatenation of (i) and (iii)       | `DeblurGenerator.forward`                |
| PatchGAN, four convolutions                             | `PatchDiscriminator`                     |
| Otsu's threshold on the deblurred grey image            | `images.pixels.binarise`                 |

Differs from the paper:
- After the concatenation a 3x3 convolution and tanh give the grey image; the paper leaves this step open.
- The numbers of features and the growth rate are not stated in the paper.
- With `fold` f, blocks of f x f pixels become channels (pixel unshuffle), so the dense field works at 1/f of the
  resolution. `fold=1` is the paper's form, with a receptive field of 25 pixels; fold 4 has 100, most of a plate.
- The discriminator is given the blurred picture beside the grey one (pix2pix); without `conditional` only the latter.
- With `guided` the picture comes with two more channels, what MTGAN believes to be ink and where it believes the plate
  (`plates.ink.draw_guide`), and the ink and the deblurred grey picture are two outputs instead of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Pretrained, smooth_picture


@dataclass(frozen=True)
class DeblurGeneratorConfig:
    """Configuration of `DeblurGenerator`.

    Attributes:
        input_size: (height, width) of the training pictures; any size works at prediction.
        num_blocks, growth_rate, bottleneck: dense blocks, the channels each adds, those between its convolutions.
        head_features, tail_features: channels of parts (i) and (iii).
        fold: side of the blocks of pixels that become channels.
        guided: whether a guide comes with the picture, and a deblurred grey picture with the ink.
    """

    input_size: tuple[int, int] = (128, 192)
    num_blocks: int = 10
    head_features: int = 24
    growth_rate: int = 12
    bottleneck: int = 24
    tail_features: int = 24
    fold: int = 1
    guided: bool = False


@dataclass(frozen=True)
class PatchDiscriminatorConfig:
    """Configuration of `PatchDiscriminator`: (height, width) of the training pictures, channels of the convolutions
    before the last, and whether the blurred picture is an input too."""

    input_size: tuple[int, int] = (128, 192)
    features: tuple[int, ...] = (24, 48, 96)
    conditional: bool = True


class DenseBlock(nn.Module):
    """Concatenates new features to its input: (N, C, H, W) -> (N, C + growth_rate, H, W)."""

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
    """Degraded picture of a plate -> its ink.

    Input: float (N, 3, H, W) in [-1, 1], RGB; guided (N, 5, H, W), the guide after the picture. Output: (N, 1, H, W),
    ink -1 and background 1; guided (N, 2, H, W), the deblurred grey picture after the ink.
    """

    config_class = DeblurGeneratorConfig
    free_size = True

    def __init__(self, config: DeblurGeneratorConfig = DeblurGeneratorConfig()):
        super().__init__()
        self.config = config
        c = config.head_features
        self.head = nn.Conv2d((5 if config.guided else 3) * config.fold**2, c, 3, padding=1)
        growth = config.growth_rate
        self.field = nn.Sequential(
            *[DenseBlock(c + k * growth, growth, config.bottleneck) for k in range(config.num_blocks)]
        )
        c += config.num_blocks * growth
        self.tail = nn.Sequential(
            nn.LeakyReLU(0.2), nn.Conv2d(c, config.tail_features, 1, bias=False), nn.BatchNorm2d(config.tail_features)
        )
        outputs = (2 if config.guided else 1) * config.fold**2
        self.to_grey = nn.Conv2d(config.head_features + config.tail_features, outputs, 3, padding=1)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        picture = smooth_picture(self.config.input_size, seed)
        return {"blurred": torch.cat([picture, picture[:, :2]], 1) if self.config.guided else picture}

    def forward(self, blurred: Tensor) -> Tensor:
        (height, width), fold = blurred.shape[-2:], self.config.fold
        padded = F.pad(blurred, (0, -width % fold, 0, -height % fold), mode="replicate")
        first = self.head(F.pixel_unshuffle(padded, fold))
        last = self.tail(self.field(first))
        grey = F.pixel_shuffle(self.to_grey(torch.cat([first, last], 1)), fold)
        return torch.tanh(grey[..., :height, :width].float())


class PatchDiscriminator(nn.Module, Pretrained):
    """PatchGAN: blurred RGB (N, 3, H, W), grey (N, 1, H, W), in [-1, 1] -> real/fake logits of patches (N, 1, h, w)."""

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
