"""What all networks share: loading, saving, uploading, and an example of their input.

A network on disk is a folder with config.json and model.safetensors. config.json: {"network": class name, "config": its
configuration, "sha256": of model.safetensors, ...facts}. No pickle is ever loaded. Unlike with huggingface_hub's own
mixin, loading is strict: every tensor and every configuration key must fit.
"""

from __future__ import annotations

import hashlib
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
"""The largest number that a configuration read from a file may hold."""


class Pretrained:
    """Mixin of every network; a subclass keeps its configuration as `self.config` and implements `example_inputs`.

    Attributes:
        config_class: the frozen dataclass of the subclass's configuration.
        exportable: whether it can be exported as an ONNX graph.
        free_size: whether that graph takes pictures of any height and width, not only of the example's.
    """

    config_class: type
    exportable = True
    free_size = False

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        """Random input of one sample or more, in the order of `forward`'s arguments.

        Returns:
            {name: tensor}, in the shapes and value ranges that the network takes.
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
            revision, token, cache_dir: as in `weights.weights_folder`.

        Returns:
            The network, in evaluation mode and without gradients.

        Raises:
            WeightsError: nothing is there, it is damaged, or the weights are another class's.
        """
        if not subfolder and not Path(source).is_dir() and (BUNDLED / source).is_dir():
            folder = BUNDLED / source
        else:
            folder = network_folder(source, subfolder, revision=revision, token=token, cache_dir=cache_dir)
        return load_network(folder, cls._own_class, device)

    @classmethod
    def _own_class(cls, name: str) -> type:
        """This class, if that is its name; raises WeightsError for any other."""
        if name != cls.__name__:
            raise WeightsError(f"the weights are of {name}, not of {cls.__name__}")
        return cls

    def save_pretrained(self, folder: str | Path, **facts) -> Path:
        """Write config.json and model.safetensors into `folder`; facts (JSON values) are kept in config.json."""
        return save_weights(self, folder, **facts)

    def push_to_hub(self, repo_id: str, *, subfolder: str = "", token=None, private: bool = False) -> str:
        """Upload the network into `subfolder` of a Hub repository, made if need be; returns the commit's address."""
        return push_network(self, repo_id, subfolder, token=token, private=private)


class Optimisable:
    """Mixin of a layer that has a faster form for prediction; `inference.optimise` puts it in the layer's place."""

    def for_prediction(self) -> torch.nn.Module:
        """A copy with the same outputs that computes faster and cannot be trained."""
        raise NotImplementedError


def smooth_picture(size: tuple[int, int], seed: int = 0) -> Tensor:
    """Smooth noise of `size` (height, width) as an example picture: float (1, 3, height, width) in [-1, 1]."""
    coarse = torch.rand(1, 3, 8, 24, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return F.interpolate(coarse, tuple(size), mode="bilinear").contiguous()


def save_weights(network: Pretrained, folder: str | Path, *, half: bool = False, **facts) -> Path:
    """Write config.json and model.safetensors.

    Args:
        network: what to save.
        folder: where to; made if need be.
        half: store floating-point tensors as float16, in a file half as large; loading makes them float32 again.
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


def load_network(folder: str | Path, get_class: Callable[[str], type], device="cpu") -> torch.nn.Module:
    """The network saved in a folder.

    Args:
        folder: holds config.json and model.safetensors.
        get_class: class name -> network class; raises KeyError or WeightsError for a name that it does not allow.
        device: where the network is put.

    Returns:
        The network, in evaluation mode and without gradients.

    Raises:
        WeightsError: a file is missing, the checksum is wrong, the configuration has unknown or missing keys, or the
            tensors do not fit the network.
    """
    folder = Path(folder)
    config_file, weights_file = folder / "config.json", folder / "model.safetensors"
    for file in (config_file, weights_file):
        if not file.is_file():
            raise WeightsError(f"there is no {file.name} in {folder}")
    try:
        document = json.loads(config_file.read_text(encoding="utf-8"))
        network_class, config, expected = get_class(document["network"]), document["config"], document["sha256"]
        if not isinstance(config, dict):
            raise TypeError("'config' is not an object")
        known, given = {f.name for f in fields(network_class.config_class)}, set(config)
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{config_file} is not a configuration of this package ({error!r})") from None
    if known != given:
        raise WeightsError(f"{config_file}: unknown keys {sorted(given - known)}, missing keys {sorted(known - given)}")
    data = weights_file.read_bytes()
    if hashlib.sha256(data).hexdigest() != expected:
        raise WeightsError(f"{weights_file} is damaged: its sha256 is not the one in config.json")
    try:
        config = network_class.config_class(**_checked(config))
        tensors = load_tensors(data)
        with torch.device("meta"):  # compare shapes before any memory is taken for what the file claims
            planned = network_class(config).state_dict()
        if {name: t.shape for name, t in planned.items()} != {name: t.shape for name, t in tensors.items()}:
            raise ValueError("names or shapes of the tensors are not those of the configuration")
        network = network_class(config)
        network.load_state_dict(tensors, strict=True)
    except Exception as error:  # a damaged file may cause any exception
        raise WeightsError(f"the weights in {folder} do not fit {document['network']}: {error}") from None
    return network.eval().requires_grad_(False).to(device)


def _checked(value):
    """A configuration value, JSON's lists made tuples; ValueError for a number outside -1 to MAX_CONFIG_VALUE."""
    if isinstance(value, list):
        return tuple(_checked(part) for part in value)
    if isinstance(value, dict):
        return {key: _checked(part) for key, part in value.items()}
    if isinstance(value, (int, float)) and not -1 <= value <= MAX_CONFIG_VALUE:
        raise ValueError(f"{value} is not between -1 and {MAX_CONFIG_VALUE}")
    return value
