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
- GN also names the characters from those codes, and the layout; DN reads the characters from the picture.
- Widths, K and sizes are not stated in the paper; the trunk may work at half the input's resolution.
- No normalisation layers: the last convolution of a residual block starts at zero instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..plates import CHINESE_LAYOUTS, SYMBOLS
from .base import Pretrained, smooth_picture
from .regions import LayoutTable, RegionCodes, RegionDecoder


@dataclass(frozen=True)
class SRGeneratorConfig:
    """GN's sizes. Sizes are (height, width); num_blocks is the paper's K; stride is the trunk's (1 or 2)."""

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


@dataclass(frozen=True)
class DiscriminatorConfig:
    """DN's sizes; features are the widths of the M = 8 convolutions. reads=False is an ordinary real/fake judge."""

    layouts: tuple[str, ...] = CHINESE_LAYOUTS
    input_size: tuple[int, int] = (64, 192)
    features: tuple[int, ...] = (16, 16, 32, 32, 64, 64, 128, 128)
    strides: tuple[int, ...] = (2, 1, 2, 1, 2, 1, 1, 1)
    code_size: int = 160
    reads: bool = True


class GeneratorOutput(NamedTuple):
    """P is the most characters any of the layouts has.

    restored (N, 3, H, W) in [-1, 1]; characters (N, P, symbols) logits; layout (N, L) logits; codes (N, P, code_size),
    what each character is drawn from.
    """

    restored: Tensor
    characters: Tensor | None
    layout: Tensor | None
    codes: Tensor | None = None


class DiscriminatorOutput(NamedTuple):
    """real (N,) logits of real/fake; characters (N, P, symbols) logits, or None from a DN that does not read."""

    real: Tensor
    characters: Tensor | None


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), both 3x3; starts as the identity. (N, C, H, W) -> the same shape."""

    def __init__(self, num_features: int):
        super().__init__()
        self.conv1 = nn.Conv2d(num_features, num_features, 3, padding=1)
        self.conv2 = nn.Conv2d(num_features, num_features, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.relu(self.conv1(x)))


class PlainDecoder(nn.Module):
    """The paper's tail: stride-2 deconvolutions to the plate's size, then a deconvolution with three 1x1 filters."""

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
    """GN: a bad crop -> the clean standard plate (and, with the region decoder, its characters and layout).

    Input float (N, 3, 32, 96) in [-1, 1]. `layout` (N,) int64 indexes `config.layouts`; None takes the network's
    own answer. draw: only the first so many plates are drawn (all are read). Returns `GeneratorOutput`. Raises
    ValueError on a wrong input size or an unknown decoder.
    """

    config_class = SRGeneratorConfig

    def __init__(self, config: SRGeneratorConfig = SRGeneratorConfig()):
        super().__init__()
        if config.decoder not in ("region", "plain"):
            raise ValueError(f"decoder must be 'region' or 'plain', not {config.decoder!r}")
        self.config = config
        c = config.num_features
        self.head = nn.Conv2d(3, c, 3 if config.stride == 1 else 4, config.stride, 1)
        self.trunk = nn.Sequential(*[ResidualBlock(c) for _ in range(config.num_blocks)])
        if config.decoder == "plain":
            doublings = (config.output_size[0] * config.stride // config.input_size[0]).bit_length() - 1
            self.plain = PlainDecoder(c, doublings)
            return
        self.table = LayoutTable(config.layouts)
        wide = config.code_features
        reduce = 4 // config.stride
        self.reduce = nn.Conv2d(c, wide, reduce + 2, reduce, 1)
        self.encoder = nn.Sequential(*[ResidualBlock(wide) for _ in range(config.code_blocks)])
        size = (config.input_size[0] // 4, config.input_size[1] // 4)
        self.codes = RegionCodes(wide, config.code_size, self.table.boxes, size)
        self.whole = nn.Linear(wide, config.code_size)
        self.character_head = nn.Linear(config.code_size, len(SYMBOLS))
        self.layout_head = nn.Linear(wide, len(config.layouts))
        tail = PlainDecoder(RegionDecoder.widths[-1], 1, 16)
        self.decoder = RegionDecoder(config.layouts, config.output_size, config.code_size, tail)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"lq": smooth_picture(self.config.input_size, seed), "layout": torch.zeros(1, dtype=torch.long)}

    def features(self, lq: Tensor) -> Tensor:
        """(N, 3, 32, 96) -> the trunk's features (N, num_features, 32 / stride, 96 / stride)."""
        if lq.dim() != 4 or tuple(lq.shape[1:]) != (3, *self.config.input_size):
            raise ValueError(f"GN expects (N, 3, {self.config.input_size}), not {tuple(lq.shape)}")
        features = F.relu(self.head(lq))
        return features + self.trunk(features)

    def encode(self, lq: Tensor, layout: Tensor | None = None, own: Tensor | None = None):
        """What is drawn and read: (characters, layout logits, codes, layout), see `GeneratorOutput`.

        own (N,) bool: where the network's own answer is taken in place of the given layout.
        """
        features = F.relu(self.encoder(self.reduce(self.features(lq))))
        mean = features.mean((2, 3))
        layout_logits = self.layout_head(mean).float()
        if layout is None:
            layout = layout_logits.argmax(1)
        elif own is not None:
            layout = torch.where(own, layout_logits.argmax(1), layout)
        codes = self.table.select(self.codes(features), layout)
        characters = self.table.mask(self.character_head(codes), layout)
        return characters, layout_logits, codes + self.whole(mean).unsqueeze(1), layout

    def forward(self, lq: Tensor, layout: Tensor | None = None, draw: int | None = None) -> GeneratorOutput:
        if self.config.decoder == "plain":
            return GeneratorOutput(self.plain(self.features(lq)[:draw]), None, None)
        characters, layout_logits, codes, layout = self.encode(lq, layout)
        return GeneratorOutput(self.decoder(codes[:draw], layout[:draw]), characters, layout_logits, codes)


class MultiTaskDiscriminator(nn.Module, Pretrained):
    """DN: judges a standard plate real or drawn, and reads its characters (M = 8 convolutions, FC).

    Input float (N, 3, 64, 192) in [-1, 1] and the layout (N,) int64. Returns `DiscriminatorOutput` of logits.
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
            self.character_head = nn.Linear(config.code_size, len(SYMBOLS))
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
        codes = self.table.select(self.codes(features), layout)
        return DiscriminatorOutput(real, self.table.mask(self.character_head(codes), layout))
