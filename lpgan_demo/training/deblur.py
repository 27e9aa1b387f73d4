"""Trainer and recipe of the deblur GAN: L_total = L_adv + K1 L_percept + K2 L_1, the two networks in turn."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from .. import images
from ..data.ink_batches import InkBatches, InkOfPhotos, InkPlates
from ..images import binarise
from ..networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig, PatchDiscriminator, PatchDiscriminatorConfig
from ..networks.guided_deblur import GuidedDeblurGenerator, GuidedDeblurGeneratorConfig
from ..networks.registry import load_weights
from ..weights import BUNDLED, facts
from .losses import VGG16Features, dice_loss, perceptual_loss, real_fake_loss
from .run import Run, begin, keep_start_facts, part_of, resume
from .trainer import Trainer, option, tensor_batch
from .validation import ink_validator


@dataclass(frozen=True)
class DeblurTraining:
    """How the deblur GAN is trained. The losses have the paper's weights; L_1 is of pictures in [0, 1]."""

    learning_rate: float = option(5e-4, "Adam's learning rate for the generator")
    d_learning_rate: float = option(2e-4, "Adam's learning rate for the discriminator")
    warmup_steps: int = option(200, "steps over which the learning rates rise from zero")
    decay_share: float = option(0.3, "last share of the run over which the learning rates fall to zero (cosine)")
    lambda_adversarial: float = option(1.0, "weight of the adversarial loss")
    lambda_perceptual: float = option(145.0, "K1, weight of the perceptual loss")
    lambda_l1: float = option(170.0, "K2, weight of the mean absolute error")
    lambda_dice: float = option(0.0, "weight of the Dice loss, which asks for the F-measure of ink; not in the paper")
    vgg: str = option("torchvision", "VGG16 of the perceptual loss: torchvision, or an .npz file in Caffe's layout")
    perceptual_every: int = option(1, "take the perceptual loss on every n-th step, n times as strongly")
    ema: float = option(0.998, "decay of the moving average of the generator's weights, the ones that are published")
    precision: str = option("auto", "bf16 (autocast), fp32, or auto: bf16 where the device does it natively")


class DeblurTrainer(Trainer):
    """Alternating training on batches dict(blurred (N, 3, H, W), ink (N, 1, H, W)) of tensors in [-1, 1].

    step(batch) trains the discriminator on true and (detached) generated pictures, then the generator with the
    discriminator frozen, and returns those of the values d_real, d_fake, g_adv, g_perceptual, g_l1 and g_dice that have
    a weight. `generator_ema` is what is published.

    norms_from: dataset of batches for the batch norms' statistics of `generator_ema` (see `settle`). Without it they
    stay those of the live generator, which do not fit the averaged weights well.
    """

    state_names = ("generator", "discriminator", "generator_ema", "g_optimiser", "d_optimiser")

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, config: DeblurTraining, accelerator=None, norms_from=None
    ):
        if config.perceptual_every < 1:
            raise ValueError("perceptual_every must be at least 1")
        super().__init__(config, accelerator)
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
        self.optimisers = [(self.g_optimiser, config.learning_rate), (self.d_optimiser, config.d_learning_rate)]
        self.averaged = [(self.generator_ema, self.generator)]
        self.norms_from = norms_from

    def settle(self) -> None:
        """Compute the batch norms' statistics of `generator_ema` anew, as means over all batches of `norms_from`."""
        if self.norms_from is not None:
            batches = (tensor_batch(self.norms_from[k], self.device) for k in range(len(self.norms_from)))
            with self.autocast():
                update_bn((batch["blurred"] for batch in batches), self.generator_ema)

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config, blurred, ink = self.config, batch["blurred"], batch["ink"]
        autocast = self.autocast()
        discriminator = self.accelerator.unwrap_model(self.discriminator)
        log: dict[str, Tensor] = {}
        with autocast:
            grey = self.generator(blurred)

        if config.lambda_adversarial:
            with autocast:
                log["d_real"] = real_fake_loss(self.discriminator(blurred, ink), True)
                log["d_fake"] = real_fake_loss(self.discriminator(blurred, grey.detach()), False)
            self.update(self.d_optimiser, (log["d_real"] + log["d_fake"]) / 2)

        discriminator.requires_grad_(False)
        with autocast:
            log["g_l1"] = F.l1_loss(grey, ink) / 2
            loss = config.lambda_l1 * log["g_l1"]
            if config.lambda_adversarial:
                log["g_adv"] = real_fake_loss(discriminator(blurred, grey), True)
                loss = loss + config.lambda_adversarial * log["g_adv"]
            if config.lambda_dice:
                log["g_dice"] = dice_loss(grey, ink)
                loss = loss + config.lambda_dice * log["g_dice"]
            if self.features is not None and self.steps % config.perceptual_every == 0:
                log["g_perceptual"] = perceptual_loss(self.features, grey, ink)
                loss = loss + config.lambda_perceptual * config.perceptual_every * log["g_perceptual"]
        self.update(self.g_optimiser, loss)
        discriminator.requires_grad_(True)
        return self.finish_step(len(blurred), log)

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """Blurred picture, the generator's, its binarised form and the truth beside each other, uint8 RGB."""
        made = images.to_images(self.generator_ema(batch["blurred"]))[..., 0]
        truth = images.to_images(batch["ink"])[..., 0]
        rows = []
        for blurred, grey, ink in zip(images.to_images(batch["blurred"]), made, truth):
            rows.append(np.hstack([blurred, *(np.repeat(p[..., None], 3, 2) for p in (grey, binarise(grey), ink))]))
        return np.vstack(rows)


@dataclass(frozen=True)
class DeblurRecipe(DeblurTraining, Run):
    """Train the deblur GAN: rendered plates with their exact ink, real ones with that of their sharp crops."""

    kind = "deblur"
    name: str = option("deblur", "name under which `export` writes the weights: NAME-generator")
    run: str = option("runs/deblur", "folder for log, samples and checkpoints; an existing run is resumed")
    steps: int = option(20000, "steps in all")
    presets: tuple[str, ...] = option(("plate", "plate", "characters"), "presets of the batches, in turn")
    real_share: float = option(0.3, "share of real plates in a batch")
    num_blocks: int = option(10, "dense blocks of the generator")
    head_features: int = option(24, "width of the generator's first convolution")
    growth_rate: int = option(12, "features each dense block adds")
    bottleneck: int = option(24, "width of the 1x1 convolution in a dense block")
    tail_features: int = option(24, "width of the generator's tail")
    fold: int = option(1, "rows and columns of pixels the dense field takes at once; 1 is the paper's form")
    guided: bool = option(False, "let what MTGAN's generator sees guide the dense field; needs --fold 4")
    begin_with: tuple[str, ...] = option(
        (), "names or folders of weights to begin with: a deblur generator, an MTGAN generator"
    )
    d_features: tuple[int, ...] = option((24, 48, 96), "widths of the discriminator's convolutions before its last")


def deblur_networks(recipe: DeblurRecipe) -> tuple[DeblurGenerator, PatchDiscriminator]:
    """Generator and discriminator of a recipe, freshly initialised."""
    network, config = DeblurGenerator, DeblurGeneratorConfig
    if recipe.guided:
        network, config = GuidedDeblurGenerator, GuidedDeblurGeneratorConfig
    return network(part_of(recipe, config)), PatchDiscriminator(PatchDiscriminatorConfig(features=recipe.d_features))


def copy_matching_tensors(generator: DeblurGenerator, recipe: DeblurRecipe) -> None:
    """Copy the tensors of the weights in `recipe.begin_with` that match a generator's in name and shape.

    A deblur generator's are copied to the generator, and its facts kept in the run's start.json; an MTGAN generator's
    are copied to the guide of a guided generator. Raises ValueError when no tensor of a source matches.
    """
    for source in recipe.begin_with:
        folder = BUNDLED / source if (BUNDLED / source).is_dir() else Path(source)
        network = load_weights(folder)
        deblurs = isinstance(network, DeblurGenerator)
        target = generator.guide if isinstance(generator, GuidedDeblurGenerator) and not deblurs else generator
        shapes = {name: tensor.shape for name, tensor in target.state_dict().items()}
        matching = {name: tensor for name, tensor in network.state_dict().items() if shapes.get(name) == tensor.shape}
        if not matching:
            raise ValueError(f"no part of {source} fits this generator")
        target.load_state_dict(matching, strict=False)
        if deblurs:
            keep_start_facts(recipe.run, facts(folder))


def exported_networks(recipe: DeblurRecipe, state: dict) -> dict:
    """As `recipes.exported_networks`: NAME-generator."""
    generator, _ = deblur_networks(recipe)
    generator.load_state_dict(state["generator_ema"])
    return {f"{recipe.name}-generator": (generator, False)}


def train_deblur(recipe: DeblurRecipe) -> dict:
    """Run the recipe, or resume its run where there is a checkpoint; returns the last validation's values."""
    source, sides = begin(recipe)
    groups = []
    for preset in recipe.presets:
        group = [(InkPlates(source, preset), 1.0)]
        if sides["train"]:
            group = [(group[0][0], 1 - recipe.real_share), (InkOfPhotos(sides["train"], preset), recipe.real_share)]
        groups.append(group)
    norms_from = InkBatches([[(InkPlates(source, recipe.presets[0]), 1.0)]], 8, recipe.seed + 1, num_batches=12)
    generator, discriminator = deblur_networks(recipe)
    copy_matching_tensors(generator, recipe)
    trainer = DeblurTrainer(generator, discriminator, part_of(recipe, DeblurTraining), norms_from=norms_from)
    cv2.setNumThreads(1)
    return resume(
        recipe,
        trainer,
        InkBatches(groups, recipe.batch_size, recipe.seed),
        sample=InkBatches(groups[:1], 8, 3)[0],
        validate=ink_validator(sides["validation"]) if sides["validation"] else None,
        architecture={f.name for f in fields(DeblurGeneratorConfig)} | {"d_features", "guided"},
    )
