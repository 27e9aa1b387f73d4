"""What every network of this package can do: come from and go to files or the Hub, and state an example of its input.

A network on disk is a folder with config.json and model.safetensors. config.json: {"network": class name, "config": its
configuration, "sha256": of model.safetensors, ...facts}. No pickle is ever loaded. Loading is strict where
huggingface_hub's own mixin is not: every tensor and every configuration key must fit.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from ..results import WeightsError
from ..weights import BUNDLED, network_folder, write_file
from ..weights.hub import push_network

MAX_CONFIG_VALUE = 4096
"""The largest number a configuration may hold."""


class Pretrained:
    """Mixin of every network.

    A subclass sets `config_class`, a frozen dataclass, keeps its instance as `self.config` and writes `example_inputs`.
    variants: names of modules beside it whose subclasses of it are loaded through its `from_pretrained` too.
    """

    config_class: type
    variants: tuple[str, ...] = ()

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        """Input to try the network with.

        Args:
            seed: of the random values.

        Returns:
            {argument of `forward`: tensor}, of the shapes and ranges that the network takes.
        """
        raise NotImplementedError

    def golden_outputs(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The outputs that are published beside the weights, to be compared on other machines.

        Args:
            inputs: as from `example_inputs`.

        Returns:
            {name: tensor}.
        """
        out = self(**inputs)
        if isinstance(out, Tensor):
            return {"output": out}
        return {name: value.contiguous() for name, value in out._asdict().items() if value is not None}

    @classmethod
    def from_pretrained(
        cls, source: str | Path, *, subfolder: str = "", device="cpu", revision=None, token=None, cache_dir=None
    ):
        """Load published weights.

        Args:
            source: name of a bundled network (such as "mtgan-generator"), a folder that holds config.json and
                model.safetensors, or OWNER/NAME of a Hub repository with the network in `subfolder`.
            subfolder: folder of the network inside `source`.
            device: where the network is put.
            revision, token, cache_dir: as in `hub.weights_folder`.

        Returns:
            The network, in evaluation mode and without gradients.

        Raises:
            WeightsError: nothing is there, it is damaged, or the weights are another class's.
        """
        if not subfolder and not Path(source).is_dir() and (BUNDLED / source).is_dir():
            folder = BUNDLED / source
        else:
            folder = network_folder(source, subfolder, revision=revision, token=token, cache_dir=cache_dir)
        return load_network(folder, cls._class_named, device)

    @classmethod
    def _class_named(cls, name: str) -> type:
        for module in cls.variants:
            importlib.import_module(f".{module}", __package__)
        classes = [cls]
        for known in classes:
            classes += known.__subclasses__()
        if name not in [known.__name__ for known in classes]:
            raise WeightsError(f"the weights are of {name}, not of {cls.__name__}")
        return next(known for known in classes if known.__name__ == name)

    def save_pretrained(self, folder: str | Path, **facts) -> Path:
        """Write config.json and model.safetensors into `folder`; facts (JSON values) are kept in config.json."""
        return save_weights(self, folder, **facts)

    def push_to_hub(self, repo_id: str, *, subfolder: str = "", token=None, private: bool = False) -> str:
        """Upload the network into `subfolder` of a Hub repository, made if need be; returns the commit's address."""
        return push_network(self, repo_id, subfolder, token=token, private=private)


def smooth_picture(size: tuple[int, int], seed: int = 0) -> Tensor:
    """Smooth noise to try networks with: float (1, 3, *size) in [-1, 1]."""
    coarse = torch.rand(1, 3, 8, 24, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return F.interpolate(coarse, tuple(size), mode="bilinear").contiguous()


def save_weights(network: Pretrained, folder: str | Path, *, half: bool = False, **facts) -> Path:
    """Write config.json and model.safetensors.

    Args:
        network: what to save.
        folder: where to; made if need be.
        half: write floating-point numbers in 16 bits (they are loaded as 32); the file is half as large.
        facts: JSON values kept in config.json beside the configuration.

    Returns:
        The folder.

    Raises:
        WeightsError: the network is not one of this package's.
    """
    if not isinstance(network, Pretrained):
        raise WeightsError(f"{type(network).__name__} is not a network of this package: it is no `Pretrained`")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    if half:
        tensors = {key: v.half() if v.is_floating_point() else v for key, v in tensors.items()}
    data = save_tensors(tensors)
    document = {"network": type(network).__name__, "config": asdict(network.config)}
    document |= {"sha256": hashlib.sha256(data).hexdigest(), **facts}
    write_file(folder / "model.safetensors", data)
    write_file(folder / "config.json", (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    return folder


def load_network(folder: str | Path, class_named: Callable[[str], type], device="cpu") -> torch.nn.Module:
    """The network saved in a folder.

    Args:
        folder: holds config.json and model.safetensors.
        class_named: the network class of a name; raises KeyError, or WeightsError, for one it does not allow.
        device: where the network is put.

    Returns:
        The network, in evaluation mode and without gradients.

    Raises:
        WeightsError: a file is missing, the checksum is wrong, the configuration has unknown or missing keys, or the
            tensors do not fit the network.
    """
    folder = Path(folder)
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise WeightsError(f"there is no {name} in {folder}")
    try:
        document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network_class, config, expected = class_named(document["network"]), document["config"], document["sha256"]
        known, given = {f.name for f in fields(network_class.config_class)}, set(config)
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{folder / 'config.json'} is not a configuration of this package ({error!r})") from None
    if not isinstance(config, dict):
        raise WeightsError(f"{folder / 'config.json'} is not a configuration of this package")
    if known != given:
        raise WeightsError(
            f"{folder / 'config.json'}: unknown keys {sorted(given - known)}, missing keys {sorted(known - given)}"
        )
    data = (folder / "model.safetensors").read_bytes()
    if hashlib.sha256(data).hexdigest() != expected:
        raise WeightsError(f"{folder / 'model.safetensors'} is damaged: its sha256 is not the one in config.json")
    config = {key: _frozen(value) for key, value in config.items()}
    try:
        _check_sizes(config)
        tensors = load_tensors(data)
        with torch.device("meta"):  # shapes without memory: what a file claims is built only once it fits the tensors
            planned = network_class(network_class.config_class(**config)).state_dict()
        if {name: t.shape for name, t in planned.items()} != {name: t.shape for name, t in tensors.items()}:
            raise ValueError("other tensors, or of other shapes, than its configuration says")
        network = network_class(network_class.config_class(**config))
        network.load_state_dict(tensors, strict=True)
    except Exception as error:  # a damaged file may break anything on the way
        raise WeightsError(f"the weights in {folder} do not fit {document['network']}: {error}") from None
    return network.eval().requires_grad_(False).to(device)


def _frozen(value):
    """JSON's lists as tuples, as configurations hold them."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


def _check_sizes(value) -> None:
    """Refuse numbers that no network of this package has."""
    if isinstance(value, (dict, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            _check_sizes(part)
    elif isinstance(value, (int, float)) and not -1 <= value <= MAX_CONFIG_VALUE:
        raise ValueError(f"{value} is not between -1 and {MAX_CONFIG_VALUE}")
