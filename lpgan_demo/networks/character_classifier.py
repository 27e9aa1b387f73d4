"""The network of the classical reader: a perceptron with one hidden layer that classifies one binarised character."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..plates import LAYOUTS
from .base import Pretrained
from .regions import LayoutTable

CELL = (24, 16)
"""Height and width, in pixels, of the picture of one character."""


@dataclass(frozen=True)
class CharacterClassifierConfig:
    """Configuration of `CharacterClassifier`: the layouts that it was trained for, units of the hidden layer."""

    layouts: tuple[str, ...] = tuple(LAYOUTS)
    hidden: int = 192


class CharacterClassifier(nn.Module, Pretrained):
    """Flattened pictures float (N, 24 * 16), ink 1 and background 0 -> logits (N, symbols)."""

    config_class = CharacterClassifierConfig

    def __init__(self, config: CharacterClassifierConfig = CharacterClassifierConfig()):
        super().__init__()
        self.config = config
        symbols = LayoutTable(config.layouts).num_symbols
        self.layers = nn.Sequential(
            nn.Linear(CELL[0] * CELL[1], config.hidden), nn.ReLU(), nn.Linear(config.hidden, symbols)
        )

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"cells": torch.rand(2, CELL[0] * CELL[1], generator=torch.Generator().manual_seed(seed))}

    def forward(self, cells: Tensor) -> Tensor:
        return self.layers(cells)
