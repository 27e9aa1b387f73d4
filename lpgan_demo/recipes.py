"""Recipes: which data and which networks make which weights. `python -m lpgan_demo train NAME` runs one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch

from . import images
from .datasets import PlateBatches, RealPlate, RealPlates, SyntheticPlates, collate, load_real, share_of
from .degrade import random_camera, shoot
from .hub import save_weights
from .metrics import reading_scores
from .mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig
from .plates import CHINESE_LAYOUTS, decode, get_layout
from .training import MTGANTrainer, MTGANTraining, fit, option


@dataclass(frozen=True)
class MTGANRecipe(MTGANTraining):
    """Train MTGAN: synthetic plates, real crops in the mix, GN and DN in turn."""

    run: str = option("runs/mtgan", "folder for log, samples and checkpoints; an existing run is resumed")
    steps: int = option(5000, "steps in all")
    batch_size: int = option(64, "plates per step")
    seed: int = option(1, "seed of data and initial weights")
    workers: int = option(1, "processes that render plates")
    threads: int = option(0, "CPU threads of the training process (0: as many as there are cores)")
    save_every: int = option(1000, "steps between checkpoint, sample sheet and validation")
    layouts: tuple = option(CHINESE_LAYOUTS, "plate layouts to learn")
    layout_shares: tuple = option((0.5, 0.2, 0.08, 0.07, 0.15), "share of each layout among synthetic plates")
    real: tuple = option((), "folders of labelled real plates, FOLDER or FOLDER=LAYOUT")
    half: tuple = option((), "folders like --real of which only half of the photos may train, the rest is for judging")
    real_share: float = option(0.3, "share of real plates in a batch")
    glyphs: tuple = option((), "folders of glyph images for the mix, FOLDER or FOLDER=PREFIX")
    num_blocks: int = option(6, "the paper's K, residual blocks of GN's trunk")
    num_features: int = option(48, "width of GN's trunk")
    code_features: int = option(128, "width of GN's region encoder")
    code_blocks: int = option(3, "residual blocks of GN's region encoder")
    decoder: str = option("region", "GN's decoder: region (drawn in the characters' regions) or plain (the paper's)")


def real_plates(folders, half=()) -> dict[str, list[RealPlate]]:
    """Labelled plates by side: {"train": ..., "validation": ..., "judge": ...}; split by plate text.

    Of `half` folders, plates with a share below 0.5 train and the others are never looked at before judging.
    """
    sides: dict[str, list[RealPlate]] = {"train": [], "validation": [], "judge": []}
    for spec in (*folders, *half):
        folder, _, layout = spec.partition("=")
        plates = load_real(folder)
        if layout:
            plates = [RealPlate(p.path, p.text, layout, p.corners, p.group) for p in plates]
        for plate in plates:
            if spec in half:
                sides["train" if share_of(plate.group or plate.text) < 0.5 else "judge"].append(plate)
            else:
                sides[{"test": "judge"}.get(plate.split, plate.split)].append(plate)
    kept = {plate.text for side in ("validation", "judge") for plate in sides[side]}
    sides["train"] = [plate for plate in sides["train"] if plate.text not in kept]
    return sides


def validator(plates: list[RealPlate], recipe: MTGANRecipe):
    """A function of the trainer: exact plates of the moving average on real crops, as they are, halved, and shot."""
    rng = np.random.default_rng(7)
    crops = [plate.crop(margin=0.03) for plate in plates]
    views = {
        "clean": crops,
        "half": [images.resize(crop, (max(6, crop.shape[0] // 2), crop.shape[1] // 2)) for crop in crops],
        "street": [shoot(images.resize(c, (64, 192)), random_camera(rng, 0.55, rendered=False), rng) for c in crops],
    }
    inputs = {name: images.network_input(view, (32, 96)) for name, view in views.items()}

    @torch.no_grad()
    def validate(trainer) -> dict:
        values: dict = {}
        for name, lq in inputs.items():
            lq = lq.to(trainer.device)
            out = trainer.generator_ema(lq)
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
        reader = "head" if "clean_head" in values else "dn"
        return values | {"score": float(np.mean([values[f"{name}_{reader}"] for name in inputs]))}

    return validate


def networks(recipe: MTGANRecipe) -> tuple[SRGenerator, MultiTaskDiscriminator]:
    """GN and DN of a recipe, freshly initialised."""
    generator = SRGenerator(
        SRGeneratorConfig(
            layouts=recipe.layouts,
            num_features=recipe.num_features,
            num_blocks=recipe.num_blocks,
            code_features=recipe.code_features,
            code_blocks=recipe.code_blocks,
            decoder=recipe.decoder,
        )
    )
    return generator, MultiTaskDiscriminator(DiscriminatorConfig(layouts=recipe.layouts))


def train_mtgan(recipe: MTGANRecipe) -> dict:
    """Run the recipe (or go on with it, when its run folder holds a checkpoint); returns the last validation."""
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    glyphs = [tuple(spec.split("=", 1)) for spec in recipe.glyphs]
    parts = [SyntheticPlates(recipe.layouts, recipe.layout_shares, glyphs)]
    shares = [1.0]
    sides = real_plates(recipe.real, recipe.half)
    if sides["train"]:
        parts.append(RealPlates(sides["train"], recipe.layouts))
        shares = [1 - recipe.real_share, recipe.real_share]
    generator, discriminator = networks(recipe)
    training = {f.name: getattr(recipe, f.name) for f in fields(MTGANTraining)}
    trainer = MTGANTrainer(generator, discriminator, MTGANTraining(**training))
    sample_part = RealPlates(sides["validation"], recipe.layouts) if sides["validation"] else parts[0]
    rng = np.random.default_rng(3)
    rows = [parts[0].sample(rng) for _ in range(8)] + [sample_part.sample(rng) for _ in range(16)]
    validate = validator(sides["validation"], recipe) if sides["validation"] else None
    batches = PlateBatches(parts, shares, recipe.batch_size, recipe.seed, layouts=recipe.layouts)
    Path(recipe.run).mkdir(parents=True, exist_ok=True)
    (Path(recipe.run) / "recipe.json").write_text(json.dumps(asdict(recipe), ensure_ascii=False), encoding="utf-8")
    return fit(
        trainer,
        batches,
        recipe.run,
        recipe.steps,
        workers=recipe.workers,
        save_every=recipe.save_every,
        sample=collate(rows, layouts=recipe.layouts),
        validate=validate,
    )


def export_mtgan(checkpoint: str | Path, folder: str | Path) -> list[Path]:
    """A run's averaged networks -> folder/mtgan-generator and folder/mtgan-discriminator; returns both.

    The run's recipe.json, written by `train_mtgan`, says which networks the tensors belong to.
    """
    checkpoint = Path(checkpoint)
    recipe_file = checkpoint.parent / "recipe.json"
    if not checkpoint.is_file() or not recipe_file.is_file():
        raise FileNotFoundError(f"{checkpoint} and {recipe_file.name} beside it are needed")
    recipe = json.loads(recipe_file.read_text(encoding="utf-8"))
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in recipe.items()}
    generator, discriminator = networks(MTGANRecipe(**values))
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    generator.load_state_dict(state["generator_ema"])
    discriminator.load_state_dict(state["discriminator_ema"])
    facts = {"steps": state["steps"], "plates_seen": state["steps"] * recipe["batch_size"]}
    return [
        save_weights(generator, Path(folder) / "mtgan-generator", **facts),
        save_weights(discriminator, Path(folder) / "mtgan-discriminator", **facts),
    ]
