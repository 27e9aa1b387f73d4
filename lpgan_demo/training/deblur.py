"""Trainer and recipe of the deblur GAN: L_total = L_adv + K1 L_percept + K2 L_1, the two networks in turn."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.swa_utils import update_bn

from .. import images
from ..data.ink_batches import InkBatches, InkOfPhotos, InkPlates
from ..images import binarise
from ..inference import PlatePipeline
from ..inference.deblurring import generator_input
from ..networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig, PatchDiscriminator, PatchDiscriminatorConfig
from ..networks.registry import load_weights
from ..plates.ink import drawn_plate
from ..weights import facts
from .losses import VGG16Features, dice_loss, perceptual_loss, real_fake_loss
from .run import Run, begin, keep_start_facts, part_of, resume, start_folder
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
    lambda_grey: float = option(60.0, "weight of the mean absolute error of a guided generator's grey picture")
    unguided_share: float = option(0.1, "share of a guided generator's pictures that come without a guide")
    misguided_share: float = option(0.05, "share that come with another picture's guide, so that it is not just copied")
    vgg: str = option("torchvision", "VGG16 of the perceptual loss: torchvision, or an .npz file in Caffe's layout")
    perceptual_every: int = option(1, "take the perceptual loss on every n-th step, n times as strongly")
    ema: float = option(0.998, "decay of the moving average of the generator's weights, the ones that are published")
    precision: str = option("auto", "bf16 (autocast), fp32, or auto: bf16 where the device does it natively")


class DeblurTrainer(Trainer):
    """Alternating training on batches dict(blurred (N, 3, H, W), ink, sharp (N, 1, H, W)) of tensors in [-1, 1].

    step(batch) trains the discriminator on true and (detached) generated ink, then the generator with the discriminator
    frozen, and returns those of the values d_real, d_fake, g_adv, g_perceptual, g_l1, g_dice and g_grey that have a
    weight. `generator_ema` is what is published.

    norms_from: dataset of batches for the batch norms' statistics of `generator_ema` (see `settle`). Without it they
    stay those of the live generator, which do not fit the averaged weights well.
    mtgan: reads the pictures for the guide of a guided generator; such as a `PlatePipeline` without detector.
    """

    state_names = ("generator", "discriminator", "generator_ema", "g_optimiser", "d_optimiser")

    def __init__(self, generator, discriminator, config: DeblurTraining, accelerator=None, norms_from=None, mtgan=None):
        if generator.config.guided and mtgan is None:
            raise ValueError("a guided generator needs what MTGAN draws: give mtgan")
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
        self.norms_from, self.mtgan = norms_from, mtgan if generator.config.guided else None

    def guided(self, blurred: Tensor, rng: np.random.Generator | None = None) -> Tensor:
        """The generator's input: the pictures and, where it is guided, their guides; (N, 3 or 5, H, W).

        rng: draws which pictures have no guide, or another's; None: all have their own.
        """
        if self.mtgan is None:
            return blurred
        pictures = list(images.to_images(blurred))
        drawn = [drawn_plate(plate) for plate in self.mtgan.read_plates(pictures)]
        if rng is not None:
            kept = drawn.copy()
            for k, share in enumerate(rng.random(len(drawn))):
                if share < self.config.unguided_share:
                    drawn[k] = None
                elif share < self.config.unguided_share + self.config.misguided_share:
                    drawn[k] = kept[k - 1]
        return torch.from_numpy(generator_input(pictures, drawn)).to(self.device, memory_format=torch.channels_last)

    def settle(self) -> None:
        """Compute the batch norms' statistics of `generator_ema` anew, as means over all batches of `norms_from`."""
        if self.norms_from is not None:
            batches = (tensor_batch(self.norms_from[k], self.device) for k in range(len(self.norms_from)))
            with self.autocast():
                update_bn((self.guided(batch["blurred"]) for batch in batches), self.generator_ema)

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config, blurred, ink = self.config, batch["blurred"], batch["ink"]
        autocast = self.autocast()
        discriminator = self.accelerator.unwrap_model(self.discriminator)
        log: dict[str, Tensor] = {}
        given = self.guided(blurred, np.random.default_rng((7, self.steps)))
        with autocast:
            made, *sharp = self.generator(given).split(1, 1)  # the ink and, from a guided generator, the grey picture

        if config.lambda_adversarial:
            with autocast:
                log["d_real"] = real_fake_loss(self.discriminator(blurred, ink), True)
                log["d_fake"] = real_fake_loss(self.discriminator(blurred, made.detach()), False)
            self.update(self.d_optimiser, (log["d_real"] + log["d_fake"]) / 2)

        discriminator.requires_grad_(False)
        with autocast:
            log["g_l1"] = F.l1_loss(made, ink) / 2
            loss = config.lambda_l1 * log["g_l1"]
            if config.lambda_adversarial:
                log["g_adv"] = real_fake_loss(discriminator(blurred, made), True)
                loss = loss + config.lambda_adversarial * log["g_adv"]
            if config.lambda_dice:
                log["g_dice"] = dice_loss(made, ink)
                loss = loss + config.lambda_dice * log["g_dice"]
            if sharp and config.lambda_grey:
                log["g_grey"] = F.l1_loss(sharp[0], batch["sharp"]) / 2
                loss = loss + config.lambda_grey * log["g_grey"]
            if self.features is not None and self.steps % config.perceptual_every == 0:
                log["g_perceptual"] = perceptual_loss(self.features, made, ink)
                loss = loss + config.lambda_perceptual * config.perceptual_every * log["g_perceptual"]
        self.update(self.g_optimiser, loss)
        discriminator.requires_grad_(True)
        return self.finish_step(len(blurred), log)

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """Blurred picture, the generator's outputs, its binarised ink and the truth beside each other, uint8 RGB."""
        made = images.to_images(self.generator_ema(self.guided(batch["blurred"])))
        truth = images.to_images(batch["ink"])[..., 0]
        rows = []
        for blurred, out, ink in zip(images.to_images(batch["blurred"]), made, truth):
            shown = [*out.transpose(2, 0, 1)[::-1], binarise(out[..., 0]), ink]
            rows.append(np.hstack([blurred, *(np.repeat(p[..., None], 3, 2) for p in shown)]))
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
    guided: bool = option(False, "let what MTGAN draws guide the generator, which then deblurs the grey picture too")
    mtgan: str = option("", "folder of MTGAN's weights for the guide (default: the bundled ones)")
    start: str = option("", "name or folder of a deblur generator's weights to start from")
    d_features: tuple[int, ...] = option((24, 48, 96), "widths of the discriminator's convolutions before its last")


def deblur_networks(recipe: DeblurRecipe) -> tuple[DeblurGenerator, PatchDiscriminator]:
    """Generator and discriminator of a recipe, freshly initialised."""
    generator = DeblurGenerator(part_of(recipe, DeblurGeneratorConfig))
    return generator, PatchDiscriminator(PatchDiscriminatorConfig(features=recipe.d_features))


def copy_weights(generator: DeblurGenerator, recipe: DeblurRecipe) -> None:
    """Copy the weights of `recipe.start`, and keep their facts in the run's start.json.

    A guided generator may start from one without a guide: what the guide adds and the grey output start at zero.
    Raises ValueError when the networks differ in anything else.
    """
    folder = start_folder(recipe.start)
    network = load_weights(folder)
    if replace(network.config, guided=generator.config.guided) != generator.config:
        raise ValueError(f"the weights to start from were made with {network.config}, not {generator.config}")
    state = network.state_dict()
    if generator.config.guided and not network.config.guided:
        more = torch.zeros(state["head.weight"].shape[0], 2 * generator.config.fold**2, 3, 3)
        state["head.weight"] = torch.cat([state["head.weight"], more], 1)
        for name in ("to_grey.weight", "to_grey.bias"):
            state[name] = torch.cat([state[name], torch.zeros_like(state[name])])
    generator.load_state_dict(state)
    keep_start_facts(recipe.run, facts(folder))


def exported_networks(recipe: DeblurRecipe, state: dict) -> dict:
    """As `recipes.exported_networks`: NAME-generator."""
    generator, _ = deblur_networks(recipe)
    generator.load_state_dict(state["generator_ema"])
    return {f"{recipe.name}-generator": (generator, False)}


def train_deblur(recipe: DeblurRecipe) -> dict:
    """Run the recipe, or resume its run where there is a checkpoint; returns the last validation's values."""
    source, sides = begin(recipe)
    framing, lettering = source.ranges, [*source.folders, *source.fonts[:1]]
    groups = {}
    for preset in dict.fromkeys(recipe.presets):
        group = [(InkPlates(source, preset, framing), 1.0)]
        if sides["train"]:
            real = InkOfPhotos(sides["train"], preset, lettering)
            group = [(group[0][0], 1 - recipe.real_share), (real, recipe.real_share)]
        groups[preset] = group
    groups = [groups[preset] for preset in recipe.presets]
    norms_from = InkBatches(groups, 8, recipe.seed + 1, num_batches=12)
    generator, discriminator = deblur_networks(recipe)
    if recipe.start:
        copy_weights(generator, recipe)
    mtgan = None
    if recipe.guided:
        options = {"views": 1, "reader": "head", "detect": False, "deblur": False}
        mtgan = PlatePipeline.from_pretrained(recipe.mtgan or None, **options)
    config = part_of(recipe, DeblurTraining)
    trainer = DeblurTrainer(generator, discriminator, config, norms_from=norms_from, mtgan=mtgan)
    cv2.setNumThreads(1)
    return resume(
        recipe,
        trainer,
        InkBatches(groups, recipe.batch_size, recipe.seed),
        sample=InkBatches(groups[:1], 8, 3)[0],
        validate=ink_validator(sides["validation"], lettering) if sides["validation"] else None,
        architecture={f.name for f in fields(DeblurGeneratorConfig)} | {"d_features"},
    )
