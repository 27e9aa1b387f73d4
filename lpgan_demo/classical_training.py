"""Training the classical reader's classifier: characters cut out of rendered plates by its own segmentation."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from .data.synthetic import SyntheticPlates
from .evaluation.readers.classical import cell_pictures, read_plates
from .networks.base import save_weights
from .networks.character_classifier import CharacterClassifier, CharacterClassifierConfig
from .plates.camera import random_camera, shoot
from .plates.glyphs import font_glyphs
from .plates.layouts import CHINESE_LAYOUTS
from .plates.scenes import plate_scene
from .plates.standard import standard_plate
from .plates.text import encode
from .trainer import option


@dataclass(frozen=True)
class ClassicalRecipe:
    """Train the classical reader's character classifier on decent shots of rendered plates and on standard plates."""

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
