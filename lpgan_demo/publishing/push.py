"""Publishing: weights to a model repository, the demo to a Space. Prints what goes where; refuses what is not whole."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from huggingface_hub import errors as hub_errors

from ..results import WeightsError
from ..weights import BUNDLED, REVISION
from ..weights.hub import commit_files, hub_api, is_repo_id
from .verify import verify

ROOT = BUNDLED.parent


WEIGHT_FILES = ("README.md", "config.json", "model.safetensors", "golden.safetensors")


SPACE_PATHS = (
    "README.md",
    "LICENSE",
    "app.py",
    "requirements.txt",
    "packages.txt",
    "lpgan_demo",
    "weights",
    "examples",
    "tutorials",
    "docs",
)


MAX_FILE, MAX_TOTAL = 16 * 2**20, 60 * 2**20
"""Largest single file of weights and all of them together, bytes."""


def weight_files(folder: Path) -> dict[str, Path]:
    """Path in the repository -> file, of everything that is published. Raises WeightsError when a part is missing."""
    networks = sorted(path.parent for path in folder.glob("*/model.safetensors"))
    if not networks:
        raise WeightsError(f"there are no weights in {folder}")
    files = {}
    for network in networks:
        for name in WEIGHT_FILES:
            if not (network / name).is_file():
                raise WeightsError(f"{network.name} has no {name}: a published network needs {', '.join(WEIGHT_FILES)}")
            files[f"{network.name}/{name}"] = network / name
    if (folder / "README.md").is_file():
        files["README.md"] = folder / "README.md"
    sizes = {name: path.stat().st_size for name, path in files.items()}
    for name, size in sizes.items():
        if size > MAX_FILE:
            raise WeightsError(f"{name} has {size / 2**20:.1f} MiB, more than the {MAX_FILE // 2**20} allowed")
    if sum(sizes.values()) > MAX_TOTAL:
        raise WeightsError(f"the weights have {sum(sizes.values()) / 2**20:.0f} MiB, more than {MAX_TOTAL // 2**20}")
    return files


def space_files(root: Path = ROOT) -> dict[str, Path]:
    """Path in the Space -> file: what git knows of the demo, without tests and training extras."""
    listed = _git(root, "ls-files", "-z", *SPACE_PATHS).split("\0")
    return {name: root / name for name in listed if name}


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise WeightsError(f"{root} is not a git checkout that can be published ({error})") from None
    return done.stdout.decode()


def check_publishable(folder: Path, root: Path = ROOT) -> None:
    """Raise WeightsError when the checkout has changes that are not committed, or `verify` fails."""
    if changed := _git(root, "status", "--porcelain").splitlines():
        raise WeightsError(f"commit first: {len(changed)} changed files, such as {changed[0][3:]}")
    failed = [f"{what} {words}" for what, good, words in verify(folder) if not good]
    if failed:
        raise WeightsError("not as published: " + "; ".join(failed))


def show_plan(files: dict[str, Path], where: str) -> str:
    """What goes where: one line per file with its size and the beginning of its sha256."""
    lines = [f"to {where}:"]
    for name, path in sorted(files.items()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        lines.append(f"  {name:44} {path.stat().st_size:>10,} bytes  sha256 {digest}")
    total = sum(path.stat().st_size for path in files.values())
    return "\n".join([*lines, f"  {len(files)} files, {total / 1e6:.1f} MB"])


def push(repo_id: str, folder: Path = BUNDLED, *, dry_run=False, token=None, private=False, root: Path = ROOT) -> str:
    """Upload weights and cards as one commit, tagged with this version; returns what was, or would be, done.

    Raises WeightsError on a dirty checkout, failing `verify`, a version that is published already, or a Hub error.
    """
    check_publishable(folder, root)
    files = weight_files(folder)
    plan = show_plan(files, f"the model repository {repo_id}, tag {REVISION}")
    if dry_run:
        return plan + "\n  nothing was uploaded (--dry-run)"
    api = hub_api(token)
    try:
        api.create_repo(repo_id, private=private, exist_ok=True)
        if REVISION in [tag.name for tag in api.list_repo_refs(repo_id).tags]:
            raise WeightsError(f"{repo_id} has {REVISION} already: raise __version__ in lpgan_demo/__init__.py")
        commit = commit_files(api, repo_id, files, f"Weights of LPGAN Demo {REVISION}")
        api.create_tag(repo_id, tag=REVISION)
    except (hub_errors.HTTPError, OSError) as error:
        raise WeightsError(f"the Hub refused {repo_id}: {error}") from None
    return f"{plan}\n  uploaded: {commit.commit_url}"


def push_space(
    repo_id: str, *, models: str | None = None, dry_run=False, token=None, private=False, root: Path = ROOT
) -> str:
    """Upload the demo as a Space that needs nothing else; returns what was, or would be, done. Raises as `push`.

    models: OWNER/NAME of the repository that `push` filled, to which the Space's page shall link.
    """
    check_publishable(root / "weights", root)
    files = space_files(root)
    with tempfile.TemporaryDirectory() as folder:
        if models:
            files["README.md"] = Path(folder) / "README.md"
            files["README.md"].write_text(_with_models(root / "README.md", models), encoding="utf-8")
        plan = show_plan(files, f"the Space {repo_id}")
        if dry_run:
            return plan + "\n  nothing was uploaded (--dry-run)"
        api = hub_api(token)
        try:
            api.create_repo(repo_id, repo_type="space", space_sdk="gradio", private=private, exist_ok=True)
            commit = commit_files(api, repo_id, files, f"LPGAN Demo {REVISION}", repo_type="space")
        except (hub_errors.HTTPError, OSError) as error:
            raise WeightsError(f"the Hub refused {repo_id}: {error}") from None
    return f"{plan}\n  uploaded: {commit.commit_url}"


def _with_models(readme: Path, models: str) -> str:
    """The README with a line about its models at the end of its front matter."""
    if not is_repo_id(models):
        raise WeightsError(f"{models!r} is not OWNER/NAME of a model repository")
    _, metadata, text = readme.read_text(encoding="utf-8").split("---\n", 2)
    return f"---\n{metadata}models:\n  - {models}\n---\n{text}"
