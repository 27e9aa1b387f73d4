"""From a training run to published weights: averaged networks, and how they were made."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import torch

from ..networks.base import save_weights
from ..weights import BUNDLED
from .recipes import exported_networks, recipe_class


def run_hours(log: Path) -> float:
    """Hours of a run by its log.jsonl, summed over the times it was resumed; 0 without a log."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    seconds = [line["seconds"] for line in map(json.loads, lines) if "seconds" in line]
    return sum(now for now, following in zip(seconds, [*seconds[1:], 0]) if following < now) / 3600


def command_of(recipe) -> str:
    """The command that runs a recipe: the options that differ from their defaults, of paths the last two parts."""
    parts = [f"python -m lpgan_demo train {recipe.kind}"]
    for f in sorted(fields(recipe), key=lambda f: f.name):
        value = getattr(recipe, f.name)
        value = list(value) if isinstance(value, tuple) else value
        default = list(f.default) if isinstance(f.default, tuple) else f.default
        hidden = ("run", "folder", "workers", "threads", "save_every", "backbone")
        if value == default or f.name in hidden:
            continue
        if f.name == "start" and "=" not in str(value):
            parts += [f"--start {Path(value).name}"] if (BUNDLED / Path(value).name).is_dir() else []
            continue
        flag = "--" + f.name.replace("_", "-")
        if isinstance(default, bool):
            parts.append(flag if value else flag.replace("--", "--no-", 1))
        elif isinstance(default, list):
            parts.append(" ".join([flag, *(short_path(str(v)) for v in value)]))
        elif f.name == "start":
            parts.append(f"{flag} weights={value.split('=', 1)[1]}")
        else:
            parts.append(f"{flag} {short_path(value) if isinstance(value, str) else value}")
    return " \\\n    ".join(parts)


def short_path(value: str) -> str:
    """The last two parts of PATH in PATH or PATH=NAME."""
    folder, mark, rest = value.partition("=")
    return "/".join(Path(folder).parts[-2:]).lstrip("/") + mark + rest


def export_run(checkpoint: str | Path, folder: str | Path) -> list[Path]:
    """Write the averaged networks of a run as published weights.

    Args:
        checkpoint: best.pt or checkpoint.pt of the run; recipe.json beside it says which networks the tensors are of.
        folder: where the folders of weights are written.

    Returns:
        The folders written (see `recipes.exported_networks`). Steps, plates seen, hours and the command are kept in
        their config.json; those of the weights that the run began with (start.json) are added.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: recipe.json states no known kind.
    """
    checkpoint = Path(checkpoint)
    recipe_file = checkpoint.parent / "recipe.json"
    if not checkpoint.is_file() or not recipe_file.is_file():
        raise FileNotFoundError(f"{checkpoint} and {recipe_file.name} beside it are needed")
    options = json.loads(recipe_file.read_text(encoding="utf-8"))
    kind = options.pop("kind", None)
    recipe = recipe_class(kind)(**{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    start_file = checkpoint.parent / "start.json"
    start = json.loads(start_file.read_text(encoding="utf-8")) if start_file.is_file() else {}
    known = {
        "steps": state["steps"] + start.get("steps", 0),
        "plates_seen": state["seen"] + start.get("plates_seen", 0),
        "hours": round(run_hours(checkpoint.parent / "log.jsonl") + start.get("hours", 0.0), 2),
        "command": command_of(recipe),
    }
    return [
        save_weights(network, Path(folder) / name, half=half, **known)
        for name, (network, half) in exported_networks(recipe, state).items()
    ]
