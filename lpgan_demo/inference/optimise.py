"""A trained network -> a copy that computes the same outputs as fast as its device allows, for prediction only."""

from __future__ import annotations

import copy
import functools

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..networks.base import Optimisable

PRECISIONS = ("fp32", "bf16", "auto")


def resolve_precision(precision: str, device: torch.device) -> str:
    """The precision to compute with on a device: "fp32", or "bf16", half the bits and about 1 % less exact.

    "auto" becomes bf16 where the device computes it natively. Raises ValueError for an unknown precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be fp32, bf16 or auto, not {precision!r}")
    if precision != "auto":
        return precision
    if device.type == "cpu":
        features = getattr(torch.cpu, "get_capabilities", dict)()
        native = features.get("avx512_bf16") or features.get("amx_bf16")
    else:
        native = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return "bf16" if native else "fp32"


def prepared(network: nn.Module, device, precision: str = "auto"):
    """(a copy of the network for prediction, a function that returns the context manager to call it in).

    Batch norms are fused into the convolutions before them, `Optimisable` layers take their faster form, and the
    memory format is channels-last. In bf16, convolutions and linear layers keep their weights in bf16, so that they
    are not converted at every call. Raises ValueError for an unknown precision.
    """
    device = torch.device(device)
    precision = resolve_precision(precision, device)
    network = copy.deepcopy(network).eval().requires_grad_(False)
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for k in range(len(layers) - 1):
            if isinstance(layers[k], nn.Conv2d) and isinstance(layers[k + 1], nn.BatchNorm2d):
                layers[k], layers[k + 1] = fuse_conv_bn_eval(layers[k], layers[k + 1]), nn.Identity()
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, Optimisable):
                setattr(parent, name, layer.for_prediction())
    network.to(device, memory_format=torch.channels_last)
    if precision == "bf16":
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                module.to(torch.bfloat16)
    return network, functools.partial(torch.autocast, device.type, torch.bfloat16, enabled=precision == "bf16")
