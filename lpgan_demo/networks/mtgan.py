"""MTGAN (Zhang, Liu, Ma: Joint License Plate Super-Resolution and Recognition in One Multi-Task GAN Framework).

| paper                                   | here                                                          |
|-----------------------------------------|---------------------------------------------------------------|
| GN, generator                           | `SRGenerator`                                                 |
| K residual blocks, the backbone         | `SRGenerator.trunk`, `num_blocks` of `ResidualBlock`          |
| deconvolution with stride 2             | `PlainDecoder.grow`, the tail of both decoders               |
| deconvolution with three 1x1 filters    | `PlainDecoder.to_rgb`                                         |
| W_i = W * a_i, H_i = H                  | `regions.py`: `RegionCodes`, `RegionDecoder`                 |
| DN, M = 8 convolutions, FC, sigmoid     | `MultiTaskDiscriminator` (returns logits, before the sigmoid) |

Differs from the paper:
- `decoder="region"` (our reading of "spatial corresponding"): features are pooled over each character's region into
  one code, and the code is drawn into that region of the standard plate. `decoder="plain"` is the paper's chain.
- GN also names the characters from those codes, the layout (with a class for a kind that it does not know), and where
  the plate's corners are; DN reads the characters from the picture.
- Widths, K and sizes are not stated in the paper; the trunk may work at half the input's resolution.
- No normalisation layers: the last convolution of a residual block starts at zero instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..plates import CHINESE_LAYOUTS
from .base import Pretrained, smooth_picture
from .regions import LayoutTable, RegionCodes, RegionDecoder


@dataclass(frozen=True)
class SRGeneratorConfig:
    """Configuration of `SRGenerator`.

    Attributes:
        input_size, output_size: (height, width) of the crop and of the standard plate.
        num_features, num_blocks, stride: of the trunk; num_blocks is the paper's K, stride is 1 or 2.
        decoder: "region" or "plain"; what follows is of the region decoder only.
        code_features, code_blocks: of the character encoder.
        code_size: of the code of one character.
        unknown: whether the layout head has one more class, the last, for a plate of no known kind, or no plate.
        corners: whether the plate's four corners are found.
    """

    layouts: tuple[str, ...] = CHINESE_LAYOUTS
    input_size: tuple[int, int] = (32, 96)
    output_size: tuple[int, int] = (64, 192)
    num_features: int = 64
    num_blocks: int = 6
    stride: int = 2
    decoder: str = "region"
    code_features: int = 128
    code_blocks: int = 2
    code_size: int = 192
    unknown: bool = False
    corners: bool = False


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Configuration of `MultiTaskDiscriminator`: features and strides of the M = 8 convolutions, size of a character's
    code; with reads=False it is an ordinary discriminator, without characters."""

    layouts: tuple[str, ...] = CHINESE_LAYOUTS
    input_size: tuple[int, int] = (64, 192)
    features: tuple[int, ...] = (16, 16, 32, 32, 64, 64, 128, 128)
    strides: tuple[int, ...] = (2, 1, 2, 1, 2, 1, 1, 1)
    code_size: int = 160
    reads: bool = True


class GeneratorOutput(NamedTuple):
    """Plates `restored` (N or draw, 3, H, W) in [-1, 1], and what `SRGenerator.encode` returns, None where there is
    none."""

    restored: Tensor
    characters: Tensor | None = None
    layout: Tensor | None = None
    codes: Tensor | None = None
    corners: Tensor | None = None


class Reading(NamedTuple):
    """What GN reads, without drawing it; P is as in `regions`.

    Logits `characters` (N, P, symbols) and `layout` (N, layouts, and one more for "unknown"); `codes` (N, P,
    code_size), which the characters are drawn from; `used` int64 (N,), the layout read by; `corners` (N, 4, 2) of the
    plate as shares of the crop's width and height, clockwise from the top left and maybe outside the crop, or None.
    """

    characters: Tensor
    layout: Tensor
    codes: Tensor
    used: Tensor
    corners: Tensor | None


class DiscriminatorOutput(NamedTuple):
    """Logits: `real` (N,) of real/fake; `characters` (N, P, symbols), or None from a DN that does not read."""

    real: Tensor
    characters: Tensor | None


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), both 3x3, initially the identity: (N, C, H, W) -> the same shape."""

    def __init__(self, num_features: int):
        super().__init__()
        self.conv1 = nn.Conv2d(num_features, num_features, 3, padding=1)
        self.conv2 = nn.Conv2d(num_features, num_features, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(x)))


class PlainDecoder(nn.Module):
    """The paper's tail, stride-2 deconvolutions and a deconvolution with three 1x1 filters, then tanh.

    (N, num_features, H, W) -> (N, 3, H * 2^doublings, W * 2^doublings); last_features: channels before the 1x1 filters.
    """

    def __init__(self, num_features: int, doublings: int, last_features: int | None = None):
        super().__init__()
        layers: list[nn.Module] = []
        for k in range(doublings):
            out = last_features if last_features and k == doublings - 1 else num_features
            layers += [nn.ConvTranspose2d(num_features, out, 4, 2, 1), nn.ReLU()]
            num_features = out
        self.grow = nn.Sequential(*layers)
        self.to_rgb = nn.ConvTranspose2d(num_features, 3, 1)

    def forward(self, features: Tensor) -> Tensor:
        return torch.tanh(self.to_rgb(self.grow(features)).float())


class SRGenerator(nn.Module, Pretrained):
    """GN: a degraded crop -> the clean standard plate and, with the region decoder, its characters and layout.

    Args:
        lq: float (N, 3, 32, 96) in [-1, 1].
        layout: int64 (N,), index into `config.layouts`; None takes the most probable one.
        draw: how many plates, from the first, are drawn; None for all. All are read.

    Returns:
        `GeneratorOutput`; with the plain decoder only `restored`.

    Raises:
        ValueError: the input has another size, or `config.decoder` is unknown.
    """

    config_class = SRGeneratorConfig

    def __init__(self, config: SRGeneratorConfig = SRGeneratorConfig()):
        super().__init__()
        if config.decoder not in ("region", "plain"):
            raise ValueError(f"decoder must be 'region' or 'plain', not {config.decoder!r}")
        self.config = config
        c, wide = config.num_features, config.code_features
        self.head = nn.Conv2d(3, c, 3 if config.stride == 1 else 4, config.stride, 1)
        self.trunk = nn.Sequential(*[ResidualBlock(c) for _ in range(config.num_blocks)])
        if config.decoder == "plain":
            doublings = (config.output_size[0] * config.stride // config.input_size[0]).bit_length() - 1
            self.plain = PlainDecoder(c, doublings)
            return
        self.table = LayoutTable(config.layouts)
        stride = 4 // config.stride
        self.reduce = nn.Conv2d(c, wide, stride + 2, stride, 1)
        self.encoder = nn.Sequential(*[ResidualBlock(wide) for _ in range(config.code_blocks)])
        size = (config.input_size[0] // 4, config.input_size[1] // 4)
        self.codes = RegionCodes(wide, config.code_size, self.table.boxes, size)
        self.whole = nn.Linear(wide, config.code_size)
        self.character_head = nn.Linear(config.code_size, self.table.num_symbols)
        self.layout_head = nn.Linear(wide, len(config.layouts) + config.unknown)
        if config.corners:
            corners = nn.Linear(16 * size[0] * size[1], 8)
            nn.init.zeros_(corners.weight)
            corners.bias.data = torch.tensor([0.0, 0, 1, 0, 1, 1, 0, 1])  # those of the crop
            self.corner_head = nn.Sequential(nn.Conv2d(wide, 16, 1), nn.ReLU(), nn.Flatten(), corners)
        tail = PlainDecoder(RegionDecoder.widths[-1], 1, 16)
        self.decoder = RegionDecoder(config.layouts, config.output_size, config.code_size, tail)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"lq": smooth_picture(self.config.input_size, seed), "layout": torch.zeros(1, dtype=torch.long)}

    def features(self, lq: Tensor) -> Tensor:
        """Output of the trunk: (N, 3, 32, 96) -> (N, num_features, 32 / stride, 96 / stride)."""
        if lq.dim() != 4 or tuple(lq.shape[1:]) != (3, *self.config.input_size):
            raise ValueError(f"GN expects (N, 3, {self.config.input_size}), not {tuple(lq.shape)}")
        features = F.relu(self.head(lq))
        return features + self.trunk(features)

    def encode(self, lq: Tensor, layout: Tensor | None = None, own: Tensor | None = None) -> Reading:
        """Read crops without drawing them; region decoder only.

        Args:
            lq, layout: as of the class.
            own: bool (N,), where the predicted layout replaces the given one.
        """
        features = F.relu(self.encoder(self.reduce(self.features(lq))))
        mean = features.mean((2, 3))
        layout_logits = self.layout_head(mean).float()
        predicted = layout_logits[:, : len(self.config.layouts)].argmax(1)
        if layout is None:
            layout = predicted
        elif own is not None:
            layout = torch.where(own, predicted, layout)
        codes = self.codes(features, self.table.slots[layout])
        characters = self.table.mask(self.character_head(codes), layout)
        corners = self.corner_head(features).float().unflatten(1, (4, 2)) if self.config.corners else None
        return Reading(characters, layout_logits, codes + self.whole(mean).unsqueeze(1), layout, corners)

    def forward(self, lq: Tensor, layout: Tensor | None = None, draw: int | None = None) -> GeneratorOutput:
        if self.config.decoder == "plain":
            return GeneratorOutput(self.plain(self.features(lq)[:draw]))
        characters, layout_logits, codes, used, corners = self.encode(lq, layout)
        return GeneratorOutput(self.decoder(codes[:draw], used[:draw]), characters, layout_logits, codes, corners)


class MultiTaskDiscriminator(nn.Module, Pretrained):
    """DN: tells real standard plates from generated ones and reads their characters (M = 8 convolutions, FC).

    Input: plate float (N, 3, 64, 192) in [-1, 1], layout int64 (N,), index into `config.layouts`. Returns
    `DiscriminatorOutput`. Raises ValueError for a plate of another size.
    """

    config_class = DiscriminatorConfig

    def __init__(self, config: DiscriminatorConfig = DiscriminatorConfig()):
        super().__init__()
        self.config = config
        self.table = LayoutTable(config.layouts)
        layers: list[nn.Module] = []
        last, size = 3, config.input_size
        for features, stride in zip(config.features, config.strides, strict=True):
            layers += [nn.Conv2d(last, features, 3, stride, 1), nn.LeakyReLU(0.2)]
            last, size = features, ((size[0] + stride - 1) // stride, (size[1] + stride - 1) // stride)
        self.convolutions = nn.Sequential(*layers)
        if config.reads:
            self.codes = RegionCodes(last, config.code_size, self.table.boxes, size)
            self.character_head = nn.Linear(config.code_size, self.table.num_symbols)
        self.real_head = nn.Linear(last, 1)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"plate": smooth_picture(self.config.input_size, seed), "layout": torch.zeros(1, dtype=torch.long)}

    def forward(self, plate: Tensor, layout: Tensor) -> DiscriminatorOutput:
        if plate.dim() != 4 or tuple(plate.shape[1:]) != (3, *self.config.input_size):
            raise ValueError(f"DN expects (N, 3, {self.config.input_size}), not {tuple(plate.shape)}")
        features = self.convolutions(plate)
        real = self.real_head(features.mean((2, 3))).squeeze(1).float()
        if not self.config.reads:
            return DiscriminatorOutput(real, None)
        codes = self.codes(features, self.table.slots[layout])
        return DiscriminatorOutput(real, self.table.mask(self.character_head(codes), layout))
