"""The words of the page: languages/LANGUAGE.toml, one file for each language it speaks."""

from __future__ import annotations

import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent / "languages"

WORDS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
"""{language: {key: words}}."""


def language_of(accepted: str | None) -> str:
    """The first language of an Accept-Language header that the page speaks, or English."""
    for part in (accepted or "").split(","):
        name = part.split(";")[0].strip().lower().split("-")[0]
        if name in WORDS:
            return name
    return "en"


def say(language: str, key: str, **values) -> str:
    """The words of a key with its places filled. Raises KeyError for an unknown language, key or place."""
    words = WORDS[language][key]
    return words.format(**values) if values else words
