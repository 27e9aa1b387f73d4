"""MTGAN (Zhang, Liu, Ma: Joint License Plate Super-Resolution and Recognition in One Multi-Task GAN Framework).

| paper                                   | here                                                          |
|-----------------------------------------|---------------------------------------------------------------|
| GN, generator                           | `SRGenerator`                                                 |
| K residual blocks, the backbone         | `SRGenerator.trunk`, `num_blocks` of `ResidualBlock`          |
| deconvolution with stride 2             | `PlainDecoder.grow`, the tail of both decoders               |
| deconvolution with three 1x1 filters    | `PlainDecoder.to_rgb`                                         |
| W_i = W * a_i, H_i = H                  | `PlateLayout.regions`, used by `RegionCodes`, `RegionDecoder` |
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

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .plates import CHINESE_LAYOUTS, SYMBOLS, allowed_symbols, get_layout
from .pretrained import Pretrained

PATCH = (32, 16)
"""Height and width of the feature patch one character is drawn on, at half the plate's resolution."""

IMPOSSIBLE = -1e4
"""Logit of a symbol that may not stand at a position."""


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


class LayoutTable(nn.Module):
    """Which layout uses which slots: layouts with equal regions share one geometry, and so one set of slots."""

    def __init__(self, names: tuple[str, ...]):
        super().__init__()
        layouts = [get_layout(name) for name in names]
        self.max_characters = max(layout.num_characters for layout in layouts)
        geometries: dict[tuple, int] = {}
        rows, boxes = [], []
        for layout in layouts:
            key = tuple(layout.regions.round(4).ravel())
            if key not in geometries:
                geometries[key] = len(boxes)
                boxes.extend(layout.regions)
            row = geometries[key] + np.arange(self.max_characters)
            row[layout.num_characters :] = geometries[key]  # padding slots repeat the first; they are masked
            rows.append(row)
        self.boxes = np.array(boxes)
        self.register_buffer("slots", torch.as_tensor(np.array(rows)), persistent=False)
        allowed = np.stack([allowed_symbols(layout)[: self.max_characters] for layout in layouts])
        self.register_buffer("allowed", torch.as_tensor(allowed), persistent=False)

    def select(self, per_slot: Tensor, layout: Tensor) -> Tensor:
        """(N, S, C) values of every slot -> (N, P, C) of the slots that `layout` (N,) uses."""
        index = self.slots[layout].unsqueeze(-1).expand(-1, -1, per_slot.shape[-1])
        return per_slot.gather(1, index)

    def mask(self, logits: Tensor, layout: Tensor) -> Tensor:
        """Logits, `IMPOSSIBLE` wherever the layout's alphabet does not have the symbol."""
        return logits.float().masked_fill(~self.allowed[layout], IMPOSSIBLE)


class RegionCodes(nn.Module):
    """Features -> one code per character: (N, C, h, w) -> (N, S, code_size).

    Each character's region (a_i) is covered by a 3 x 2 grid of soft windows. A 1x1 convolution may pull every
    window towards what it sees, because real crops are loose and tilted; at the start it is zero and the windows
    are exactly the layout's regions.
    """

    grid = (3, 2)

    def __init__(self, in_features: int, code_size: int, boxes: np.ndarray, feature_size: tuple[int, int]):
        super().__init__()
        self.register_buffer("windows", torch.as_tensor(self._windows(boxes, feature_size)), persistent=False)
        self.num_slots = len(boxes)
        self.attention = nn.Conv2d(in_features, len(self.windows), 1)
        nn.init.zeros_(self.attention.weight)
        nn.init.zeros_(self.attention.bias)
        self.mix = nn.Linear(self.grid[0] * self.grid[1] * in_features, code_size)
        self.slot = nn.Parameter(torch.zeros(self.num_slots, code_size))

    def _windows(self, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        y, x = ((np.arange(n) + 0.5) / n for n in size)
        windows = []
        for x0, y0, x1, y1 in boxes:
            for r in range(self.grid[0]):
                for c in range(self.grid[1]):
                    cx = x0 + (x1 - x0) * (0.5 + c) / self.grid[1]
                    cy = y0 + (y1 - y0) * (0.15 + 0.7 * (0.5 + r) / self.grid[0])
                    dx, dy = (x - cx) / (0.3 * (x1 - x0)), (y - cy) / (0.25 * (y1 - y0))
                    windows.append(-0.5 * (dx[None] ** 2 + dy[:, None] ** 2).ravel())
        return np.float32(windows)

    def forward(self, features: Tensor) -> Tensor:
        attention = (self.attention(features).flatten(2).float() + self.windows).softmax(-1)
        pooled = attention.to(features.dtype) @ features.flatten(2).transpose(1, 2)  # (N, S*6, C)
        codes = self.mix(pooled.reshape(len(features), self.num_slots, -1))
        return F.relu(codes + self.slot)


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


class RegionDecoder(nn.Module):
    """Draws each character's code into its own region of the standard plate ("spatial corresponding").

    codes (N, P, code_size) of the slots in use -> picture (N, 3, H, W) in [-1, 1]. One shared chain of
    deconvolutions draws every character's feature patch; the patches are laid out by the layout's regions, and the
    paper's tail (stride-2 deconvolution, three 1x1 filters) turns the whole plate into a picture.
    """

    widths = (96, 64, 48, 32)

    def __init__(self, config: SRGeneratorConfig):
        super().__init__()
        self.start = nn.Linear(config.code_size, self.widths[0] * 4 * 2)
        steps: list[nn.Module] = []
        for a, b in zip(self.widths, self.widths[1:]):
            steps += [nn.ConvTranspose2d(a, b, 4, 2, 1), nn.ReLU()]
        self.draw = nn.Sequential(*steps)
        self.tail = PlainDecoder(self.widths[-1], 1, 16)
        self.plate_size = (config.output_size[0] // 2, config.output_size[1] // 2)
        places = [self._places(get_layout(name).regions, self.plate_size) for name in config.layouts]
        self.register_buffer("places", torch.as_tensor(np.stack(places)), persistent=False)

    @staticmethod
    def _places(regions: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """(H*W,) for each place of the plate's feature map, its index into the flattened (slots, PATCH) patches."""
        height, width = size
        y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
        index = np.zeros((height, width), np.int64)
        for slot, (x0, y0, x1, y1) in enumerate(regions):
            rows = np.where((y >= y0) & (y < y1))[0]
            columns = np.where((x >= x0) & (x < x1))[0]
            v, u = _lay(len(rows), PATCH[0]), _lay(len(columns), PATCH[1])
            index[np.ix_(rows, columns)] = (slot * PATCH[0] + v[:, None]) * PATCH[1] + u[None]
        return index.ravel()

    def forward(self, codes: Tensor, layout: Tensor) -> Tensor:
        n, slots, _ = codes.shape
        seed = F.relu(self.start(codes)).reshape(n * slots, self.widths[0], 4, 2)
        patches = self.draw(seed.contiguous(memory_format=torch.channels_last))
        patches = patches.permute(0, 2, 3, 1).reshape(n, slots * PATCH[0] * PATCH[1], self.widths[-1])
        index = self.places[layout].unsqueeze(-1).expand(-1, -1, self.widths[-1])
        plate = patches.gather(1, index).reshape(n, *self.plate_size, self.widths[-1]).permute(0, 3, 1, 2)
        return self.tail(plate)


def _lay(length: int, patch: int) -> np.ndarray:
    """Which patch row or column each of `length` pixels shows: centred pixel for pixel, or squeezed if too long."""
    if length <= patch:
        return np.arange(length) + (patch - length) // 2
    return np.minimum(((np.arange(length) + 0.5) * patch / length).astype(int), patch - 1)


class SRGenerator(nn.Module, Pretrained):
    """GN: a bad crop -> the clean standard plate (and, with the region decoder, its characters and layout).

    Input float (N, 3, 32, 96) in [-1, 1]. `layout` (N,) int64 indexes `config.layouts`; None takes the network's
    own answer. draw: only the first so many plates are drawn (all are read). Returns `GeneratorOutput`. Raises
    ValueError on a wrong input size or an unknown decoder.
    """

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
        self.decoder = RegionDecoder(config)

    def forward(self, lq: Tensor, layout: Tensor | None = None, draw: int | None = None) -> GeneratorOutput:
        if lq.dim() != 4 or tuple(lq.shape[1:]) != (3, *self.config.input_size):
            raise ValueError(f"GN expects (N, 3, {self.config.input_size}), not {tuple(lq.shape)}")
        features = F.relu(self.head(lq))
        features = features + self.trunk(features)
        if self.config.decoder == "plain":
            return GeneratorOutput(self.plain(features[:draw]), None, None)
        features = F.relu(self.encoder(self.reduce(features)))
        mean = features.mean((2, 3))
        layout_logits = self.layout_head(mean).float()
        if layout is None:
            layout = layout_logits.argmax(1)
        codes = self.table.select(self.codes(features), layout)
        characters = self.table.mask(self.character_head(codes), layout)
        codes = codes + self.whole(mean).unsqueeze(1)
        restored = self.decoder(codes[:draw], layout[:draw])
        return GeneratorOutput(restored, characters, layout_logits, codes)


class MultiTaskDiscriminator(nn.Module, Pretrained):
    """DN: judges a standard plate real or drawn, and reads its characters (M = 8 convolutions, FC).

    Input float (N, 3, 64, 192) in [-1, 1] and the layout (N,) int64. Returns `DiscriminatorOutput` of logits.
    """

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

    def forward(self, plate: Tensor, layout: Tensor) -> DiscriminatorOutput:
        if plate.dim() != 4 or tuple(plate.shape[1:]) != (3, *self.config.input_size):
            raise ValueError(f"DN expects (N, 3, {self.config.input_size}), not {tuple(plate.shape)}")
        features = self.convolutions(plate)
        real = self.real_head(features.mean((2, 3))).squeeze(1).float()
        if not self.config.reads:
            return DiscriminatorOutput(real, None)
        codes = self.table.select(self.codes(features), layout)
        return DiscriminatorOutput(real, self.table.mask(self.character_head(codes), layout))
