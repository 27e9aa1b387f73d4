"""Recipes: which data and which networks make which weights. `python -m lpgan_demo train NAME` runs one."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import images
from .data.labelled import RealPlate
from .data.plate_batches import PlateBatches, RealPlates, collate
from .evaluation.metrics import reading_scores
from .networks.baselines import SRCNN, SRCNNConfig, SRResNet, SRResNetConfig
from .networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig
from .networks.registry import load_weights
from .plates.camera import Camera, shoot
from .plates.layouts import get_layout
from .plates.standard import standard_plate
from .plates.text import decode
from .runs import Run, begin, go_on, part_of
from .trainer import option
from .training import MTGANTrainer, MTGANTraining
from .weights.folder import facts
from .weights.hub import weights_folder


@dataclass(frozen=True)
class MTGANRecipe(MTGANTraining, Run):
    """Train MTGAN: synthetic plates, real crops in the mix, GN and DN in turn."""

    run: str = option("runs/mtgan", "folder for log, samples and checkpoints; an existing run is resumed")
    start: str = option(
        "",
        "weights to start from, FOLDER or FOLDER=NAME of another recipe; sizes must be the same, layouts may be added",
    )
    steps: int = option(5000, "steps in all")
    batch_size: int = option(64, "plates per step")
    save_every: int = option(1000, "steps between checkpoint, sample sheet and validation")
    layout_shares: tuple = option(
        (0.42, 0.16, 0.06, 0.06, 0.13, 0.04, 0.04, 0.04, 0.05), "share of each layout among synthetic plates"
    )
    input_size: tuple = option((32, 96), "height and width of GN's input, pixels")
    output_size: tuple = option((64, 192), "height and width of the standard plate, pixels")
    real_share: float = option(0.3, "share of real plates in a batch")
    join_share: float = option(0.4, "share of real plates that are joined from two real ones")
    num_blocks: int = option(6, "the paper's K, residual blocks of GN's trunk")
    num_features: int = option(64, "width of GN's trunk")
    code_features: int = option(160, "width of GN's region encoder")
    code_blocks: int = option(4, "residual blocks of GN's region encoder")
    code_size: int = option(224, "numbers in the code of one character")
    stride: int = option(2, "GN's trunk works at 1/stride of the input's resolution: 1 or 2")
    d_features: tuple = option((16, 16, 32, 32, 64, 64, 128, 128), "widths of DN's convolutions (the paper has M = 8)")
    d_strides: tuple = option((2, 1, 2, 1, 2, 1, 1, 1), "strides of DN's convolutions")
    d_code_size: int = option(160, "numbers in DN's code of one character")
    decoder: str = option("region", "GN's decoder: region (drawn in the characters' regions) or plain (the paper's)")
    d_reads: bool = option(True, "DN also reads the characters (without: an ordinary real/fake discriminator)")
    network: str = option("gn", "what draws: gn (MTGAN's generator), srcnn or srresnet (SRGAN's generator)")
    name: str = option("mtgan", "name under which `export` writes the weights: NAME-generator, and NAME-discriminator")


@dataclass(frozen=True)
class SRCNNRecipe(MTGANRecipe):
    """Train SRCNN on MTGAN's pairs: the mean squared error alone."""

    name: str = option("srcnn", "name under which `export` writes the weights")
    run: str = option("runs/srcnn", "folder for log, samples and checkpoints; an existing run is resumed")
    network: str = option("srcnn", "what draws: gn (MTGAN's generator), srcnn or srresnet (SRGAN's generator)")
    lambda_adversarial: float = option(0.0, "weight of DN's real/fake verdict on GN's plate")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")


@dataclass(frozen=True)
class SRGANRecipe(MTGANRecipe):
    """Train SRGAN on MTGAN's pairs: the squared error and, a 1000th as heavy, an ordinary discriminator's verdict."""

    name: str = option("srgan", "name under which `export` writes the weights")
    run: str = option("runs/srgan", "folder for log, samples and checkpoints; an existing run is resumed")
    network: str = option("srresnet", "what draws: gn (MTGAN's generator), srcnn or srresnet (SRGAN's generator)")
    d_reads: bool = option(False, "DN also reads the characters (without: an ordinary real/fake discriminator)")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")


@dataclass(frozen=True)
class DPGANRecipe(MTGANRecipe):
    """Train DP-GAN: MTGAN's generator with the domain prior, an ordinary discriminator, no character task at all."""

    name: str = option("dp-gan", "name under which `export` writes the weights")
    run: str = option("runs/dp-gan", "folder for log, samples and checkpoints; an existing run is resumed")
    d_reads: bool = option(False, "DN also reads the characters (without: an ordinary real/fake discriminator)")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")
    lambda_character: float = option(0.0, "weight of the cross entropy of GN's own character head")


@dataclass(frozen=True)
class GNRecipe(MTGANRecipe):
    """Train GN alone: the mean squared error, no adversary and no character task."""

    name: str = option("gn", "name under which `export` writes the weights")
    run: str = option("runs/gn", "folder for log, samples and checkpoints; an existing run is resumed")
    lambda_adversarial: float = option(0.0, "weight of DN's real/fake verdict on GN's plate")
    lambda_dn_character: float = option(0.0, "weight of DN's reading of GN's plate")
    lambda_character: float = option(0.0, "weight of the cross entropy of GN's own character head")


RECIPES = {"mtgan": MTGANRecipe, "srcnn": SRCNNRecipe, "srgan": SRGANRecipe, "dp-gan": DPGANRecipe, "gn": GNRecipe}
"""What `python -m lpgan_demo train` offers besides the judge."""


def validator(plates: list[RealPlate], recipe: MTGANRecipe):
    """A function of the trainer: how the moving average does on real crops, as they are and shot again.

    Exact plates by GN's codes and by DN, squared error of the picture; score: the mean of the first of these there is.
    """
    crops = [plate.crop(margin=0.03) for plate in plates]
    sharp = [images.resize(crop, (64, 192)) for crop in crops]
    cameras = {
        "half": Camera(width=47),
        "third": Camera(width=31),
        "motion": Camera(motion=7, angle=15, noise=8, jpeg=40),
        "street": Camera(width=55, defocus=0.7, motion=2.5, angle=45, gain=0.85, noise=5, jpeg=58),
        "night": Camera(width=42, defocus=1.1, motion=4, angle=110, gain=0.7, noise=7, jpeg=48),
    }
    views = {"clean": crops}
    for name, camera in cameras.items():
        rng = np.random.default_rng(7)
        views[name] = [shoot(view, camera, rng) for view in sharp]
    inputs = {name: torch.from_numpy(images.network_input(view, recipe.input_size)) for name, view in views.items()}
    kinds = [get_layout(plate.layout) for plate in plates]
    standard = images.to_tensor([standard_plate(p.text, kind, recipe.output_size) for p, kind in zip(plates, kinds)])

    @torch.no_grad()
    def validate(trainer) -> dict:
        values: dict = {}
        for name, lq in inputs.items():
            lq = lq.to(trainer.device)
            out = trainer.generator_ema(lq)
            values[f"{name}_mse"] = round(float(F.mse_loss(out.restored.cpu(), standard)), 4)
            if not recipe.lambda_dn_character:  # nobody here reads: the picture alone decides
                continue
            layout = out.layout.argmax(1) if out.layout is not None else torch.zeros(len(lq), dtype=torch.long)
            dn = trainer.discriminator_ema(out.restored, layout).characters
            answers = {"dn": dn} if out.characters is None else {"head": out.characters, "dn": dn}
            for reader, logits in answers.items():
                texts = [
                    "".join(c[0] for c in decode(p, get_layout(recipe.layouts[k])))
                    for p, k in zip(logits.softmax(-1).cpu().numpy(), layout.tolist())
                ]
                scores = reading_scores([plate.text for plate in plates], texts)
                values[f"{name}_{reader}"] = round(scores["plate_accuracy"], 4)
        reader = next(reader for reader in ("head", "dn", "mse") if f"clean_{reader}" in values)
        score = float(np.mean([values[f"{name}_{reader}"] for name in inputs]))
        return values | {"score": 1 - score if reader == "mse" else score}

    return validate


def networks(recipe: MTGANRecipe) -> tuple[torch.nn.Module, MultiTaskDiscriminator]:
    """What draws, and DN, of a recipe, freshly initialised."""
    sizes = {"input_size": recipe.input_size, "output_size": recipe.output_size}
    if recipe.network == "gn":
        generator = SRGenerator(part_of(recipe, SRGeneratorConfig))
    elif recipe.network in ("srcnn", "srresnet"):
        generator = SRCNN(SRCNNConfig(**sizes)) if recipe.network == "srcnn" else SRResNet(SRResNetConfig(**sizes))
    else:
        raise ValueError(f"network must be gn, srcnn or srresnet, not {recipe.network!r}")
    discriminator = DiscriminatorConfig(
        layouts=recipe.layouts,
        input_size=recipe.output_size,
        features=recipe.d_features,
        strides=recipe.d_strides,
        code_size=recipe.d_code_size,
        reads=recipe.d_reads,
    )
    return generator, MultiTaskDiscriminator(discriminator)


def begin_with(network: torch.nn.Module, published: torch.nn.Module) -> None:
    """Copy published parameters into a new network, which may know more layouts than the published one.

    The layouts must begin with the published ones; what a new layout adds keeps its first values. Raises ValueError
    when the networks differ in anything else.
    """
    old, new = published.config, network.config
    if replace(new, layouts=old.layouts) != old or new.layouts[: len(old.layouts)] != old.layouts:
        raise ValueError(f"the weights to start from were made with {old}, not {new}")
    mine = network.state_dict()
    for name, value in published.state_dict().items():
        mine[name][tuple(slice(n) for n in value.shape)] = value
    network.load_state_dict(mine)


def train_mtgan(recipe: MTGANRecipe) -> dict:
    """Run a recipe, or go on with it when its run folder holds a checkpoint; returns the last validation's values."""
    source, sides = begin(recipe)
    parts, shares = [source], [1.0]
    if sides["train"]:
        parts.append(RealPlates(sides["train"], recipe.layouts, recipe.join_share))
        shares = [1 - recipe.real_share, recipe.real_share]
    generator, discriminator = networks(recipe)
    if recipe.start:
        folder, _, name = recipe.start.partition("=")
        first = weights_folder(folder, f"{name or recipe.name}-generator")
        Path(recipe.run).mkdir(parents=True, exist_ok=True)
        begun = Path(recipe.run) / "start.json"
        if not begun.is_file():  # a resumed run began with what it began with
            begun.write_text(json.dumps(facts(first)), encoding="utf-8")
        begin_with(generator, load_weights(first))
        judge = first.parent / f"{name or recipe.name}-discriminator"
        if judge.is_dir():
            begin_with(discriminator, load_weights(judge))
    trainer = MTGANTrainer(generator, discriminator, part_of(recipe, MTGANTraining))
    sample_part = RealPlates(sides["validation"], recipe.layouts) if sides["validation"] else parts[0]
    rng = np.random.default_rng(3)
    rows = [parts[0].sample(rng) for _ in range(8)] + [sample_part.sample(rng) for _ in range(16)]
    validate = validator(sides["validation"], recipe) if sides["validation"] else None
    sizes = {"input_size": recipe.input_size, "output_size": recipe.output_size, "layouts": recipe.layouts}
    batches = PlateBatches(parts, shares, recipe.batch_size, recipe.seed, **sizes)
    return go_on(
        recipe,
        trainer,
        batches,
        sample=collate(rows, **sizes),
        validate=validate,
        sizes={f.name for f in fields(SRGeneratorConfig)}
        | {"network", "d_features", "d_strides", "d_code_size", "d_reads"},
    )
