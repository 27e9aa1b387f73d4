"""The page's texts in every language it speaks, from languages/LANGUAGE.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent / "languages"

WORDS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
"""{language: {key: text}}."""


def language_of(accepted: str | None) -> str:
    """The first language of an Accept-Language header that the page speaks, or "en"."""
    for part in (accepted or "").split(","):
        name = part.split(";")[0].strip().lower().split("-")[0]
        if name in WORDS:
            return name
    return "en"


def say(language: str, key: str, **values) -> str:
    """The text of a key with its placeholders filled. Raises KeyError for an unknown language, key or placeholder."""
    text = WORDS[language][key]
    return text.format(**values) if values else text
