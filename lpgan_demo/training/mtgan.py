"""Trainer and recipes of MTGAN and of the networks it is compared with: GN and DN in turn, moving averages of both.

`python -m lpgan_demo train NAME` runs a recipe in the loop of `loop.fit`, on several devices or machines through
`accelerate launch`.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data.plate_batches import LabelledPlateSource, PlateBatches, collate
from ..data.unknown import ForeignPlates, NoPlates
from ..images import to_images
from ..networks.baselines import SRCNN, SRCNNConfig, SRResNet, SRResNetConfig
from ..networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig
from ..networks.registry import load_weights
from ..weights import facts, weights_folder
from . import losses
from .run import Run, begin, keep_start_facts, part_of, resume
from .trainer import Trainer, option
from .validation import plate_validator


@dataclass(frozen=True)
class MTGANTraining:
    """How MTGAN is trained. L_G = mse * L_MSE + adversarial * L_adv + dn_character * L_char + heads."""

    learning_rate: float = option(1.2e-3, "Adam's learning rate for GN")
    d_learning_rate: float = option(1e-3, "Adam's learning rate for DN")
    weight_decay: float = option(0.01, "decoupled weight decay of GN")
    warmup_steps: int = option(300, "steps over which the learning rates rise from zero")
    decay_share: float = option(0.25, "last share of the run over which the learning rates fall to zero (cosine)")
    lambda_mse: float = option(10.0, "weight of L_MSE between GN's plate and the standard plate")
    lambda_adversarial: float = option(0.01, "weight of DN's real/fake verdict on GN's plate")
    lambda_dn_character: float = option(0.1, "weight of DN's reading of GN's plate")
    lambda_character: float = option(1.0, "weight of the cross entropy of GN's own character head")
    first_weight: float = option(1.0, "how much more the first character weighs in that cross entropy")
    lambda_layout: float = option(0.2, "weight of the cross entropy of GN's layout head")
    lambda_corners: float = option(2.0, "weight of the absolute error of GN's corners, in shares of the crop")
    character_loss: str = option("bce", "DN's character loss: bce (the paper's) or cross-entropy")
    literal_adversarial: bool = option(False, "the paper's printed L_G = L_MSE - L_F, which rewards mis-reading too")
    augment_view: bool = option(True, "blur, shift and noise what DN sees, so that GN cannot whisper to it in pixels")
    draw_share: float = option(1.0, "share of a batch that is drawn and judged; the rest trains the reading alone")
    discriminator_every: int = option(1, "train DN on every n-th step")
    ema: float = option(0.999, "decay of the moving average of GN's and DN's weights, the ones that are published")
    clip: float = option(1.0, "largest norm of GN's gradient")
    precision: str = option("auto", "bf16 (autocast), fp32, or auto: bf16 where the device does it natively")


class MTGANTrainer(Trainer):
    """Alternating training of GN and DN on batches dict(lq, gt, target, layout, corners) of tensors.

    Plates of no known kind are last in a batch; they train the layout head and the corners alone.

    step(batch) trains DN on real and (detached) generated plates, then GN with DN frozen, and returns the values
    d_real, d_fake, g_adv, g_pixel, g_char, g_head, g_layout and g_corners. DN is left out when both its weights in L_G
    are zero.
    `generator_ema` and `discriminator_ema` are what is published.
    """

    state_names = ("generator", "discriminator", "generator_ema", "discriminator_ema", "g_optimiser", "d_optimiser")

    def __init__(self, generator: nn.Module, discriminator: nn.Module, config: MTGANTraining, accelerator=None):
        if config.character_loss not in ("bce", "cross-entropy"):
            raise ValueError(f"character_loss must be bce or cross-entropy, not {config.character_loss!r}")
        if not 0 < config.draw_share <= 1:
            raise ValueError(f"draw_share must be above 0 and at most 1, not {config.draw_share}")
        if config.discriminator_every < 1:
            raise ValueError("discriminator_every must be at least 1")
        super().__init__(config, accelerator)
        memory = torch.channels_last
        generator, discriminator = (m.to(self.device, memory_format=memory) for m in (generator, discriminator))
        self.generator_ema = copy.deepcopy(generator).requires_grad_(False).eval()
        self.discriminator_ema = copy.deepcopy(discriminator).requires_grad_(False).eval()
        g_optimiser = torch.optim.AdamW(
            generator.parameters(), config.learning_rate, betas=(0.9, 0.99), weight_decay=config.weight_decay
        )
        d_optimiser = torch.optim.Adam(discriminator.parameters(), config.d_learning_rate, betas=(0.5, 0.99))
        self.generator, self.discriminator, self.g_optimiser, self.d_optimiser = self.accelerator.prepare(
            generator, discriminator, g_optimiser, d_optimiser
        )
        self.character_loss = losses.character_bce if config.character_loss == "bce" else losses.character_cross_entropy
        self.has_adversary = bool(config.lambda_adversarial or config.lambda_dn_character)
        self.optimisers = [(self.g_optimiser, config.learning_rate), (self.d_optimiser, config.d_learning_rate)]
        self.averaged = [(self.generator_ema, self.generator), (self.discriminator_ema, self.discriminator)]

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config = self.config
        lq, gt, layout = batch["lq"], batch["gt"], batch["layout"]
        view = losses.seen_by_discriminator if config.augment_view else (lambda plate: plate)
        autocast = self.autocast()
        discriminator = self.accelerator.unwrap_model(self.discriminator)
        known = layout < len(discriminator.config.layouts)
        n = min(math.ceil(config.draw_share * len(lq)), int(known.sum()))
        with autocast:
            out = self.generator(lq, layout * known, n)
        target = batch["target"][:, : discriminator.table.max_characters]
        log: dict[str, Tensor] = {}

        if n and self.has_adversary and self.steps % config.discriminator_every == 0:  # DN
            with autocast:
                real = self.discriminator(view(gt[:n]), layout[:n])
                fake = self.discriminator(view(out.restored.detach()), layout[:n])
                d_loss, parts = losses.discriminator_loss(real, fake, target[:n], self.character_loss)
            self.update(self.d_optimiser, d_loss)
            log.update(parts)

        discriminator.requires_grad_(False)  # GN, with DN frozen
        with autocast:
            g_loss = torch.zeros((), device=lq.device)
            if n:
                log["g_pixel"] = losses.pixel_mse(out.restored, gt[:n])
                g_loss = config.lambda_mse * log["g_pixel"]
            if n and self.has_adversary:
                log["g_adv"], log["g_char"] = losses.generator_adversarial(
                    discriminator(view(out.restored), layout[:n]),
                    target[:n],
                    config.literal_adversarial,
                    self.character_loss,
                )
                g_loss = g_loss + config.lambda_adversarial * log["g_adv"]
                g_loss = g_loss + config.lambda_dn_character * log["g_char"]
            if out.characters is not None:
                log["g_head"] = losses.character_cross_entropy(out.characters, target, config.first_weight)
                log["g_layout"] = F.cross_entropy(out.layout, layout)
                g_loss = g_loss + config.lambda_character * log["g_head"] + config.lambda_layout * log["g_layout"]
            if out.corners is not None:
                log["g_corners"] = losses.corner_error(out.corners, batch["corners"])
                g_loss = g_loss + config.lambda_corners * log["g_corners"]
        self.update(self.g_optimiser, g_loss, self.generator)
        discriminator.requires_grad_(True)
        return self.finish_step(len(lq), log)

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """Input, GN's plate and the standard plate beside each other, two plates a row, uint8 RGB."""
        drawn = to_images(self.generator_ema(batch["lq"]).restored)
        lq = to_images(F.interpolate(batch["lq"], batch["gt"].shape[2:], mode="bicubic"))
        rows = [np.hstack(pictures) for pictures in zip(lq, drawn, to_images(batch["gt"]))]
        half = (len(rows) + 1) // 2
        return np.hstack([np.vstack(rows[:half]), np.vstack(rows[half:] + rows[: 2 * half - len(rows)])])


@dataclass(frozen=True)
class MTGANRecipe(MTGANTraining, Run):
    """Train MTGAN: synthetic plates, real crops in the mix, GN and DN in turn."""

    kind = "mtgan"
    half_precision = False
    """Whether GN is exported in 16 bits: the networks as large as MTGAN's that serve comparison alone."""

    run: str = option("runs/mtgan", "folder for log, samples and checkpoints; an existing run is resumed")
    start: str = option(
        "",
        "weights to start from, FOLDER or FOLDER=NAME of another recipe; sizes must be the same, layouts may be added",
    )
    steps: int = option(5000, "steps in all")
    batch_size: int = option(64, "plates per step")
    save_every: int = option(1000, "steps between checkpoint, sample sheet and validation")
    input_size: tuple[int, ...] = option((32, 96), "height and width of GN's input, pixels")
    output_size: tuple[int, ...] = option((64, 192), "height and width of the standard plate, pixels")
    real_share: float = option(0.3, "share of real plates in a batch")
    join_share: float = option(0.4, "share of real plates that are joined from two real ones")
    unknown_share: float = option(0.06, "share of plates of no known kind in a batch, where GN has a class for them")
    negatives: str = option("", "zip of real pictures without a plate, half of those of no known kind")
    num_blocks: int = option(6, "the paper's K, residual blocks of GN's trunk")
    num_features: int = option(64, "width of GN's trunk")
    code_features: int = option(160, "width of GN's region encoder")
    code_blocks: int = option(4, "residual blocks of GN's region encoder")
    code_size: int = option(224, "numbers in the code of one character")
    unknown: bool = option(True, "GN has a class for plates of no known kind")
    corners: bool = option(True, "GN finds the plate's corners in the crop")
    stride: int = option(2, "GN's trunk works at 1/stride of the input's resolution: 1 or 2")
    d_features: tuple[int, ...] = option(
        (16, 16, 32, 32, 64, 64, 128, 128), "widths of DN's convolutions (the paper has M = 8)"
    )
    d_strides: tuple[int, ...] = option((2, 1, 2, 1, 2, 1, 1, 1), "strides of DN's convolutions")
    d_code_size: int = option(160, "numbers in DN's code of one character")
    decoder: str = option("region", "GN's decoder: region (drawn in the characters' regions) or plain (the paper's)")
    d_reads: bool = option(True, "DN also reads the characters (without: an ordinary real/fake discriminator)")
    network: str = option("gn", "what draws: gn (MTGAN's generator), srcnn or srresnet (SRGAN's generator)")
    draws: str = option("standard", "what is drawn: the standard plate, or sharp (the crop before the camera)")
    name: str = option("mtgan", "name under which `export` writes the weights: NAME-generator, and NAME-discriminator")

    @property
    def dn_reads(self) -> bool:
        """Whether DN learns to read characters and GN is trained by what DN reads."""
        return bool(self.d_reads and self.lambda_dn_character)


@dataclass(frozen=True)
class SRCNNRecipe(MTGANRecipe):
    """Train SRCNN on MTGAN's crops and their sharp originals: the mean squared error alone."""

    kind = "srcnn"
    name: str = option("srcnn", "name under which `export` writes the weights")
    run: str = option("runs/srcnn", "folder for log, samples and checkpoints; an existing run is resumed")
    network: str = option("srcnn", "what draws: gn (MTGAN's generator), srcnn or srresnet (SRGAN's generator)")
    draws: str = option("sharp", "what is drawn: the standard plate, or sharp (the crop before the camera)")
    lambda_adversarial: float = option(0.0, "weight of DN's real/fake verdict on GN's plate")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")


@dataclass(frozen=True)
class SRGANRecipe(MTGANRecipe):
    """Train SRGAN as SRCNN, with, a 1000th as heavy as the squared error, an ordinary discriminator's verdict."""

    kind = "srgan"
    name: str = option("srgan", "name under which `export` writes the weights")
    run: str = option("runs/srgan", "folder for log, samples and checkpoints; an existing run is resumed")
    network: str = option("srresnet", "what draws: gn (MTGAN's generator), srcnn or srresnet (SRGAN's generator)")
    draws: str = option("sharp", "what is drawn: the standard plate, or sharp (the crop before the camera)")
    d_reads: bool = option(False, "DN also reads the characters (without: an ordinary real/fake discriminator)")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")


@dataclass(frozen=True)
class DPGANRecipe(MTGANRecipe):
    """Train DP-GAN: MTGAN's generator with the domain prior, an ordinary discriminator, no character task at all."""

    kind = "dp-gan"
    half_precision = True
    name: str = option("dp-gan", "name under which `export` writes the weights")
    run: str = option("runs/dp-gan", "folder for log, samples and checkpoints; an existing run is resumed")
    d_reads: bool = option(False, "DN also reads the characters (without: an ordinary real/fake discriminator)")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")
    lambda_character: float = option(0.0, "weight of the cross entropy of GN's own character head")
    unknown: bool = option(False, "GN has a class for plates of no known kind")
    corners: bool = option(False, "GN finds the plate's corners in the crop")


@dataclass(frozen=True)
class GNRecipe(MTGANRecipe):
    """Train GN alone: the mean squared error, no adversary and no character task."""

    kind = "gn"
    half_precision = True
    name: str = option("gn", "name under which `export` writes the weights")
    run: str = option("runs/gn", "folder for log, samples and checkpoints; an existing run is resumed")
    lambda_adversarial: float = option(0.0, "weight of DN's real/fake verdict on GN's plate")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")
    lambda_character: float = option(0.0, "weight of the cross entropy of GN's own character head")
    unknown: bool = option(False, "GN has a class for plates of no known kind")
    corners: bool = option(False, "GN finds the plate's corners in the crop")


def mtgan_networks(recipe: MTGANRecipe) -> tuple[nn.Module, MultiTaskDiscriminator]:
    """GN, or the network in its place, and DN of a recipe, freshly initialised."""
    sizes = {"input_size": recipe.input_size, "output_size": recipe.output_size}
    if recipe.network == "gn":
        generator = SRGenerator(part_of(recipe, SRGeneratorConfig))
    elif recipe.network in ("srcnn", "srresnet"):
        generator = SRCNN(SRCNNConfig(**sizes)) if recipe.network == "srcnn" else SRResNet(SRResNetConfig(**sizes))
    else:
        raise ValueError(f"network must be gn, srcnn or srresnet, not {recipe.network!r}")
    config = DiscriminatorConfig(
        layouts=recipe.layouts,
        input_size=recipe.output_size,
        features=recipe.d_features,
        strides=recipe.d_strides,
        code_size=recipe.d_code_size,
        reads=recipe.d_reads,
    )
    return generator, MultiTaskDiscriminator(config)


def copy_weights(network: nn.Module, published: nn.Module) -> None:
    """Copy published weights into a network of the same sizes that may know more: layouts, "unknown", the corners.

    Its layouts must begin with the published ones; what the published network lacks is left alone. Raises ValueError
    when the networks differ in anything else.
    """
    old, new = published.config, network.config
    more = {f.name: getattr(old, f.name) for f in fields(old) if f.name in ("layouts", "unknown", "corners")}
    if replace(new, **more) != old or new.layouts[: len(old.layouts)] != old.layouts:
        raise ValueError(f"the weights to start from were made with {old}, not {new}")
    state = network.state_dict()
    for name, value in published.state_dict().items():
        if name.startswith("layout_head.") and old.unknown and len(new.layouts) > len(old.layouts):
            state[name][-1] = value[-1]  # "unknown" stays the last
            value = value[:-1]
        state[name][tuple(slice(n) for n in value.shape)] = value
    network.load_state_dict(state)


def exported_networks(recipe: MTGANRecipe, state: dict) -> dict:
    """As `recipes.exported_networks`: NAME-generator and, where DN reads, NAME-discriminator."""
    generator, discriminator = mtgan_networks(recipe)
    generator.load_state_dict(state["generator_ema"])
    exported = {f"{recipe.name}-generator": (generator, recipe.half_precision)}
    if recipe.dn_reads:
        discriminator.load_state_dict(state["discriminator_ema"])
        exported[f"{recipe.name}-discriminator"] = (discriminator, False)
    return exported


def train_mtgan(recipe: MTGANRecipe) -> dict:
    """Run the recipe, or resume its run where there is a checkpoint; returns the last validation's values."""
    if recipe.draws not in ("standard", "sharp"):
        raise ValueError(f"draws must be standard or sharp, not {recipe.draws!r}")
    source, sides = begin(recipe)
    parts, shares = [source], [1.0]
    if sides["train"]:
        margin = (-0.04, 0.08) if recipe.framing == "close" else (-0.10, 0.13)
        options = {"join_share": recipe.join_share, "margin": margin, "characters": source.characters}
        parts.append(LabelledPlateSource(sides["train"], recipe.layouts, **options))
        shares = [1 - recipe.real_share, recipe.real_share]
    if recipe.network == "gn" and recipe.decoder == "region" and recipe.unknown and recipe.unknown_share:
        strangers = [ForeignPlates(len(recipe.layouts), source.ranges)]
        strangers += [NoPlates(recipe.negatives, len(recipe.layouts))] if recipe.negatives else []
        parts += strangers
        shares += [recipe.unknown_share / (1 - recipe.unknown_share) / len(strangers)] * len(strangers)
    generator, discriminator = mtgan_networks(recipe)
    if recipe.start:
        folder, _, name = recipe.start.partition("=")
        gn_folder = weights_folder(folder, f"{name or recipe.name}-generator")
        keep_start_facts(recipe.run, facts(gn_folder))
        copy_weights(generator, load_weights(gn_folder))
        dn_folder = gn_folder.parent / f"{name or recipe.name}-discriminator"
        if dn_folder.is_dir():
            copy_weights(discriminator, load_weights(dn_folder))
    sizes = {"input_size": recipe.input_size, "output_size": recipe.output_size, "layouts": recipe.layouts}
    unseen, validate = source, None
    if sides["validation"]:
        unseen = LabelledPlateSource(sides["validation"], recipe.layouts)
        validate = plate_validator(sides["validation"], **sizes, dn_reads=recipe.dn_reads, draws=recipe.draws)
    rng = np.random.default_rng(3)
    rows = [source.sample(rng) for _ in range(8)] + [unseen.sample(rng) for _ in range(16)]
    dn_options = {"network", "d_features", "d_strides", "d_code_size", "d_reads"}
    return resume(
        recipe,
        MTGANTrainer(generator, discriminator, part_of(recipe, MTGANTraining)),
        PlateBatches(parts, shares, recipe.batch_size, recipe.seed, **sizes, draws=recipe.draws),
        sample=collate(rows, **sizes, draws=recipe.draws),
        validate=validate,
        architecture={f.name for f in fields(SRGeneratorConfig)} | dn_options,
    )
