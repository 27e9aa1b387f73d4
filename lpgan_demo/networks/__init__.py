"""The networks, one paper a file.

Classes are imported on first use: importing torchvision, which only the detector needs, takes a second.
"""

from importlib import import_module

from .base import save_weights
from .registry import NETWORKS, load_weights

_MODULES = NETWORKS | {"SRGeneratorConfig": "mtgan", "DiscriminatorConfig": "mtgan"}
__all__ = ["load_weights", "save_weights", *_MODULES]


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
