"""What all recipes share: the options of a run, its plates, recipe.json and start.json, and how it is resumed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch

from ..data.characters import RealCharacters
from ..data.formats import real_plates
from ..data.labelled import LabelledPlate
from ..data.synthetic import SyntheticPlates
from ..plates import LAYOUTS
from ..plates.scenes import ANY_FRAMING, CLOSE_FRAMING
from ..weights import BUNDLED
from .loop import fit
from .trainer import Trainer, option


@dataclass(frozen=True)
class Run:
    """Options of every run: its folder and length, and the plates that are learnt from."""

    kind = ""
    """The recipe's name in `recipes.MODULES`, which is the word after `train`; no option."""

    name: str = option("", "name under which `export` writes the weights")
    run: str = option("", "folder for log, samples and checkpoints; an existing run is resumed")
    steps: int = option(5000, "steps in all")
    batch_size: int = option(4, "pictures per step")
    seed: int = option(1, "seed of data and initial weights")
    workers: int = option(1, "processes that make pictures")
    threads: int = option(0, "CPU threads of the training process (0: as many as there are cores)")
    save_every: int = option(500, "steps between checkpoint, sample sheet and validation")
    layouts: tuple[str, ...] = option(tuple(LAYOUTS), "plate layouts to learn")
    layout_shares: tuple[float, ...] = option(
        (), "share of each among rendered plates (default: those of their entries)"
    )
    real: tuple[str, ...] = option((), "folders of labelled real plates, FOLDER or FOLDER=LAYOUT")
    half: tuple[str, ...] = option(
        (), "folders like --real of which only half of the photos may train, the rest is for judging"
    )
    framing: str = option("close", "how crops are cut: close, or any (tight, shifted or loose)")
    lettering: str = option("packaged", "fonts of rendered plates: packaged, or many (installed fontpkg-*, Noto CJK)")
    characters: str = option("", "zip of real characters, SYMBOL/NAME, put on rendered and real plates")
    glyphs: tuple[str, ...] = option((), "folders of glyph images for the mix, FOLDER or FOLDER=PREFIX")


def begin(recipe: Run) -> tuple[SyntheticPlates, dict[str, list[LabelledPlate]]]:
    """Set seed and threads; returns the source of rendered plates, and the real plates by side of the split.

    Raises ValueError when there are other than as many layout shares as layouts, or none.
    """
    shares = recipe.layout_shares or None
    if shares and len(shares) != len(recipe.layouts):
        raise ValueError(f"{len(recipe.layouts)} layouts need as many layout shares, not {len(shares)}")
    if recipe.framing not in ("close", "any"):
        raise ValueError(f"framing must be close or any, not {recipe.framing!r}")
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    glyphs = [tuple(spec.split("=", 1)) for spec in recipe.glyphs]
    source = SyntheticPlates(
        recipe.layouts,
        shares,
        glyphs,
        ranges=CLOSE_FRAMING if recipe.framing == "close" else ANY_FRAMING,
        lettering=recipe.lettering,
        characters=RealCharacters(recipe.characters) if recipe.characters else None,
    )
    return source, real_plates(recipe.real, recipe.half)


def part_of(recipe, config_class, **more):
    """A configuration with the values of the recipe's fields of the same names; others are given or keep defaults."""
    names = {f.name for f in fields(config_class)} & {f.name for f in fields(recipe)}
    return config_class(**{name: getattr(recipe, name) for name in names} | more)


def resume(recipe: Run, trainer: Trainer, batches, architecture: set[str] = frozenset(), **options) -> dict:
    """Write recipe.json and run the recipe, or what is left of it; returns the last validation's values.

    Args:
        recipe, trainer, batches: what to run, with which networks, on what.
        architecture: options that the networks are made from; ValueError where the run was begun with other values.
        options: sample and validate, as in `fit`.
    """
    if trainer.accelerator.is_main_process:
        _write_recipe(recipe, architecture)
    options |= {"workers": recipe.workers, "save_every": recipe.save_every}
    return fit(trainer, batches, recipe.run, recipe.steps, **options)


def _write_recipe(recipe: Run, architecture: set[str]) -> None:
    """Write recipe.json; ValueError when a checkpoint there has another architecture."""
    folder = Path(recipe.run)
    folder.mkdir(parents=True, exist_ok=True)
    path, document = folder / "recipe.json", {"kind": recipe.kind} | json.loads(json.dumps(asdict(recipe)))
    if path.is_file() and (folder / "checkpoint.pt").is_file():
        before = json.loads(path.read_text(encoding="utf-8"))
        other = sorted(name for name in architecture & set(before) & set(document) if before[name] != document[name])
        if other:
            raise ValueError(f"the run in {folder} was begun with another {', '.join(other)}: give it another --run")
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def start_folder(name: str) -> Path:
    """The folder of the weights that a run starts from: of that name among the bundled ones, or else that path."""
    return BUNDLED / name if (BUNDLED / name).is_dir() else Path(name)


def keep_start_facts(folder: str | Path, facts: dict) -> None:
    """Write the facts of the weights that a run begins with to start.json in its folder, unless it is there already.

    `export` adds their steps, plates and hours to those of the run.
    """
    path = Path(folder) / "start.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(facts), encoding="utf-8")
