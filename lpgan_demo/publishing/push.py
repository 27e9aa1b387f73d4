"""Upload the weights to a model repository and the demo to a Space, if the checkout is clean and `verify` passes."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from pathlib import Path

from huggingface_hub import errors as hub_errors

from ..results import WeightsError
from ..weights import BUNDLED, ONNX, REVISION, is_intact
from ..weights.folder import digests
from ..weights.hub import commit_files, hub_api, is_repo_id
from .verify import verify

ROOT = BUNDLED.parent

WEIGHT_FILES = ("README.md", "config.json", "model.safetensors", "golden.safetensors")
"""What every published network has."""

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
"""Files and folders of the checkout that a Space gets."""

MAX_FILE, MAX_TOTAL = 32 * 2**20, 120 * 2**20
"""Largest single published file, and all of them together, in bytes."""


def weight_files(folder: Path) -> dict[str, Path]:
    """Every file of the weights in `folder` that is published: {path in the repository: file}.

    Raises:
        WeightsError: a network lacks one of `WEIGHT_FILES`, or files are larger than `MAX_FILE` and `MAX_TOTAL`.
    """
    networks = sorted(path.parent for path in folder.glob("*/model.safetensors"))
    if not networks:
        raise WeightsError(f"there are no weights in {folder}")
    files = {}
    for network in networks:
        for name in WEIGHT_FILES:
            if not (network / name).is_file():
                raise WeightsError(f"{network.name} has no {name}: a published network needs {', '.join(WEIGHT_FILES)}")
            files[f"{network.name}/{name}"] = network / name
    if (folder / ONNX).is_dir():
        if not is_intact(folder / ONNX):
            raise WeightsError(f"a graph in {folder / ONNX} is missing or damaged: export onnx writes them")
        files |= {
            f"{ONNX}/{name}": folder / ONNX / name for name in ("README.md", "config.json", *digests(folder / ONNX))
        }
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
    """The files of the demo that git tracks, without tests and training extras: {path in the Space: file}."""
    listed = _git(root, "ls-files", "-z", *SPACE_PATHS).split("\0")
    return {name: root / name for name in listed if name}


def _git(root: Path, *arguments: str) -> str:
    """What git prints. Raises WeightsError when it fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise WeightsError(f"{root} is not a git checkout that can be published ({error})") from None
    return done.stdout.decode()


def check_publishable(folder: Path, root: Path = ROOT) -> None:
    """Raise WeightsError when the checkout at `root` has uncommitted changes, or `verify` of the weights fails."""
    if changed := _git(root, "status", "--porcelain").splitlines():
        raise WeightsError(f"commit first: {len(changed)} changed files, such as {changed[0][3:]}")
    failed = [f"{what} {words}" for what, good, words in verify(folder) if not good]
    if failed:
        raise WeightsError("not as published: " + "; ".join(failed))


def show_plan(files: dict[str, Path], where: str) -> str:
    """The upload as text: a line per file with its size and the first digits of its sha256."""
    lines = [f"to {where}:"]
    for name, path in sorted(files.items()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        lines.append(f"  {name:44} {path.stat().st_size:>10,} bytes  sha256 {digest}")
    total = sum(path.stat().st_size for path in files.values())
    return "\n".join([*lines, f"  {len(files)} files, {total / 1e6:.1f} MB"])


def push(repo_id: str, folder: Path = BUNDLED, *, dry_run=False, token=None, private=False, root: Path = ROOT) -> str:
    """Upload weights and cards as one commit, tagged with this version.

    Args:
        repo_id: OWNER/NAME of the model repository, made if need be.
        folder: of the weights.
        dry_run: upload nothing.
        token: of the Hub (None: the one kept on this machine).
        private: whether a new repository is private.
        root: the git checkout.

    Returns:
        The files and the commit's address, as text.

    Raises:
        WeightsError: uncommitted changes, failing `verify`, a version that is published already, or a Hub error.
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
    """Upload the demo, weights included, as one commit to a Space. Other arguments, result and errors as in `push`.

    Args:
        models: OWNER/NAME of the repository that `push` filled, for the Space's page to link to.
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
    """The README's text with `models` at the end of its metadata."""
    if not is_repo_id(models):
        raise WeightsError(f"{models!r} is not OWNER/NAME of a model repository")
    _, metadata, text = readme.read_text(encoding="utf-8").split("---\n", 2)
    return f"---\n{metadata}models:\n  - {models}\n---\n{text}"
