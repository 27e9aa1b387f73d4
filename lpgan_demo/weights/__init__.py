"""Published weights: local folders, the Hub, and golden tensors that check them."""

from .folder import BUNDLED, ONNX, REVISION, add_facts, facts, is_intact, write_file
from .hub import network_folder, weights_folder

__all__ = [
    "BUNDLED",
    "ONNX",
    "REVISION",
    "add_facts",
    "facts",
    "is_intact",
    "network_folder",
    "weights_folder",
    "write_file",
]
