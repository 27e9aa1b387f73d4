"""A classical reader, segment then classify, in the place EasyPR has in MTGAN's Table 1.

Otsu's threshold -> frame and rivets cleared -> the character cells found by projection -> a small neural network on
each cell. It is told the layout. It reads sharp, flat plates well and falls apart with them: that is the point.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

from ...images import resize
from ...networks.character_classifier import CELL, CharacterClassifier
from ...plates import PlateLayout, allowed_symbols, decode

SIZE = (64, 192)


def binarise(picture: np.ndarray, layout: PlateLayout) -> np.ndarray:
    """uint8 RGB of any size -> bool (64, 192), True where there is ink: Otsu's threshold of the plate's inner part."""
    grey = cv2.cvtColor(resize(picture, SIZE), cv2.COLOR_RGB2GRAY)
    threshold, _ = cv2.threshold(np.ascontiguousarray(grey[10:54, 10:182]), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return grey > threshold if sum(layout.ink) > sum(layout.background) else grey <= threshold


def clear_frame(ink: np.ndarray) -> np.ndarray:
    """Drop what is no character: rows that change too seldom (frame, rivets), specks, and bars along the sides."""
    ink = ink.copy()
    changes = (ink[:, 1:] != ink[:, :-1]).sum(1)
    busy = changes >= 8
    middle = ink.shape[0] // 2
    top = max((y for y in range(middle) if not busy[y]), default=-1)
    bottom = min((y for y in range(middle, ink.shape[0]) if not busy[y]), default=ink.shape[0])
    if bottom - top > ink.shape[0] // 3:
        ink[: top + 1] = False
        ink[bottom:] = False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    for k in range(1, count):
        x, _, w, h, area = stats[k]
        at_side = x <= 3 or x + w >= ink.shape[1] - 3
        if area < 8 or w > ink.shape[1] // 3 or (at_side and w <= 6):
            ink[labels == k] = False
    return ink


def character_cells(ink: np.ndarray, layout: PlateLayout) -> list[tuple[int, int, int, int]]:
    """(x0, y0, x1, y1) of every character, in pixels of `ink`.

    The layout's row of cells is slid and stretched over the columns until the least ink falls between the cells, then
    each cell shrinks to the ink inside. Two-row layouts keep their cells' places.
    """
    height, width = ink.shape
    plate_height, plate_width = layout.size_mm
    cells = np.array(layout.cells_mm) / (plate_width, plate_height, plate_width, plate_height)
    left, right = cells[:, 0], cells[:, 0] + cells[:, 2]
    one_row = np.ptp(cells[:, 1]) < 0.2
    best, scale, shift = -np.inf, 1.0, 0.0
    if one_row:
        total = np.concatenate([[0], np.cumsum(ink.sum(0))])
        for s in np.linspace(0.82, 1.12, 16):
            for d in np.linspace(-0.1, 0.14, 25):
                edges = np.clip(np.rint((np.stack([left, right]) * s + d) * width).astype(int), 0, width)
                inside = total[edges[1]] - total[edges[0]]
                between = total[edges[0, 1:]] - total[edges[1, :-1]]
                score = inside.sum() - 1.5 * between.sum() - 0.5 * (inside == 0).sum()
                score -= 0.02 * (edges[1] - edges[0]).sum() * ink.mean() * height  # no reward for mere width
                if score > best:
                    best, scale, shift = score, s, d
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


def cell_pictures(picture: np.ndarray, layout: PlateLayout) -> np.ndarray:
    """uint8 RGB plate -> float32 (characters, 24 * 16): each character's ink, stretched to its cell.

    A slim character (1, I) keeps its width, in the middle of the cell.
    """
    ink = clear_frame(binarise(picture, layout))
    cells = []
    for x0, y0, x1, y1 in character_cells(ink, layout):
        glyph = ink[y0:y1, x0:x1].astype(np.float32)
        if glyph.shape[1] < 0.35 * glyph.shape[0]:
            pad = int(0.25 * glyph.shape[0])
            glyph = np.pad(glyph, ((0, 0), (pad, pad)))
        cells.append(cv2.resize(glyph, CELL[::-1], interpolation=cv2.INTER_AREA).ravel())
    return np.stack(cells)


@torch.inference_mode()
def read_plates(network: CharacterClassifier, pictures: list[np.ndarray], layouts: list[PlateLayout]) -> list[str]:
    """Texts of plates, uint8 RGB of any size, of known layouts."""
    texts = []
    for picture, layout in zip(pictures, layouts, strict=True):
        logits = network(torch.from_numpy(cell_pictures(picture, layout)))
        allowed = torch.from_numpy(allowed_symbols(layout)[: layout.num_characters])
        probabilities = logits.masked_fill(~allowed, -1e4).softmax(-1).numpy()
        texts.append("".join(reading[0] for reading in decode(probabilities, layout)))
    return texts
