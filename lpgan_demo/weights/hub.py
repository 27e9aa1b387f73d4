"""Find weights: in a folder, in the repository, in the Hub's cache, or on the Hub. Only this file downloads.

A repository on the Hub holds one folder per network, as `weights/` does. A download is checked against the sha256 in
its config.json, because the Hub's client accepts a damaged file of the right size.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from ..results import NoSuchNetwork, WeightsError
from .folder import BUNDLED, FILES, REVISION, digests, is_intact

_REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FIXED_REVISION = re.compile(r"[0-9a-f]{40}|v\d[\w.]*")  # a commit or a version tag, which never move
_METADATA_TIMEOUT = 1.5  # seconds; the client tries twice, a second apart


def weights_folder(source: str | Path | None, name: str, *, revision=None, token=None, cache_dir=None) -> Path:
    """The local folder of a network, downloaded if need be.

    Args:
        source: a folder with one folder per network, OWNER/NAME on the Hub, or None for `default_source`.
        name: of the network's folder.
        revision: branch, tag or commit (default: this version's tag).
        token, cache_dir: as in huggingface_hub; HF_ENDPOINT, HF_HOME, HF_TOKEN and HF_HUB_OFFLINE are honoured.

    Raises:
        NoSuchNetwork: the source does not hold this network.
        WeightsError: there is no such source, the Hub cannot be reached or refuses, or the download is damaged.
    """
    root = default_source() if source is None else source
    return network_folder(root, name, revision=revision, token=token, cache_dir=cache_dir)


def default_source() -> str | Path:
    """What the environment variable LPGAN_WEIGHTS names, or the weights in the repository.

    Raises:
        WeightsError: neither is there, as with an installed package.
    """
    if source := os.environ.get("LPGAN_WEIGHTS"):
        return source
    if BUNDLED.is_dir():
        return BUNDLED
    raise WeightsError(
        "an installed package holds no weights: give a folder of them, or OWNER/NAME of a repository on the Hub, "
        "as --weights, to from_pretrained, or in the environment variable LPGAN_WEIGHTS"
    )


def network_folder(source: str | Path, name: str = "", **options) -> Path:
    """As `weights_folder`; with an empty `name` the source itself is the folder of the network."""
    if Path(source).is_dir():
        if not (Path(source) / name).is_dir():
            raise NoSuchNetwork(f"there is no {name!r} among the weights in {str(source)!r}")
        return Path(source) / name
    if is_repo_id(source):
        return download(str(source), name, **options)
    raise WeightsError(f"{str(source)!r} is no bundled network, no folder of weights, and no OWNER/NAME on the Hub")


def download(repo_id: str, name: str, *, revision=None, token=None, cache_dir=None) -> Path:
    """The cached folder of network `name` of a Hub repository, downloaded and checked if need be.

    A cached commit or version tag needs no connection; a cached branch is used when the Hub cannot be reached. Name and
    size of a download are printed on stderr. Arguments and errors as in `weights_folder`.
    """
    from huggingface_hub import errors as hub_errors  # here, because most users never need the client
    from huggingface_hub import hf_hub_url, try_to_load_from_cache

    revision = revision or REVISION
    prefix, name, where = f"{name}/" if name else "", name or "the network", f"{repo_id} at {revision}"
    cached = try_to_load_from_cache(repo_id, f"{prefix}config.json", cache_dir, revision)
    folder = Path(cached).parent if isinstance(cached, str) else None
    usable = folder is not None and is_intact(folder)
    if usable and _FIXED_REVISION.fullmatch(revision):
        return folder
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        if usable:
            return folder
        raise WeightsError(f"HF_HUB_OFFLINE is set, and {name} of {where} is not in the cache")
    api = hub_api(token)
    try:
        for force in (False, True):
            options = {"revision": revision, "cache_dir": cache_dir, "force_download": force}
            url = hf_hub_url(repo_id, f"{prefix}config.json", revision=revision, endpoint=api.endpoint)
            api.get_hf_file_metadata(url=url, timeout=_METADATA_TIMEOUT)  # gives up sooner than a download does
            downloaded = Path(api.hf_hub_download(repo_id, f"{prefix}config.json", **options)).parent
            files = [prefix + file for file in _stated_files(downloaded)]
            urls = [hf_hub_url(repo_id, file, revision=revision, endpoint=api.endpoint) for file in files]
            sizes = [api.get_hf_file_metadata(url=url, timeout=_METADATA_TIMEOUT).size for url in urls]
            print(f"downloading {name} of {where}: {sum(size or 0 for size in sizes) / 1e6:.1f} MB", file=sys.stderr)
            for file in files:
                api.hf_hub_download(repo_id, file, **options)
            if is_intact(downloaded):
                return downloaded
    except hub_errors.GatedRepoError:
        raise WeightsError(f"{repo_id} asks for permission: request it on its page and log in with a token") from None
    except hub_errors.RepositoryNotFoundError:
        raise WeightsError(f"there is no repository {repo_id} on the Hub, or it is private and needs a token") from None
    except hub_errors.RevisionNotFoundError:
        raise WeightsError(f"the repository {repo_id} has no revision {revision!r}") from None
    except hub_errors.EntryNotFoundError:
        raise NoSuchNetwork(f"there is no {name!r} in {where}") from None
    except hub_errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "an error")
        raise WeightsError(f"the Hub answered {status} for {where}; try again later") from None
    except (OSError, hub_errors.HTTPError, RuntimeError) as error:
        if usable:
            print(f"the Hub cannot be reached; using the cached {name} of {where}", file=sys.stderr)
            return folder
        raise WeightsError(f"the Hub cannot be reached for {name} of {where} ({type(error).__name__})") from None
    raise WeightsError(f"{name} of {where} arrived damaged twice: its sha256 is not the one in config.json")


def _stated_files(folder: Path) -> list[str]:
    """The files whose sha256 a downloaded config.json states; model.safetensors where it is damaged and states none."""
    try:
        return [name for name in digests(folder) if re.fullmatch(r"[\w-]+\.(onnx|safetensors)", name)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [FILES[1]]


def is_repo_id(source: str | Path) -> bool:
    """Whether this has the form OWNER/NAME of a Hub repository."""
    return _REPO_ID.fullmatch(str(source)) is not None


def hub_api(token):
    """A client of the Hub (huggingface_hub.HfApi) for HF_ENDPOINT, where that is set."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)


def commit_files(api, repo_id: str, files: dict[str, Path], message: str, repo_type="model"):
    """Upload files ({path in the repository: local file}) as one commit; returns huggingface_hub's CommitInfo."""
    from huggingface_hub import CommitOperationAdd

    operations = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=path) for name, path in sorted(files.items())]
    return api.create_commit(repo_id, operations, commit_message=message, repo_type=repo_type)


def push_network(network, repo_id: str, subfolder: str = "", *, token=None, private=False) -> str:
    """Upload one network: config.json, model.safetensors, golden.safetensors.

    Args:
        network: a `Pretrained` network.
        repo_id: OWNER/NAME of the repository, created if need be.
        subfolder: of the repository.
        token, private: as in huggingface_hub.

    Returns:
        The URL of the commit.

    Raises:
        WeightsError: the Hub refuses.
    """
    from huggingface_hub import errors as hub_errors

    from .golden import write_golden

    api = hub_api(token)
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        write_golden(network, folder)
        prefix = f"{subfolder}/" if subfolder else ""
        files = {prefix + path.name: path for path in sorted(Path(folder).iterdir())}
        try:
            api.create_repo(repo_id, private=private, exist_ok=True)
            return commit_files(api, repo_id, files, f"{type(network).__name__} by LPGAN Demo {REVISION}").commit_url
        except (hub_errors.HTTPError, OSError) as error:
            raise WeightsError(f"the Hub refused {repo_id}: {error}") from None
