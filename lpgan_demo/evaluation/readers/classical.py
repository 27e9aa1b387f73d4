"""A classical reader, segment then classify, in the place of EasyPR in MTGAN's Table 1.

Otsu's threshold -> frame and rivets removed -> characters located by projection -> a small neural network on each.
It is told the layout. It reads only sharp, flat plates well, so its accuracy measures how good a restored picture is.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from ...images import resize
from ...networks.character_classifier import CELL, CharacterClassifier
from ...plates import PlateLayout, allowed_symbols, decode
from ...plates.standard import STANDARD_SIZE


def find_ink(picture: np.ndarray, layout: PlateLayout) -> np.ndarray:
    """uint8 RGB of any size -> bool (64, 192), True where there is ink: Otsu's threshold of the plate's inner part."""
    grey = cv2.cvtColor(resize(picture, STANDARD_SIZE), cv2.COLOR_RGB2GRAY)
    threshold, _ = cv2.threshold(np.ascontiguousarray(grey[10:54, 10:182]), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return grey > threshold if sum(layout.ink) > sum(layout.background) else grey <= threshold


def clear_frame(ink: np.ndarray) -> np.ndarray:
    """Remove what is no character from bool (H, W): rows of frame and rivets, specks, wide parts, bars at the sides."""
    ink = ink.copy()
    height, width = ink.shape
    crosses_characters = (ink[:, 1:] != ink[:, :-1]).sum(1) >= 8  # rows of frame and rivets change less often
    top = max((y for y in range(height // 2) if not crosses_characters[y]), default=-1)
    bottom = min((y for y in range(height // 2, height) if not crosses_characters[y]), default=height)
    if bottom - top > height // 3:
        ink[: top + 1] = False
        ink[bottom:] = False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    for k in range(1, count):
        x, _, w, _, area = stats[k]
        at_side = x <= 3 or x + w >= width - 3
        if area < 8 or w > width // 3 or (at_side and w <= 6):
            ink[labels == k] = False
    return ink


def character_cells(ink: np.ndarray, layout: PlateLayout) -> list[tuple[int, int, int, int]]:
    """(x0, y0, x1, y1) of every character, in pixels of `ink`, bool (H, W).

    The layout's row of cells is shifted and scaled along the columns until the least ink falls between cells, then each
    cell shrinks to the ink inside. Cells of two-row layouts are not shifted.
    """
    height, width = ink.shape
    plate_height, plate_width = layout.size_mm
    cells = np.array(layout.cells_mm) / (plate_width, plate_height, plate_width, plate_height)
    scale, shift = 1.0, 0.0
    one_row = np.ptp(cells[:, 1]) < 0.2
    if one_row:
        scale, shift = _fit_row(ink, np.stack([cells[:, 0], cells[:, 0] + cells[:, 2]]))
    boxes = []
    for x0, y0, w, h in cells:
        a, b = (int(round((x * scale + shift) * width)) for x in (x0, x0 + w))
        a, b = max(0, min(a, width - 2)), max(2, min(b, width))
        top, bottom = (0, height) if one_row else (int(y0 * height), int(np.ceil((y0 + h) * height)))
        rows = np.flatnonzero(ink[top:bottom, a:b].any(1))
        columns = np.flatnonzero(ink[top:bottom, a:b].any(0))
        if len(rows) and len(columns):
            a, b = a + int(columns[0]), a + int(columns[-1]) + 1
            top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
        boxes.append((a, top, b, bottom))
    return boxes


def _fit_row(ink: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Scale and shift (2,) of cells with left and right `sides` (2, characters), in widths, that hold the ink best."""
    height, width = ink.shape
    total = np.concatenate([[0], np.cumsum(ink.sum(0))])
    grid = np.array([(scale, shift) for scale in np.linspace(0.82, 1.12, 16) for shift in np.linspace(-0.1, 0.14, 25)])
    edges = (sides * grid[:, :1, None] + grid[:, 1:, None]) * width
    left, right = np.clip(np.rint(edges).astype(int), 0, width).transpose(1, 0, 2)
    inside, between = total[right] - total[left], total[left[:, 1:]] - total[right[:, :-1]]
    score = inside.sum(1) - 1.5 * between.sum(1) - 0.5 * (inside == 0).sum(1)
    score -= 0.02 * (right - left).sum(1) * ink.mean() * height  # wider cells must not win by their width
    return grid[score.argmax()]


def cell_picture(glyph: np.ndarray) -> np.ndarray:
    """One character's ink, bool (h, w), cut close -> float32 (24 * 16), stretched to `CELL`.

    A slim character (1, I) is padded at both sides first.
    """
    glyph = glyph.astype(np.float32)
    if glyph.shape[1] < 0.35 * glyph.shape[0]:
        pad = int(0.25 * glyph.shape[0])
        glyph = np.pad(glyph, ((0, 0), (pad, pad)))
    return cv2.resize(glyph, CELL[::-1], interpolation=cv2.INTER_AREA).ravel()


def cell_pictures(picture: np.ndarray, layout: PlateLayout) -> np.ndarray:
    """uint8 RGB plate of any size -> float32 (characters, 24 * 16): the `cell_picture` of each character."""
    ink = clear_frame(find_ink(picture, layout))
    return np.stack([cell_picture(ink[y0:y1, x0:x1]) for x0, y0, x1, y1 in character_cells(ink, layout)])


@torch.inference_mode()
def read_plates(network: CharacterClassifier, pictures: list[np.ndarray], layouts: list[PlateLayout]) -> list[str]:
    """Texts of plates, uint8 RGB of any size, whose layouts are given; symbols that the network never learnt are not
    read."""
    texts = []
    for picture, layout in zip(pictures, layouts, strict=True):
        logits = network(torch.from_numpy(cell_pictures(picture, layout)))
        allowed = torch.from_numpy(allowed_symbols(layout)[: layout.num_characters, : logits.shape[1]])
        probabilities = logits.masked_fill(~allowed, -1e4).softmax(-1).numpy()
        texts.append("".join(reading[0] for reading in decode(probabilities, layout)))
    return texts
