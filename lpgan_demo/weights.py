"""Weights on disk: a folder per network with config.json and model.safetensors, checked when loaded.

config.json: {"network": class name, "config": its configuration, "sha256": of model.safetensors, ...facts}.
No pickle is ever loaded; keys and configuration must match exactly.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from dataclasses import asdict, fields
from pathlib import Path

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from .hub import write_file
from .results import WeightsError

NETWORKS = {
    "SRGenerator": ("mtgan", "SRGeneratorConfig"),
    "MultiTaskDiscriminator": ("mtgan", "DiscriminatorConfig"),
    "SRCNN": ("baselines", "SRCNNConfig"),
    "SRResNet": ("baselines", "SRResNetConfig"),
    "DeblurGenerator": ("deblur_gan", "DeblurGeneratorConfig"),
    "GuidedDeblurGenerator": ("guided_deblur", "GuidedDeblurGeneratorConfig"),
    "PatchDiscriminator": ("deblur_gan", "PatchDiscriminatorConfig"),
    "PlateFasterRCNN": ("detector", "PlateFasterRCNNConfig"),
    "CharacterClassifier": ("classical", "CharacterClassifierConfig"),
}
"""Where each network and its configuration are: imported when needed, for the detector's torchvision takes a second."""

LARGEST = 4096
"""The largest number a configuration may hold."""


def _classes(name: str) -> tuple[type, type]:
    """(network, configuration) of a network's name. Raises KeyError for a name that is not in `NETWORKS`."""
    module, configuration = NETWORKS[name]
    module = importlib.import_module(f".{module}", __package__)
    return getattr(module, name), getattr(module, configuration)


def save_weights(network: torch.nn.Module, folder: str | Path, *, half: bool = False, **facts) -> Path:
    """Write config.json and model.safetensors; `facts` (JSON values) are kept in config.json beside the config.

    half: write floating numbers in 16 bits (they are loaded as 32); the file is half as large.
    """
    name = type(network).__name__
    if name not in NETWORKS:
        raise WeightsError(f"{name} is not a network of this package: {', '.join(NETWORKS)}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    if half:
        tensors = {key: v.half() if v.is_floating_point() else v for key, v in tensors.items()}
    data = save_tensors(tensors)
    document = {"network": name, "config": asdict(network.config), "sha256": hashlib.sha256(data).hexdigest(), **facts}
    write_file(folder / "model.safetensors", data)
    write_file(folder / "config.json", (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())
    return folder


def _frozen(value):
    """JSON's lists as tuples, as configurations hold them."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


def _check_sizes(value) -> None:
    """Refuse numbers that no network of this package has."""
    if isinstance(value, (dict, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            _check_sizes(part)
    elif isinstance(value, (int, float)) and not -1 <= value <= LARGEST:
        raise ValueError(f"{value} is not between -1 and {LARGEST}")


def load_weights(folder: str | Path, device="cpu") -> torch.nn.Module:
    """The network saved in a folder, in evaluation mode on `device`.

    Raises WeightsError when a file is missing, the checksum is wrong, the configuration has unknown or missing
    keys, or the tensors do not fit the network.
    """
    folder = Path(folder)
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise WeightsError(f"there is no {name} in {folder}")
    try:
        document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network_class, config_class = _classes(document["network"])
        config = document["config"]
        expected = document["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{folder / 'config.json'} is not a configuration of this package ({error!r})") from None
    if not isinstance(config, dict):
        raise WeightsError(f"{folder / 'config.json'} is not a configuration of this package")
    known, given = {f.name for f in fields(config_class)}, set(config)
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
            planned = network_class(config_class(**config)).state_dict()
        if {name: t.shape for name, t in planned.items()} != {name: t.shape for name, t in tensors.items()}:
            raise ValueError("other tensors, or of other shapes, than its configuration says")
        network = network_class(config_class(**config))
        network.load_state_dict(tensors, strict=True)
    except Exception as error:  # a strange file may break anything on the way
        raise WeightsError(f"the weights in {folder} do not fit {document['network']}: {error}") from None
    return network.eval().requires_grad_(False).to(device)
