"""What every recipe shares: the options of a run, its plates, its recipe.json, and going on with a run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch

from ..data.formats import real_plates
from ..data.labelled import LabelledPlate
from ..data.synthetic import SyntheticPlates
from ..plates import LAYOUTS
from .loop import fit
from .trainer import option


@dataclass(frozen=True)
class Run:
    """Where a run is kept, how long it is, and which plates it learns from."""

    kind = ""
    """The recipe's name in `recipes.MODULES`: the word after `train`."""

    name: str = option("", "name under which `export` writes the weights")
    run: str = option("", "folder for log, samples and checkpoints; an existing run is resumed")
    steps: int = option(5000, "steps in all")
    batch_size: int = option(4, "pictures per step")
    seed: int = option(1, "seed of data and initial weights")
    workers: int = option(1, "processes that make pictures")
    threads: int = option(0, "CPU threads of the training process (0: as many as there are cores)")
    save_every: int = option(500, "steps between checkpoint, sample sheet and validation")
    layouts: tuple = option(tuple(LAYOUTS), "plate layouts to learn")
    layout_shares: tuple = option((3.0, 1, 0.7, 0.7, 1.2, 1, 1.2, 1, 0.7), "share of each among rendered plates")
    real: tuple = option((), "folders of labelled real plates, FOLDER or FOLDER=LAYOUT")
    half: tuple = option((), "folders like --real of which only half of the photos may train, the rest is for judging")
    glyphs: tuple = option((), "folders of glyph images for the mix, FOLDER or FOLDER=PREFIX")


def begin(recipe: Run) -> tuple[SyntheticPlates, dict[str, list[LabelledPlate]]]:
    """Set seed and threads; the rendered plates of a recipe, and its real ones by side of the split.

    Raises ValueError when layouts and their shares do not match.
    """
    if len(recipe.layout_shares) != len(recipe.layouts):
        raise ValueError(f"{len(recipe.layouts)} layouts need as many layout shares, not {len(recipe.layout_shares)}")
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    glyphs = [tuple(spec.split("=", 1)) for spec in recipe.glyphs]
    source = SyntheticPlates(recipe.layouts, recipe.layout_shares, glyphs)
    return source, real_plates(recipe.real, recipe.half)


def part_of(recipe, config_class, **more):
    """The configuration of that class that a recipe contains; fields it lacks keep their defaults or are given."""
    names = {f.name for f in fields(config_class)} & {f.name for f in fields(recipe)}
    return config_class(**{name: getattr(recipe, name) for name in names} | more)


def resume(recipe: Run, trainer, batches, sample, validate, sizes: set[str] = frozenset()) -> dict:
    """Keep the recipe in its folder and run it, or what is left of it; returns the last validation's values.

    sizes: the options that its networks are made from. Raises ValueError when the run was begun with other ones.
    """
    if trainer.accelerator.is_main_process:
        _keep(recipe, sizes)
    return fit(
        trainer,
        batches,
        recipe.run,
        recipe.steps,
        workers=recipe.workers,
        save_every=recipe.save_every,
        sample=sample,
        validate=validate,
    )


def _keep(recipe: Run, sizes: set[str]) -> None:
    folder = Path(recipe.run)
    folder.mkdir(parents=True, exist_ok=True)
    path, document = folder / "recipe.json", {"kind": recipe.kind} | json.loads(json.dumps(asdict(recipe)))
    if path.is_file() and (folder / "checkpoint.pt").is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        other = sorted(name for name in sizes & set(before) & set(document) if before[name] != document[name])
        if other:
            raise ValueError(f"the run in {folder} was begun with another {', '.join(other)}: give it another --run")
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def keep_start(folder: str | Path, known: dict) -> None:
    """Keep what is known of the weights a run begins with in its start.json; `export` adds it to the run's own facts.

    A resumed run keeps what it began with.
    """
    path = Path(folder) / "start.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(known), encoding="utf-8")
