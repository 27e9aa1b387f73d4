"""The domain prior of MTGAN, W_i = W * a_i and H_i = H: where each character is looked for, and where it is drawn.

The paper calls it "spatial corresponding". Our reading: features are pooled over each character's region into one code,
and the code is drawn into that region of the standard plate.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..plates import allowed_symbols, get_layout

PATCH = (32, 16)
"""Height and width of the feature patch one character is drawn on, at half the plate's resolution."""

IMPOSSIBLE = -1e4
"""Logit of a symbol that may not stand at a position."""


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
        codes = self.mix(pooled.reshape(features.shape[0], self.num_slots, -1))
        return F.relu(codes + self.slot)


class RegionDecoder(nn.Module):
    """Draws each character's code into its own region of the standard plate ("spatial corresponding").

    codes (N, P, code_size) of the slots in use -> picture (N, 3, H, W) in [-1, 1]. One shared chain of
    deconvolutions draws every character's feature patch; the patches are laid out by the layout's regions, and the
    paper's tail (stride-2 deconvolution, three 1x1 filters: `tail`) turns the whole plate into a picture.
    """

    widths = (96, 64, 48, 32)

    def __init__(self, layouts: tuple[str, ...], output_size: tuple[int, int], code_size: int, tail: nn.Module):
        super().__init__()
        self.start = nn.Linear(code_size, self.widths[0] * 4 * 2)
        steps: list[nn.Module] = []
        for a, b in zip(self.widths, self.widths[1:]):
            steps += [nn.ConvTranspose2d(a, b, 4, 2, 1), nn.ReLU()]
        self.draw = nn.Sequential(*steps)
        self.tail = tail
        self.plate_size = (output_size[0] // 2, output_size[1] // 2)
        places = [self._places(get_layout(name).regions, self.plate_size) for name in layouts]
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
