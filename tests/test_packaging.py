"""What pip installs: requirement files and pyproject.toml agree, and every library that is used is declared."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
NOT_INSTALLED = {"agentclpr"}
"""Libraries that are used where a user has installed them; the error says how."""


def lines(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line for line in text if line and not line.startswith(("#", "-r"))}


def test_the_requirement_files_say_what_pyproject_says():
    demo = {line for name in ("torch", "demo", "tutorials") for line in EXTRAS[name]}
    assert lines("requirements.txt") == {*PROJECT["dependencies"], *demo}
    more = {line for name in ("train", "onnx", "export", "mcp", "dev") for line in EXTRAS[name]}
    headless = {line for line in more if name_of(line) == "opencv-python-headless"}
    assert lines("requirements-dev.txt") == more - lines("requirements.txt") - headless


@pytest.mark.parametrize("extra", ["torch", "onnx"])
def test_each_backend_brings_one_opencv(extra):
    names = [name_of(line) for line in PROJECT["dependencies"] + EXTRAS[extra]]
    assert sum(name.startswith("opencv-python") for name in names) == 1


def name_of(requirement: str) -> str:
    for mark in "<>=!;[ ":
        requirement = requirement.split(mark)[0]
    return requirement.lower().replace("_", "-")


@pytest.mark.parametrize("folder", ["lpgan_demo", "tests", "tutorials"])
def test_every_library_that_is_used_is_declared(folder):
    declared = {
        name_of(line) for line in PROJECT["dependencies"] + [line for extra in EXTRAS.values() for line in extra]
    }
    homes = packages_distributions()
    missing = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            for top in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - NOT_INSTALLED:
                if (
                    top == "lpgan_demo"
                    or (path.parent / f"{top}.py").is_file()
                    or list((ROOT / "tests").rglob(f"{top}.py"))
                ):
                    continue
                found = {name.lower().replace("_", "-") for name in homes.get(top, [top])}
                if not found & declared:
                    missing.setdefault(top, []).append(path.name)
    assert not missing
