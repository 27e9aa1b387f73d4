"""A local folder of published weights: config.json, model.safetensors, and the facts stored with them."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from .. import __version__

ONNX = "onnx"
"""Name of the folder of weights that holds the pipeline's ONNX graphs."""

BUNDLED = Path(__file__).resolve().parents[2] / "weights"
"""The published weights that come with the repository."""

FILES = ("config.json", "model.safetensors")
"""The files that every network needs."""

REVISION = f"v{__version__}"
"""The Hub tag of the weights of this version of the package, set by `push`."""


def digests(folder: str | Path) -> dict[str, str]:
    """{file: sha256} that a folder's config.json states: of model.safetensors, or of each of several ONNX graphs.

    Raises OSError, ValueError, KeyError or TypeError when there is no such file or statement.
    """
    document = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return dict(document["files"]) if "files" in document else {FILES[1]: document["sha256"]}


def damaged_files(folder: str | Path) -> list[str]:
    """Names of the files that are missing, or have another sha256 than config.json states; errors as of `digests`."""
    damaged = []
    for name, stated in digests(folder).items():
        path = Path(folder) / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != stated:
            damaged.append(name)
    return damaged


def is_intact(folder: str | Path) -> bool:
    """Whether every file has the sha256 that config.json states."""
    try:
        return not damaged_files(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def facts(folder: str | Path) -> dict:
    """Entries of config.json other than network, configuration and checksum."""
    document = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    return {key: value for key, value in document.items() if key not in ("network", "config", "sha256", "files")}


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
