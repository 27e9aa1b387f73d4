"""From a training run to published weights: averaged networks, and how they were made."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import torch

from ..networks.base import save_weights
from .deblur import DeblurRecipe, deblur_networks
from .detector import DetectorRecipe, detector_network
from .mtgan import RECIPES, networks


def run_hours(log: Path) -> float:
    """Hours that a run's log.jsonl accounts for, over all its interruptions."""
    hours, last = 0.0, 0.0
    for line in log.read_text(encoding="utf-8").splitlines() if log.is_file() else []:
        seconds = json.loads(line).get("seconds")
        if seconds is None:
            continue
        if seconds < last:
            hours += last / 3600
        last = seconds
    return hours + last / 3600


def command_of(recipe: dict, recipe_class) -> str:
    """The command that runs a recipe again: every option that differs from its default, folders without their place."""
    kind = next(f.default for f in fields(recipe_class) if f.name == "name")
    parts = [f"python -m lpgan_demo train {kind}"]
    for f in sorted(fields(recipe_class), key=lambda f: f.name):
        value = recipe.get(f.name, f.default)
        value = list(value) if isinstance(value, tuple) else value
        plain = list(f.default) if isinstance(f.default, tuple) else f.default
        hidden = ("run", "workers", "threads", "save_every", "backbone")
        if value == plain or f.name in hidden or (f.name == "start" and "=" not in str(value)):
            continue
        flag = "--" + f.name.replace("_", "-")
        if isinstance(plain, bool):
            parts.append(flag if value else flag.replace("--", "--no-", 1))
        elif isinstance(plain, list):
            parts.append(" ".join([flag, *(_without_place(str(v)) for v in value)]))
        elif f.name == "start":
            parts.append(f"{flag} weights={value.split('=', 1)[1]}")
        else:
            parts.append(f"{flag} {_without_place(value) if isinstance(value, str) else value}")
    return " \\\n    ".join(parts)


def _without_place(value: str) -> str:
    folder, mark, rest = value.partition("=")
    return "/".join(Path(folder).parts[-2:]).lstrip("/") + mark + rest


def export_run(checkpoint: str | Path, folder: str | Path) -> list[Path]:
    """A run's averaged networks -> folder/NAME-generator and, if DN reads, folder/NAME-discriminator; returns them.

    The detector goes to folder/NAME, in 16 bits, as do GN alone and DP-GAN. The run's recipe.json says which networks
    the tensors belong to;
    steps, plates seen, hours and the command are kept as facts, with those of the weights the run began with
    (start.json) added.
    """
    checkpoint = Path(checkpoint)
    recipe_file = checkpoint.parent / "recipe.json"
    if not checkpoint.is_file() or not recipe_file.is_file():
        raise FileNotFoundError(f"{checkpoint} and {recipe_file.name} beside it are needed")
    recipe = {"name": "mtgan"} | json.loads(recipe_file.read_text(encoding="utf-8"))
    if "growth_rate" in recipe:
        recipe_class, build = DeblurRecipe, deblur_networks
    elif "frozen_blocks" in recipe:
        recipe_class, build = DetectorRecipe, detector_network
    else:
        recipe_class, build = RECIPES[recipe["name"]], networks
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in recipe.items()}
    built = build(recipe_class(**values))
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    start_file = checkpoint.parent / "start.json"
    start = json.loads(start_file.read_text(encoding="utf-8")) if start_file.is_file() else {}
    known = {
        "steps": state["steps"] + start.get("steps", 0),
        "plates_seen": state["seen"] + start.get("plates_seen", 0),
        "hours": round(run_hours(checkpoint.parent / "log.jsonl") + start.get("hours", 0.0), 2),
        "command": command_of(recipe, recipe_class),
    }
    name = recipe["name"]
    if recipe_class is DetectorRecipe:
        built.load_state_dict(state["network_ema"])
        return [save_weights(built, Path(folder) / name, half=True, **known)]
    generator, discriminator = built
    generator.load_state_dict(state["generator_ema"])
    half = recipe_class in (RECIPES["gn"], RECIPES["dp-gan"])  # as large as MTGAN's, but for comparison alone
    written = [save_weights(generator, Path(folder) / f"{name}-generator", half=half, **known)]
    if recipe.get("lambda_dn_character") and recipe.get("d_reads", True):
        discriminator.load_state_dict(state["discriminator_ema"])
        written.append(save_weights(discriminator, Path(folder) / f"{name}-discriminator", **known))
    return written
