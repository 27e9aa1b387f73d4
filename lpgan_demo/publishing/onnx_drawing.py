"""GN's decoder without deconvolutions, which ONNX Runtime computes on one thread only: the same picture, faster.

A deconvolution with 4 x 4 filters, stride 2 and padding 1 turns each window of 2 x 2 pixels of its zero-padded input
into a block of 2 x 2 pixels: the characters' ones become matrix products of all windows, the plate's a convolution.
Pixels are rows of features in the order in which the products give them. A `grid` says which row each pixel is, and
collecting rows by it shuffles the blocks' pixels into place, cuts off what lies outside and places the characters.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.regions import PATCH_SIZE, RegionDecoder

NEVER = -1e4
"""Bias of pixels outside the picture: after ReLU they are the zeros with which the next layer's input is padded."""


def window_filters(weight: Tensor) -> Tensor:
    """Filters (in, out, 4, 4) of a deconvolution -> (2, 2, in, 2, 2, out), from a window's pixels to its block's."""
    taps = torch.tensor([[2, 0], [3, 1]])  # by the place in the block, then in the window; of rows as of columns
    chosen = weight.permute(2, 3, 0, 1)[taps][:, :, taps]  # (block row, window row, block column, window column, ...)
    return chosen.permute(1, 3, 4, 0, 2, 5)


class WindowedDeconvolution(nn.Module):
    """A deconvolution and ReLU, rows (N, pixels, in) -> (N, pixels of the larger `grid`, out).

    grid: int64 (h + 2, w + 2), the rows of the h x w pixels of the input and of the zeros around them; afterwards that
    of the output, (h * 2 + 2, w * 2 + 2).
    """

    def __init__(self, deconvolution: nn.ConvTranspose2d, grid: Tensor):
        super().__init__()
        height, width = grid.shape[0] - 1, grid.shape[1] - 1  # windows
        seen = torch.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]], -1)
        rows = torch.arange(height * width * 4).reshape(height, width, 2, 2)
        self.grid = rows.transpose(1, 2).reshape(height * 2, width * 2)
        self.features = deconvolution.out_channels
        inside = torch.zeros(self.grid.numel(), 1, dtype=torch.bool)
        inside[self.grid[1:-1, 1:-1].flatten()] = True
        bias = torch.where(inside, deconvolution.bias.detach(), NEVER)
        self.register_buffer("bias", bias.reshape(height * width, 4 * self.features))
        self.register_buffer("matrix", window_filters(deconvolution.weight.detach()).reshape(-1, 4 * self.features))
        self.register_buffer("windows", seen.flatten().to(torch.int32))

    def forward(self, rows: Tensor) -> Tensor:
        seen = rows.index_select(1, self.windows).reshape(-1, len(self.bias), len(self.matrix))
        return F.relu(seen @ self.matrix + self.bias).reshape(-1, self.grid.numel(), self.features)


class WindowedDecoder(nn.Module):
    """`RegionDecoder` with its tail: codes (N, P, code_size), layout int64 (N,) -> plates (N, 3, H, W) in [-1, 1]."""

    def __init__(self, decoder: RegionDecoder):
        super().__init__()
        self.seed_features = decoder.widths[0]
        self.start, grid = _rows_with_zeros(decoder.start, self.seed_features)
        steps = []
        for layer in decoder.draw:
            if isinstance(layer, nn.ConvTranspose2d):
                steps.append(WindowedDeconvolution(layer, grid))
                grid = steps[-1].grid
        self.draw, self.patch_rows = nn.Sequential(*steps), grid.numel()
        pixels, (height, width) = PATCH_SIZE[0] * PATCH_SIZE[1], decoder.plate_size
        places = decoder.places // pixels * self.patch_rows + grid[1:-1, 1:-1].flatten()[decoder.places % pixels]
        places = F.pad(places.reshape(-1, height, width), (1, 1, 1, 1), value=int(grid[0, 0]))
        self.register_buffer("places", places.flatten(1).to(torch.int32))
        self.plate_size = height + 2, width + 2
        self.grow, self.to_rgb = _plate_convolutions(decoder.tail.grow[0], decoder.tail.to_rgb)
        picture = torch.arange(12 * (height + 1) * (width + 1)).reshape(2, 2, 3, height + 1, width + 1)
        picture = picture.permute(2, 3, 0, 4, 1).reshape(3, 2 * height + 2, 2 * width + 2)[:, 1:-1, 1:-1]
        self.register_buffer("picture", picture.flatten().to(torch.int32))
        self.picture_size = tuple(picture.shape)

    def forward(self, codes: Tensor, layout: Tensor) -> Tensor:
        n, slots, _ = codes.shape
        patches = self.draw(F.relu(self.start(codes)).reshape(n * slots, -1, self.seed_features))
        first = torch.arange(n, dtype=torch.int32) * (slots * self.patch_rows)
        placed = self.places.index_select(0, layout) + first.unsqueeze(1)
        plate = patches.flatten(0, 1).index_select(0, placed.flatten()).reshape(n, *self.plate_size, -1)
        drawn = torch.tanh(self.to_rgb(F.relu(self.grow(plate.permute(0, 3, 1, 2)))))
        return drawn.flatten(1).index_select(1, self.picture).reshape(-1, *self.picture_size)


def _rows_with_zeros(start: nn.Linear, features: int) -> tuple[nn.Linear, Tensor]:
    """The linear layer that begins patches, with its outputs in rows and a row of zeros last; the grid of the rows."""
    rows = start.out_features // features
    wider = nn.Linear(start.in_features, (rows + 1) * features)
    for name, values in start.state_dict().items():
        values = values.unflatten(0, (features, rows)).transpose(0, 1).flatten(0, 1)
        getattr(wider, name).data = torch.cat([values, torch.zeros_like(values[:features])])
    return wider, F.pad(torch.arange(rows).reshape(4, 2), (1, 1, 1, 1), value=rows)


def _plate_convolutions(grow: nn.ConvTranspose2d, to_rgb: nn.ConvTranspose2d) -> tuple[nn.Conv2d, nn.Conv2d]:
    """A deconvolution and 1x1 filters after it, as convolutions whose channels are a block's pixels."""
    blocks = nn.Conv2d(grow.in_channels, 4 * grow.out_channels, 2)
    blocks.weight.data = window_filters(grow.weight.detach()).flatten(3).permute(3, 2, 0, 1).contiguous()
    blocks.bias.data = grow.bias.detach().repeat(4)
    colours = nn.Conv2d(4 * grow.out_channels, 4 * to_rgb.out_channels, 1)
    colours.weight.data = torch.block_diag(*[to_rgb.weight.detach()[..., 0, 0].T] * 4)[..., None, None]
    colours.bias.data = to_rgb.bias.detach().repeat(4)
    return blocks, colours
