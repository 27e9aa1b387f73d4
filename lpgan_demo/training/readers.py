"""Recipes and training of the two readers that check pictures: the independent one and the classical one.

The independent reader never meets GN, so that it reads in GN's pictures only what they show.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from tqdm import tqdm

from ..data.characters import RealCharacters
from ..data.synthetic import SyntheticPlates
from ..evaluation.metrics import mean_score
from ..evaluation.readers.classical import cell_picture, cell_pictures, read_plates
from ..evaluation.readers.judge import PictureReader
from ..images import to_tensor
from ..inference.optimise import resolve_precision
from ..inference.torch_backend import TorchReader
from ..networks.base import save_weights
from ..networks.character_classifier import CharacterClassifier, CharacterClassifierConfig
from ..networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator
from ..plates import CHINESE_LAYOUTS, LAYOUTS, SYMBOLS, encode
from ..plates.camera import random_camera, shoot
from ..plates.glyphs import font_glyphs
from ..plates.scenes import plate_scene
from ..plates.standard import standard_plate
from .export import command_of
from .losses import character_cross_entropy, seen_by_discriminator
from .trainer import option


@dataclass(frozen=True)
class PictureReaderRecipe:
    """Train the independent reader, a network of DN's form, on slightly blurred, shifted and tinted standard plates."""

    kind = "judge"
    folder: str = option("weights", "where the folder plate-judge is written")
    steps: int = option(3000, "steps in all")
    batch_size: int = option(32, "plates per step")
    learning_rate: float = option(2e-3, "highest learning rate of Adam (one cycle)")
    seed: int = option(1, "seed of plates and initial weights")
    threads: int = option(0, "CPU threads (0: as many as there are cores)")
    layouts: tuple[str, ...] = option(tuple(LAYOUTS), "plate layouts to read")


@dataclass(frozen=True)
class ClassicalReaderRecipe:
    """Train the classical reader's character classifier on decent shots of rendered plates and on standard plates."""

    kind = "classical"
    folder: str = option("weights", "where the folder classical-reader is written")
    plates: int = option(12000, "rendered plates whose characters are learnt")
    epochs: int = option(12, "passes over those characters")
    batch_size: int = option(256, "characters per step")
    learning_rate: float = option(2e-3, "highest learning rate of Adam (one cycle)")
    severity: float = option(0.3, "worst shot, in [0, 1]: a reader like this is not made for street cameras")
    seed: int = option(1, "seed of plates and initial weights")
    layouts: tuple[str, ...] = option(CHINESE_LAYOUTS, "plate layouts to learn")
    characters: str = option("", "zip of real characters, SYMBOL/NAME, that are learnt beside the rendered ones")


def train_picture_reader(recipe: PictureReaderRecipe) -> dict:
    """Train the independent reader and save it as `recipe.folder`/plate-judge.

    Returns:
        {"plate_accuracy": share of 500 new standard plates that it reads exactly}.
    """
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    began = time.time()
    rng = np.random.default_rng(recipe.seed)
    source = SyntheticPlates(recipe.layouts)
    network = MultiTaskDiscriminator(DiscriminatorConfig(layouts=recipe.layouts)).to(memory_format=torch.channels_last)
    optimiser, schedule = _one_cycle(network, recipe.learning_rate, recipe.steps)
    native = resolve_precision("auto", torch.device("cpu")) == "bf16"
    bar = tqdm(range(recipe.steps), mininterval=5, unit="step")
    for step in bar:
        pictures, texts, index = _standard_plates(source, recipe.batch_size, rng)
        plates = to_tensor(pictures).contiguous(memory_format=torch.channels_last)
        tint = 1 + 0.1 * torch.randn(len(plates), 3, 1, 1)
        plates = (plates * tint + 0.1 * torch.randn(len(plates), 3, 1, 1)).clamp(-1, 1)
        target = np.stack([encode(text, source.layouts[k]) for text, k in zip(texts, index)])
        with torch.autocast("cpu", torch.bfloat16, enabled=native):
            out = network(seen_by_discriminator(plates), torch.tensor(index))
            loss = character_cross_entropy(out.characters, torch.from_numpy(target)[:, : network.table.max_characters])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            bar.set_postfix(loss=round(float(loss.detach()), 4))
    network.eval().to(memory_format=torch.contiguous_format)
    seconds = time.time() - began
    pictures, texts, index = _standard_plates(source, 500, rng)
    accuracy = mean_score(PictureReader(TorchReader(network))(pictures, [recipe.layouts[k] for k in index]), texts)
    known = {"steps": recipe.steps, "plates_seen": recipe.steps * recipe.batch_size}
    return _save(network, recipe, "plate-judge", seconds, accuracy, **known)


def train_classical_reader(recipe: ClassicalReaderRecipe) -> dict:
    """Train the classical reader's classifier and save it as `recipe.folder`/classical-reader.

    Returns:
        {"plate_accuracy": share of 300 new standard plates and shots that the reader reads exactly}.
    """
    torch.manual_seed(recipe.seed)
    began = time.time()
    rng = np.random.default_rng(recipe.seed)
    source = SyntheticPlates(recipe.layouts)
    cells, targets = [], []
    for _ in tqdm(range(recipe.plates), mininterval=5, unit="plate"):
        picture, text, layout = _standard_plate_or_shot(source, recipe.severity, rng)
        cells.append(cell_pictures(picture, layout))
        targets.append(encode(text, layout)[: layout.num_characters])
    if recipe.characters:
        real, symbols = zip(*_real_cells(recipe.characters, rng))
        cells.append(np.stack(real))
        targets.append(np.array(symbols))
    x, y = torch.from_numpy(np.concatenate(cells)), torch.from_numpy(np.concatenate(targets))
    network = CharacterClassifier(CharacterClassifierConfig(layouts=recipe.layouts))
    steps = recipe.epochs * -(-len(x) // recipe.batch_size)
    optimiser, schedule = _one_cycle(network, recipe.learning_rate, steps)
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(x)).split(recipe.batch_size):
            loss = F.cross_entropy(network(x[chosen]), y[chosen])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()
    seconds = time.time() - began
    pictures, texts, layouts = zip(*[_standard_plate_or_shot(source, recipe.severity, rng) for _ in range(300)])
    accuracy = mean_score(read_plates(network, pictures, layouts), texts)
    return _save(network, recipe, "classical-reader", seconds, accuracy, plates_seen=recipe.plates)


def _one_cycle(network: nn.Module, learning_rate: float, steps: int):
    """Adam and its one-cycle schedule of so many steps."""
    optimiser = torch.optim.Adam(network.parameters(), learning_rate)
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, steps)


def _standard_plates(source: SyntheticPlates, count: int, rng: np.random.Generator):
    """(pictures, texts, layout indices) of random standard plates."""
    texts, index = zip(*[source.draw_text(rng) for _ in range(count)])
    return [standard_plate(text, source.layouts[k]) for text, k in zip(texts, index)], texts, index


def _standard_plate_or_shot(source: SyntheticPlates, severity: float, rng: np.random.Generator):
    """(picture, text, layout): in one of three cases a standard plate, as GN should draw it, else a decent shot."""
    text, index = source.draw_text(rng)
    layout = source.layouts[index]
    if rng.random() < 1 / 3:
        return standard_plate(text, layout), text, layout
    scene = plate_scene(text, layout, rng, font_glyphs(("Regular", "Medium", "SemiBold")[rng.integers(3)]))
    return shoot(scene, random_camera(rng, rng.uniform(0, severity)), rng), text, layout


def _real_cells(archive: str, rng: np.random.Generator, most: int = 600):
    """(cell, index of its symbol) of real characters, thresholded near Otsu's level, at most so many of a symbol."""
    for symbol, masks in RealCharacters(archive).masks.items():
        for k in rng.permutation(len(masks))[:most]:
            level, _ = cv2.threshold(masks[k], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
            ink = masks[k] > level * rng.uniform(0.8, 1.2)
            rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
            if len(rows) and len(columns):
                yield cell_picture(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]), SYMBOLS.index(symbol)


def _save(network: nn.Module, recipe, name: str, seconds: float, accuracy: float, **facts) -> dict:
    """Save a reader with the facts of its training; returns its accuracy on new plates."""
    facts |= {"hours": round(seconds / 3600, 2), "cores": torch.get_num_threads(), "exact_on_new": accuracy}
    save_weights(network, Path(recipe.folder) / name, **facts, command=command_of(recipe))
    return {"plate_accuracy": accuracy}
