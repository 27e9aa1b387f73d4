"""Every network by its name: what config.json calls "network" is looked up here."""

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
    "GuidedDeblurGenerator": "guided_deblur",
    "PatchDiscriminator": "deblur_gan",
    "PlateFasterRCNN": "detector",
    "CharacterClassifier": "character_classifier",
}
"""Network class -> its module, imported when it is needed: the detector's torchvision takes a second."""


def network_class(name: str) -> type:
    """The class of a network's name. Raises KeyError for a name that is not in `NETWORKS`."""
    return getattr(importlib.import_module(f".{NETWORKS[name]}", __package__), name)


def load_weights(folder: str | Path, device="cpu") -> torch.nn.Module:
    """The network saved in a folder, whichever it is, in evaluation mode; arguments and errors as `load_network`."""
    return load_network(folder, network_class, device)
