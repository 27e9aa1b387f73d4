"""A local folder of published weights: config.json, model.safetensors, and the facts stored with them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from .. import __version__

BUNDLED = Path(__file__).resolve().parents[2] / "weights"
"""The published weights that come with the repository."""

FILES = ("config.json", "model.safetensors")
"""The files that every network needs."""

REVISION = f"v{__version__}"
"""The Hub tag of the weights of this version of the package, set by `push`."""


def is_intact(folder: str | Path) -> bool:
    """Whether model.safetensors has the sha256 that config.json states."""
    try:
        expected = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))["sha256"]
        return hashlib.sha256((Path(folder) / "model.safetensors").read_bytes()).hexdigest() == expected
    except (OSError, ValueError, KeyError, TypeError):
        return False


def facts(folder: str | Path) -> dict:
    """Entries of config.json other than network, configuration and checksum."""
    document = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return {key: value for key, value in document.items() if key not in ("network", "config", "sha256")}


def add_facts(folder: str | Path, **facts) -> None:
    """Add facts (JSON values) to a folder's config.json; those of the same name are replaced."""
    path = Path(folder) / "config.json"
    document = json.loads(path.read_text(encoding="utf-8")) | facts
    write_file(path, (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())


def write_file(path: Path, data: bytes) -> None:
    """Write to a temporary file, then rename it: a crash never leaves a partial file."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
