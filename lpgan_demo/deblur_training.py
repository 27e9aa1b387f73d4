"""The trainer and the recipe of the deblur GAN: L_total = L_adv + K1 L_percept + K2 L_1, the two networks in turn."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import images
from .datasets import SyntheticPlates
from .deblur_gan import (
    DeblurGenerator,
    DeblurGeneratorConfig,
    PatchDiscriminator,
    PatchDiscriminatorConfig,
    binarise,
)
from .degrade import Camera, shoot
from .fit import fit
from .ink_data import InkBatches, InkOfPhotos, InkPlates, sharp_ink
from .labels import real_plates
from .losses import real_fake_loss
from .metrics import ink_f_measure
from .perceptual import VGG16Features, perceptual_loss
from .plates import LAYOUTS
from .training import average, learning_rate_factor, make_accelerator, option


@dataclass(frozen=True)
class DeblurTraining:
    """How the deblur GAN is trained. The weights of the losses are the paper's; L_1 is on pictures in [0, 1]."""

    learning_rate: float = option(5e-4, "Adam's learning rate for the generator")
    d_learning_rate: float = option(2e-4, "Adam's learning rate for the discriminator")
    warmup_steps: int = option(200, "steps over which the learning rates rise from zero")
    decay_share: float = option(0.3, "last share of the run over which the learning rates fall to zero (cosine)")
    lambda_adversarial: float = option(1.0, "weight of the adversarial loss")
    lambda_perceptual: float = option(145.0, "K1, weight of the perceptual loss")
    lambda_l1: float = option(170.0, "K2, weight of the mean absolute error")
    vgg: str = option("torchvision", "VGG16 of the perceptual loss: torchvision, or an .npz file in Caffe's layout")
    perceptual_every: int = option(1, "take the perceptual loss on every n-th step, n times as strongly")
    ema: float = option(0.998, "decay of the moving average of the generator's weights, the ones that are published")
    precision: str = option("bf16", "bf16 (autocast) or fp32")


class DeblurTrainer:
    """Alternating training on batches dict(blurred (N, 3, H, W), ink (N, 1, H, W)) of tensors in [-1, 1].

    step(batch) trains the discriminator on true and (detached) made pictures, then the generator with it frozen, and
    returns the log values d_real d_fake g_adv g_perceptual g_l1. `generator_ema` is what to publish.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, config: DeblurTraining, accelerator=None):
        if config.precision not in ("bf16", "fp32"):
            raise ValueError(f"precision must be bf16 or fp32, not {config.precision!r}")
        if config.perceptual_every < 1 or config.warmup_steps < 1:
            raise ValueError("perceptual_every and warmup_steps must be at least 1")
        self.config = config
        self.accelerator = accelerator or make_accelerator()
        self.device = self.accelerator.device
        memory = torch.channels_last
        generator, discriminator = (m.to(self.device, memory_format=memory) for m in (generator, discriminator))
        self.generator_ema = copy.deepcopy(generator).requires_grad_(False).eval()
        g_optimiser = torch.optim.Adam(generator.parameters(), config.learning_rate, betas=(0.5, 0.99))
        d_optimiser = torch.optim.Adam(discriminator.parameters(), config.d_learning_rate, betas=(0.5, 0.99))
        self.generator, self.discriminator, self.g_optimiser, self.d_optimiser = self.accelerator.prepare(
            generator, discriminator, g_optimiser, d_optimiser
        )
        self.features = None
        if config.lambda_perceptual:
            self.features = VGG16Features(config.vgg).to(self.device, memory_format=memory)
        self.steps = self.seen = 0

    def set_progress(self, progress: float) -> None:
        """Set the learning rates for a share of the run done, in [0, 1]: warm-up, plateau, cosine to zero."""
        config = self.config
        factor = learning_rate_factor(self.steps, progress, config.warmup_steps, config.decay_share)
        for optimiser, rate in ((self.g_optimiser, config.learning_rate), (self.d_optimiser, config.d_learning_rate)):
            for group in optimiser.param_groups:
                group["lr"] = rate * factor

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config, blurred, ink = self.config, batch["blurred"], batch["ink"]
        autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16")
        judge = self.accelerator.unwrap_model(self.discriminator)
        log: dict[str, Tensor] = {}
        with autocast:
            grey = self.generator(blurred)

        if config.lambda_adversarial:
            with autocast:
                log["d_real"] = real_fake_loss(self.discriminator(blurred, ink), True)
                log["d_fake"] = real_fake_loss(self.discriminator(blurred, grey.detach()), False)
            self.d_optimiser.zero_grad(set_to_none=True)
            self.accelerator.backward((log["d_real"] + log["d_fake"]) / 2)
            self.d_optimiser.step()

        judge.requires_grad_(False)
        with autocast:
            log["g_l1"] = F.l1_loss(grey, ink) / 2
            loss = config.lambda_l1 * log["g_l1"]
            if config.lambda_adversarial:
                log["g_adv"] = real_fake_loss(judge(blurred, grey), True)
                loss = loss + config.lambda_adversarial * log["g_adv"]
            if self.features is not None and self.steps % config.perceptual_every == 0:
                log["g_perceptual"] = perceptual_loss(self.features, grey, ink)
                loss = loss + config.lambda_perceptual * config.perceptual_every * log["g_perceptual"]
        self.g_optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        self.g_optimiser.step()
        judge.requires_grad_(True)

        self.steps += 1
        self.seen += len(blurred) * self.accelerator.num_processes
        average(self.generator_ema, self.accelerator.unwrap_model(self.generator), config.ema, self.steps)
        return {name: float(value.detach()) for name, value in log.items()}

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """Blurred picture, grey, binary and truth beside each other, uint8 RGB."""
        made = images.to_images(self.generator_ema(batch["blurred"]))[..., 0]
        truth = images.to_images(batch["ink"])[..., 0]
        rows = []
        for blurred, grey, ink in zip(images.to_images(batch["blurred"]), made, truth):
            rows.append(np.hstack([blurred, *(np.repeat(p[..., None], 3, 2) for p in (grey, binarise(grey), ink))]))
        return np.vstack(rows)

    def _parts(self) -> dict:
        return {
            "generator": self.accelerator.unwrap_model(self.generator),
            "discriminator": self.accelerator.unwrap_model(self.discriminator),
            "generator_ema": self.generator_ema,
            "g_optimiser": self.g_optimiser,
            "d_optimiser": self.d_optimiser,
        }

    def state_dict(self) -> dict:
        """All that a resumed run needs: networks, average, optimisers, step, random state."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        return state | {"steps": self.steps, "seen": self.seen, "rng": torch.get_rng_state()}

    def load_state_dict(self, state: dict) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.steps, self.seen = state["steps"], state["seen"]
        torch.set_rng_state(state["rng"])


@dataclass(frozen=True)
class DeblurRecipe(DeblurTraining):
    """Train the deblur GAN: rendered plates with their exact ink, real ones with that of their sharp crops."""

    name: str = option("deblur", "name under which `export` writes the weights: NAME-generator")
    run: str = option("runs/deblur", "folder for log, samples and checkpoints; an existing run is resumed")
    steps: int = option(20000, "steps in all")
    batch_size: int = option(4, "pictures per step")
    seed: int = option(1, "seed of data and initial weights")
    workers: int = option(1, "processes that render plates")
    threads: int = option(0, "CPU threads of the training process (0: as many as there are cores)")
    save_every: int = option(1000, "steps between checkpoint, sample sheet and validation")
    layouts: tuple = option(tuple(LAYOUTS), "plate layouts to learn")
    layout_shares: tuple = option((3.0, 1, 0.7, 0.7, 1.2, 1, 1.2, 1, 0.7), "share of each among rendered plates")
    presets: tuple = option(("plate", "plate", "characters"), "presets of the batches, in turn")
    real: tuple = option((), "folders of labelled real plates, FOLDER or FOLDER=LAYOUT")
    half: tuple = option((), "folders like --real of which only half of the photos may train, the rest is for judging")
    real_share: float = option(0.3, "share of real plates in a batch")
    glyphs: tuple = option((), "folders of glyph images for the mix, FOLDER or FOLDER=PREFIX")
    num_blocks: int = option(10, "dense blocks of the generator")
    head_features: int = option(24, "width of the generator's first convolution")
    growth_rate: int = option(12, "features each dense block adds")
    bottleneck: int = option(24, "width of the 1x1 convolution in a dense block")
    tail_features: int = option(24, "width of the generator's tail")
    d_features: tuple = option((24, 48, 96), "widths of the discriminator's convolutions before its last")


def deblur_networks(recipe: DeblurRecipe) -> tuple[DeblurGenerator, PatchDiscriminator]:
    """Generator and discriminator of a recipe, freshly initialised."""
    sizes = {f.name: getattr(recipe, f.name) for f in fields(DeblurGeneratorConfig) if f.name != "input_size"}
    return DeblurGenerator(DeblurGeneratorConfig(**sizes)), PatchDiscriminator(
        PatchDiscriminatorConfig(features=recipe.d_features)
    )


def ink_validator(plates, size=(128, 192)):
    """A function of the trainer: F-measure of ink on real crops shot three ways, against the sharp crop's ink."""
    sharp = [images.resize(plate.crop(margin=0.03), size) for plate in plates]
    truths = [sharp_ink(crop, plate.layout) for crop, plate in zip(sharp, plates)]
    cameras = {
        "half": Camera(width=47),
        "motion": Camera(motion=7, angle=15, noise=8, jpeg=40),
        "street": Camera(width=55, defocus=0.7, motion=2.5, angle=45, gain=0.85, noise=5, jpeg=58),
    }
    views = {}
    for name, camera in cameras.items():
        rng = np.random.default_rng(7)
        views[name] = images.to_tensor([images.resize(shoot(crop, camera, rng), size) for crop in sharp])

    @torch.no_grad()
    def validate(trainer) -> dict:
        values = {}
        for name, blurred in views.items():
            made = [trainer.generator_ema(part.to(trainer.device)) for part in blurred.split(8)]
            greys = images.to_images(torch.cat(made))[..., 0]
            scores = [ink_f_measure(binarise(grey), truth) for grey, truth in zip(greys, truths)]
            values[f"{name}_f"] = round(float(np.mean(scores)), 4)
        return values | {"score": float(np.mean(list(values.values())))}

    return validate


def train_deblur(recipe: DeblurRecipe) -> dict:
    """Run the recipe, or go on with it when its run folder holds a checkpoint; returns the last validation's values."""
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    if len(recipe.layout_shares) != len(recipe.layouts):
        raise ValueError(f"{len(recipe.layouts)} layouts need as many layout shares, not {len(recipe.layout_shares)}")
    glyphs = [tuple(spec.split("=", 1)) for spec in recipe.glyphs]
    source = SyntheticPlates(recipe.layouts, recipe.layout_shares, glyphs)
    sides = real_plates(recipe.real, recipe.half)
    groups = []
    for preset in recipe.presets:
        group = [(InkPlates(source, preset), 1.0)]
        if sides["train"]:
            group = [(group[0][0], 1 - recipe.real_share), (InkOfPhotos(sides["train"], preset), recipe.real_share)]
        groups.append(group)
    training = {f.name: getattr(recipe, f.name) for f in fields(DeblurTraining)}
    trainer = DeblurTrainer(*deblur_networks(recipe), DeblurTraining(**training))
    folder = Path(recipe.run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), ensure_ascii=False, indent=1), encoding="utf-8")
    cv2.setNumThreads(1)
    return fit(
        trainer,
        InkBatches(groups, recipe.batch_size, recipe.seed),
        recipe.run,
        recipe.steps,
        workers=recipe.workers,
        save_every=recipe.save_every,
        sample=InkBatches(groups[:1], 8, 3)[0],
        validate=ink_validator(sides["validation"]) if sides["validation"] else None,
    )
