"""Where weights come from: a folder, the bundled ones, the Hub's cache, the Hub. Only this file downloads.

A repository on the Hub holds one folder per network, as `weights/` does. What is downloaded is checked against the
sha256 in its config.json, because the Hub's client takes a damaged file of the right size for good.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from ..results import NoSuchNetwork, WeightsError
from .folder import BUNDLED, FILES, REVISION, is_intact

_REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


_FIXED = re.compile(r"[0-9a-f]{40}|v\d[\w.]*")


_PROBE_SECONDS = 1.5  # the client asks twice, a second apart


def weights_folder(source: str | Path | None, name: str, *, revision=None, token=None, cache_dir=None) -> Path:
    """Where network `name` lies on this machine, downloaded if need be.

    source: None for the bundled weights, a folder that holds one per network, or OWNER/NAME of a repository on the Hub.
    revision: commit or tag (default: this version's tag). token, cache_dir: as in huggingface_hub; HF_ENDPOINT,
    HF_HOME, HF_TOKEN and HF_HUB_OFFLINE are honoured. Raises WeightsError with one sentence.
    """
    root = BUNDLED if source is None else source
    return network_folder(root, name, revision=revision, token=token, cache_dir=cache_dir)


def network_folder(source: str | Path, name: str = "", **options) -> Path:
    """As `weights_folder`, for a folder or repository that holds the network itself when `name` is empty."""
    if Path(source).is_dir():
        if not (Path(source) / name).is_dir():
            raise NoSuchNetwork(f"there is no {name!r} among the weights in {str(source)!r}")
        return Path(source) / name
    if is_repo_id(source):
        return download(str(source), name, **options)
    raise WeightsError(f"{str(source)!r} is no bundled network, no folder of weights, and no OWNER/NAME on the Hub")


def download(repo_id: str, name: str, *, revision=None, token=None, cache_dir=None) -> Path:
    """The folder of network `name` of a Hub repository, from the cache or fetched into it and checked.

    A commit or version tag that is in the cache needs no connection. Says on stderr what is fetched, how large. Raises
    WeightsError within seconds when the Hub cannot be reached, and when there is no such thing or it arrives damaged.
    """
    from huggingface_hub import errors as hub_errors  # here, because most users never need the client
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache

    revision = revision or REVISION
    files = [f"{name}/{file}" if name else file for file in FILES]
    name = name or "the network"
    where = f"{repo_id} at {revision}"
    cached = [try_to_load_from_cache(repo_id, file, cache_dir, revision) for file in files]
    folder = Path(cached[0]).parent if all(isinstance(path, str) for path in cached) else None
    usable = folder is not None and is_intact(folder)
    if usable and _FIXED.fullmatch(revision):
        return folder
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        if usable:
            return folder
        raise WeightsError(f"HF_HUB_OFFLINE is set, and {name} of {where} is not in the cache")
    endpoint = os.environ.get("HF_ENDPOINT") or None
    try:
        urls = [hf_hub_url(repo_id, file, revision=revision, endpoint=endpoint) for file in files]
        sizes = [get_hf_file_metadata(url, token=token, timeout=_PROBE_SECONDS, endpoint=endpoint).size for url in urls]
        print(f"downloading {name} of {where}: {sum(size or 0 for size in sizes) / 1e6:.1f} MB", file=sys.stderr)
        for again in (False, True):
            for file in files:
                path = hf_hub_download(
                    repo_id,
                    file,
                    revision=revision,
                    token=token,
                    cache_dir=cache_dir,
                    endpoint=endpoint,
                    force_download=again,
                )
            if is_intact(Path(path).parent):
                return Path(path).parent
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


def is_repo_id(source: str | Path) -> bool:
    """Whether this is OWNER/NAME of a repository."""
    return _REPO_ID.fullmatch(str(source)) is not None


def hub_api(token):
    """The Hub's client, at HF_ENDPOINT where that is set."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)


def commit_files(api, repo_id: str, files: dict[str, Path], message: str, repo_type="model"):
    """Upload files ({path in the repository: file}) as one commit; returns the Hub's answer."""
    from huggingface_hub import CommitOperationAdd

    operations = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=path) for name, path in sorted(files.items())]
    return api.create_commit(repo_id, operations, commit_message=message, repo_type=repo_type)


def push_network(network, repo_id: str, subfolder: str = "", *, token=None, private=False) -> str:
    """Upload one network: config.json, model.safetensors, golden.safetensors.

    Args:
        network: a `Pretrained` network.
        repo_id: OWNER/NAME of a repository, made if need be.
        subfolder: where in the repository.
        token, private: as in huggingface_hub.

    Returns:
        The commit's address.

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
