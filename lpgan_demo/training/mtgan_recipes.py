"""Recipes of MTGAN and of the networks it is compared with, which one trainer trains on the same plates.

`python -m lpgan_demo train NAME` runs a recipe in the loop of `loop.fit`, on several devices or machines through
`accelerate launch`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from torch import nn

from ..data.hidden import HiddenPlates
from ..data.plate_batches import LabelledPlateSource, PlateBatches, collate
from ..data.unknown import ForeignPlates, NoPlates
from ..networks.baselines import SRCNN, SRCNNConfig, SRResNet, SRResNetConfig
from ..networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig
from ..networks.registry import load_weights
from ..weights import facts, weights_folder
from .mtgan import MTGANTrainer, MTGANTraining
from .run import Run, begin, keep_start_facts, part_of, resume
from .trainer import option
from .validation import plate_validator


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
    hidden_share: float = option(0.0, "share of the plates of known kinds of which something hides a part")
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


def other(name: str, value):
    """The field of `MTGANRecipe` with another default."""
    return field(default=value, metadata=MTGANRecipe.__dataclass_fields__[name].metadata)


@dataclass(frozen=True)
class SRCNNRecipe(MTGANRecipe):
    """Train SRCNN on MTGAN's crops and their sharp originals: the mean squared error alone."""

    kind = "srcnn"
    name: str = other("name", "srcnn")
    run: str = other("run", "runs/srcnn")
    network: str = other("network", "srcnn")
    draws: str = other("draws", "sharp")
    lambda_adversarial: float = other("lambda_adversarial", 0.0)
    lambda_dn_character: float = other("lambda_dn_character", 0.0)


@dataclass(frozen=True)
class SRGANRecipe(MTGANRecipe):
    """Train SRGAN as SRCNN, with, a 1000th as heavy as the squared error, an ordinary discriminator's verdict."""

    kind = "srgan"
    name: str = other("name", "srgan")
    run: str = other("run", "runs/srgan")
    network: str = other("network", "srresnet")
    draws: str = other("draws", "sharp")
    d_reads: bool = other("d_reads", False)
    lambda_dn_character: float = other("lambda_dn_character", 0.0)


@dataclass(frozen=True)
class DPGANRecipe(MTGANRecipe):
    """Train DP-GAN: MTGAN's generator with the domain prior, an ordinary discriminator, no character task at all."""

    kind = "dp-gan"
    half_precision = True
    name: str = other("name", "dp-gan")
    run: str = other("run", "runs/dp-gan")
    d_reads: bool = other("d_reads", False)
    lambda_dn_character: float = other("lambda_dn_character", 0.0)
    lambda_character: float = other("lambda_character", 0.0)
    unknown: bool = other("unknown", False)
    corners: bool = other("corners", False)


@dataclass(frozen=True)
class GNRecipe(DPGANRecipe):
    """Train GN alone: the mean squared error, no adversary and no character task."""

    kind = "gn"
    name: str = other("name", "gn")
    run: str = other("run", "runs/gn")
    d_reads: bool = other("d_reads", True)
    lambda_adversarial: float = other("lambda_adversarial", 0.0)


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
    if recipe.hidden_share:
        parts.append(HiddenPlates(parts))
        shares = [share * (1 - recipe.hidden_share) for share in shares] + [recipe.hidden_share]
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
