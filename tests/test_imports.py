"""Who may import whom, read off the syntax trees: a package imports only what stands left of it, and no circle."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "lpgan_demo"

ORDER = (
    "results images plates weights networks data inference files evaluation publishing training benchmarks ui cli"
).split()
"""Lowest first: a package imports only packages that stand left of it."""

NEVER = {("networks", "data"), ("data", "networks"), ("networks", "images")}
LIBRARIES = {"gradio": ("ui",), "accelerate": ("training.trainer",), "huggingface_hub": ("weights", "publishing")}
"""A library that only some places may import."""

FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] != "languages"]


def name_of(path: Path) -> str:
    """Dotted name below the package; a package's `__init__` has the package's own name, the root's is ""."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


MODULES = {name_of(path): path for path in FILES}
HOME = {name: name.split(".")[0] for name in MODULES}


def imports(name: str) -> tuple[set[str], set[str]]:
    """(modules of this package, other libraries) that a module imports, anywhere in it."""
    path = MODULES[name]
    inside, outside = set(), set()
    package = (name if path.name == "__init__.py" else name.rpartition(".")[0]).split(".") if name else []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [part for part in package if part][: len([part for part in package if part]) - node.level + 1]
            base = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                member = f"{base}.{alias.name}".strip(".")
                inside.add(member if member in MODULES else base)
        elif isinstance(node, ast.ImportFrom):
            outside.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            outside |= {alias.name.split(".")[0] for alias in node.names}
    return inside - {""}, outside - set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[0] in ORDER])
def test_arrows_point_downward_only(name):
    inside, outside = imports(name)
    place = ORDER.index(HOME[name])
    above = {other for other in inside if ORDER.index(HOME[other]) > place}
    assert not above, f"{name} imports {above}"
    assert not {(HOME[name], HOME[other]) for other in inside} & NEVER
    assert "lpgan_demo" not in outside
    for library, places in LIBRARIES.items():
        assert library not in outside or name.startswith(places), f"{name} imports {library}"
    assert name != "results" or outside <= {"numpy"}


def test_no_circle():
    """Strip modules that import none of those left until nothing is left; what cannot be stripped is in a circle."""
    left = {name: imports(name)[0] & set(MODULES) - {name} for name in MODULES if HOME[name] in ORDER}
    while free := [name for name, needs in left.items() if not needs & set(left)]:
        for name in free:
            del left[name]
    assert not left, sorted(left)


def test_nothing_lies_flat():
    flat = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__", "results", "video"}
    assert not flat


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, lpgan_demo; heavy = {'gradio', 'matplotlib', 'torch', 'cv2'} & set(sys.modules); "
        "assert not heavy, heavy; from lpgan_demo import PlatePipeline; "
        "assert not {'gradio', 'matplotlib', 'lpgan_demo.plates.scenes', 'accelerate'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)


def test_reading_crops_does_not_wait_for_torchvision():
    code = (
        "import sys; from lpgan_demo import PlatePipeline; pipeline = PlatePipeline.from_pretrained(detect=False); "
        "pipeline.read_plate('examples/tiny.png'); assert pipeline.deblurrer and 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)
