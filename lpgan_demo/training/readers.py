"""Training the two readers that check pictures: the independent one on rendered standard plates, and the classical one.

The independent reader never meets GN: what it reads off GN's picture is what the picture says.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from tqdm import tqdm

from ..data.synthetic import SyntheticPlates
from ..evaluation.readers.classical import cell_pictures, read_plates
from ..evaluation.readers.judge import PictureReader
from ..images import to_tensor
from ..networks.base import save_weights
from ..networks.character_classifier import CharacterClassifier, CharacterClassifierConfig
from ..networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator
from ..plates import CHINESE_LAYOUTS, LAYOUTS, encode, get_layout
from ..plates.camera import random_camera, shoot
from ..plates.glyphs import font_glyphs
from ..plates.scenes import plate_scene
from ..plates.standard import standard_plate
from .losses import character_cross_entropy, seen_by_discriminator
from .trainer import option


@dataclass(frozen=True)
class JudgeRecipe:
    """Train the judge: a network of DN's form, on rendered standard plates, blurred, shifted and tinted a little."""

    kind = "judge"
    folder: str = option("weights", "where the folder plate-judge is written")
    steps: int = option(3000, "steps in all")
    batch_size: int = option(32, "plates per step")
    learning_rate: float = option(2e-3, "highest learning rate of Adam (one cycle)")
    seed: int = option(1, "seed of plates and initial weights")
    threads: int = option(0, "CPU threads (0: as many as there are cores)")
    layouts: tuple = option(tuple(LAYOUTS), "plate layouts to read")


def _batch(source: SyntheticPlates, size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Standard plates and what they say: dict(gt, target, layout) as in `datasets`."""
    rows = [source.draw_text(rng) for _ in range(size)]
    kinds = [source.layouts[index] for _, index in rows]
    return {
        "gt": np.stack([standard_plate(text, kind) for (text, _), kind in zip(rows, kinds)]),
        "target": np.stack([encode(text, kind) for (text, _), kind in zip(rows, kinds)]),
        "layout": np.array([index for _, index in rows], np.int64),
    }


def train_judge(recipe: JudgeRecipe) -> dict:
    """Train on rendered plates for `recipe.steps` steps and save the network as `recipe.folder`/plate-judge.

    Returns the share of 500 new rendered plates, as they are, that it reads exactly.
    """
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    began = time.time()
    rng = np.random.default_rng(recipe.seed)
    source = SyntheticPlates(recipe.layouts)
    network = MultiTaskDiscriminator(DiscriminatorConfig(layouts=recipe.layouts)).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, recipe.steps)
    bar = tqdm(range(recipe.steps), mininterval=5, unit="step")
    for step in bar:
        batch = _batch(source, recipe.batch_size, rng)
        plates = to_tensor(batch["gt"]).contiguous(memory_format=torch.channels_last)
        tint = 1 + 0.1 * torch.randn(len(plates), 3, 1, 1)
        plates = (plates * tint + 0.1 * torch.randn(len(plates), 3, 1, 1)).clamp(-1, 1)
        target = torch.from_numpy(batch["target"])[:, : network.table.max_characters]
        with torch.autocast("cpu", torch.bfloat16):
            out = network(seen_by_discriminator(plates), torch.from_numpy(batch["layout"]))
            loss = character_cross_entropy(out.characters, target)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            bar.set_postfix(loss=round(float(loss.detach()), 4))
    network.eval().to(memory_format=torch.contiguous_format)
    hours = round((time.time() - began) / 3600, 2)
    rows = [source.draw_text(rng) for _ in range(500)]
    names = [recipe.layouts[index] for _, index in rows]
    pictures = [standard_plate(text, get_layout(name)) for (text, _), name in zip(rows, names)]
    read = PictureReader(network)(pictures, names)
    right = float(np.mean([a == b for a, (b, _) in zip(read, rows)]))
    seen = recipe.steps * recipe.batch_size
    facts = {"steps": recipe.steps, "plates_seen": seen, "hours": hours, "cores": torch.get_num_threads()}
    command = f"python -m lpgan_demo train judge --steps {recipe.steps}"
    save_weights(network, Path(recipe.folder) / "plate-judge", exact_on_new=right, command=command, **facts)
    return {"plate_accuracy": right}


@dataclass(frozen=True)
class ClassicalRecipe:
    """Train the classical reader's character classifier on decent shots of rendered plates and on standard plates."""

    kind = "classical"
    folder: str = option("weights", "where the folder classical-reader is written")
    plates: int = option(12000, "rendered plates whose characters are learnt")
    epochs: int = option(12, "passes over those characters")
    batch_size: int = option(256, "characters per step")
    learning_rate: float = option(2e-3, "highest learning rate of Adam (one cycle)")
    severity: float = option(0.3, "worst shot, in [0, 1]: a reader like this is not made for street cameras")
    seed: int = option(1, "seed of plates and initial weights")
    layouts: tuple = option(CHINESE_LAYOUTS, "plate layouts to learn")


def _plate(source: SyntheticPlates, severity: float, rng: np.random.Generator):
    """(picture, text, layout): every third a standard plate, as GN should draw it; the others decent shots."""
    text, index = source.draw_text(rng)
    layout = source.layouts[index]
    if rng.random() < 1 / 3:
        return standard_plate(text, layout), text, layout
    scene = plate_scene(text, layout, rng, font_glyphs(("Regular", "Medium", "SemiBold")[rng.integers(3)]))
    return shoot(scene, random_camera(rng, rng.uniform(0, severity)), rng), text, layout


def train_classical(recipe: ClassicalRecipe) -> dict:
    """Train and save as `recipe.folder`/classical-reader; exact plates among 300 new standard plates and shots."""
    torch.manual_seed(recipe.seed)
    began = time.time()
    rng = np.random.default_rng(recipe.seed)
    source = SyntheticPlates(recipe.layouts)
    cells, targets = [], []
    for _ in tqdm(range(recipe.plates), mininterval=5, unit="plate"):
        picture, text, layout = _plate(source, recipe.severity, rng)
        cells.append(cell_pictures(picture, layout))
        targets.append(encode(text, layout)[: layout.num_characters])
    x, y = torch.from_numpy(np.concatenate(cells)), torch.from_numpy(np.concatenate(targets))
    network = CharacterClassifier(CharacterClassifierConfig(layouts=recipe.layouts))
    optimiser = torch.optim.Adam(network.parameters(), recipe.learning_rate)
    steps = recipe.epochs * -(-len(x) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, steps)
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(x)).split(recipe.batch_size):
            loss = F.cross_entropy(network(x[chosen]), y[chosen])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()
    hours = round((time.time() - began) / 3600, 2)
    shots = [_plate(source, recipe.severity, rng) for _ in range(300)]
    read = read_plates(network, [picture for picture, _, _ in shots], [layout for _, _, layout in shots])
    right = float(np.mean([a == text for a, (_, text, _) in zip(read, shots)]))
    facts = {"plates_seen": recipe.plates, "hours": hours, "cores": torch.get_num_threads(), "exact_on_new": right}
    save_weights(network, Path(recipe.folder) / "classical-reader", **facts)
    return {"plate_accuracy": right}
