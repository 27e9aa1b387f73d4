"""The domain prior of MTGAN, W_i = W * a_i and H_i = H: the region where each character is read and drawn.

The paper calls it "spatial corresponding". Our reading: features are pooled over each character's region into one code,
and the code is drawn into that region of the standard plate.

In shapes, S is the number of slots (one per character region of all the layouts) and P the largest number of characters
of a layout.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..plates import allowed_symbols, get_layout

PATCH_SIZE = (32, 16)
"""Height and width of the feature patch that one character is drawn on, at half the plate's resolution."""

IMPOSSIBLE = -1e4
"""Logit of a symbol that may not stand at a position."""


class LayoutTable(nn.Module):
    """The slots and alphabets of layouts; layouts with equal regions share their slots.

    boxes (S, 4): regions (x0, y0, x1, y1) in [0, 1]. slots int64 (layouts, P) and allowed bool (layouts, P, symbols):
    slot and alphabet of each character. num_symbols: of `SYMBOLS` up to the last that the layouts use.
    """

    def __init__(self, names: tuple[str, ...]):
        super().__init__()
        layouts = [get_layout(name) for name in names]
        self.max_characters = max(layout.num_characters for layout in layouts)
        first_slots: dict[tuple, int] = {}
        rows, boxes = [], []
        for layout in layouts:
            key = tuple(layout.regions.round(4).ravel())
            if key not in first_slots:
                first_slots[key] = len(boxes)
                boxes.extend(layout.regions)
            row = first_slots[key] + np.arange(self.max_characters)
            row[layout.num_characters :] = first_slots[key]  # padding repeats the first slot; `mask` hides it
            rows.append(row)
        self.boxes = np.array(boxes)
        self.register_buffer("slots", torch.as_tensor(np.array(rows)), persistent=False)
        allowed = np.stack([allowed_symbols(layout)[: self.max_characters] for layout in layouts])
        self.num_symbols = int(np.flatnonzero(allowed.any((0, 1))).max()) + 1
        allowed = allowed[..., : self.num_symbols]
        self.register_buffer("allowed", torch.as_tensor(allowed), persistent=False)

    def mask(self, logits: Tensor, layout: Tensor) -> Tensor:
        """Logits (N, P, symbols), set to `IMPOSSIBLE` for symbols outside the alphabets of `layout` (N,)."""
        return logits.float().masked_fill(~self.allowed[layout], IMPOSSIBLE)


class RegionCodes(nn.Module):
    """Features (N, C, h, w) and slots int64 (N, P) -> one code for each of these slots, (N, P, code_size).

    Without slots there is a code for each of all S. Each character's region (a_i) is covered by a 3 x 2 grid of
    Gaussian windows, the prior of an attention map. A 1x1 convolution adds a term that depends on the features, because
    real crops are loose and tilted; it starts at zero.
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
        """Logarithm of the windows, float32 (S * 6, h * w)."""
        y, x = ((np.arange(n) + 0.5) / n for n in size)
        windows = []
        for x0, y0, x1, y1 in boxes:
            for r, c in np.ndindex(self.grid):
                cx = x0 + (x1 - x0) * (0.5 + c) / self.grid[1]
                cy = y0 + (y1 - y0) * (0.15 + 0.7 * (0.5 + r) / self.grid[0])
                dx, dy = (x - cx) / (0.3 * (x1 - x0)), (y - cy) / (0.25 * (y1 - y0))
                windows.append(-0.5 * (dx[None] ** 2 + dy[:, None] ** 2).ravel())
        return np.float32(windows)

    def forward(self, features: Tensor, slots: Tensor | None = None) -> Tensor:
        if slots is None:
            slots = torch.arange(self.num_slots, device=features.device).expand(len(features), -1)
        parts = torch.arange(self.grid[0] * self.grid[1], device=features.device)
        index = (slots.unsqueeze(-1) * len(parts) + parts).flatten(1)  # (N, P*6)
        flat = features.flatten(2)
        learnt = self.attention.weight.flatten(1)[index].to(flat.dtype) @ flat
        learnt = learnt.float() + self.attention.bias[index].unsqueeze(-1)
        attention = (learnt + self.windows[index]).softmax(-1)
        pooled = attention.to(flat.dtype) @ flat.transpose(1, 2)  # (N, P*6, C)
        codes = self.mix(pooled.reshape(*slots.shape, len(parts) * pooled.shape[-1]))
        return F.relu(codes + self.slot[slots])


class RegionDecoder(nn.Module):
    """Draws each character's code into its region: codes (N, P, code_size), layout (N,) -> (N, 3, H, W) in [-1, 1].

    Deconvolutions, shared by all characters, turn each code into a feature patch; the patches are placed in the
    layout's regions, and `tail`, the paper's (see `mtgan.PlainDecoder`), turns the whole plate into a picture.
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
        """int64 (H * W,): for each pixel of the plate's features, its index into the flat (P, *PATCH_SIZE) patches."""
        height, width = size
        y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
        index = np.zeros((height, width), np.int64)
        for slot, (x0, y0, x1, y1) in enumerate(regions):
            rows = np.where((y >= y0) & (y < y1))[0]
            columns = np.where((x >= x0) & (x < x1))[0]
            v, u = _patch_indices(len(rows), PATCH_SIZE[0]), _patch_indices(len(columns), PATCH_SIZE[1])
            index[np.ix_(rows, columns)] = (slot * PATCH_SIZE[0] + v[:, None]) * PATCH_SIZE[1] + u[None]
        return index.ravel()

    def forward(self, codes: Tensor, layout: Tensor) -> Tensor:
        n, slots, _ = codes.shape
        seed = F.relu(self.start(codes)).reshape(n * slots, self.widths[0], 4, 2)
        patches = self.draw(seed.contiguous(memory_format=torch.channels_last))
        patches = patches.permute(0, 2, 3, 1).reshape(n, slots * PATCH_SIZE[0] * PATCH_SIZE[1], self.widths[-1])
        index = self.places[layout].unsqueeze(-1).expand(-1, -1, self.widths[-1])
        plate = patches.gather(1, index).reshape(n, *self.plate_size, self.widths[-1]).permute(0, 3, 1, 2)
        return self.tail(plate)


def _patch_indices(length: int, patch: int) -> np.ndarray:
    """Patch row or column of each of `length` pixels: the patch's middle, or all of it stretched if it is shorter."""
    if length <= patch:
        return np.arange(length) + (patch - length) // 2
    return np.minimum(((np.arange(length) + 0.5) * patch / length).astype(int), patch - 1)
