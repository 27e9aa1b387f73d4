"""Every network by its class name, which config.json stores as "network"."""

from __future__ import annotations

import importlib
from pathlib import Path

import torch

from .base import load_network

NETWORKS = {
    "SRGenerator": "mtgan",
    "MultiTaskDiscriminator": "mtgan",
    "SRCNN": "baselines",
    "SRResNet": "baselines",
    "DeblurGenerator": "deblur_gan",
    "PatchDiscriminator": "deblur_gan",
    "PlateFasterRCNN": "detector",
    "CharacterClassifier": "character_classifier",
}
"""Class name of a network -> its module, which is imported on first use."""


def network_class(name: str) -> type:
    """The network class of that name. Raises KeyError for a name that is not in `NETWORKS`."""
    return getattr(importlib.import_module(f".{NETWORKS[name]}", __package__), name)


def load_weights(folder: str | Path, device="cpu") -> torch.nn.Module:
    """The network saved in a folder, of any class in `NETWORKS`; arguments and errors as in `base.load_network`."""
    return load_network(folder, network_class, device)
