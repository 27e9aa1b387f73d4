"""Training the judge, `judge.py`: rendered standard plates, slightly blurred, shifted, tinted and noised, and no GN."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from .data.synthetic import SyntheticPlates
from .evaluation.readers.judge import read_pictures
from .images.pixels import to_tensor
from .losses import character_cross_entropy
from .networks.base import save_weights
from .networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator
from .plates.layouts import LAYOUTS, get_layout
from .plates.standard import standard_plate
from .plates.text import encode
from .trainer import option
from .training import seen_by_discriminator


@dataclass(frozen=True)
class JudgeRecipe:
    """Train the judge: a network of DN's form, on rendered standard plates, blurred, shifted and tinted a little."""

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
    read = read_pictures(network, pictures, names)
    right = float(np.mean([a == b for a, (b, _) in zip(read, rows)]))
    seen = recipe.steps * recipe.batch_size
    facts = {"steps": recipe.steps, "plates_seen": seen, "hours": hours, "cores": torch.get_num_threads()}
    command = f"python -m lpgan_demo train judge --steps {recipe.steps}"
    save_weights(network, Path(recipe.folder) / "plate-judge", exact_on_new=right, command=command, **facts)
    return {"plate_accuracy": right}
