"""A trained network -> a copy that predicts as fast as its device allows: the same function, nothing to train."""

from __future__ import annotations

import copy
import functools

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

PRECISIONS = ("fp32", "bf16", "auto")


def resolve(precision: str, device: torch.device) -> str:
    """ "fp32", or "bf16": half the bits, about 1 % less exact. "auto" is bf16 where the device does it natively.

    Raises ValueError for another word.
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
    """(a copy of the network for prediction, a context in which it computes).

    Batch norm becomes part of the convolution before it, parts that know a faster form of themselves
    (`for_prediction`) take it, the channels of a picture lie beside each other in memory, and in bf16 the weights of
    convolutions and linear layers are kept so, instead of being rounded at every call. Raises ValueError for an unknown
    precision.
    """
    device = torch.device(device)
    precision = resolve(precision, device)
    network = copy.deepcopy(network).eval().requires_grad_(False)
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for k in range(len(layers) - 1):
            if isinstance(layers[k], nn.Conv2d) and isinstance(layers[k + 1], nn.BatchNorm2d):
                layers[k], layers[k + 1] = fuse_conv_bn_eval(layers[k], layers[k + 1]), nn.Identity()
    for parent in list(network.modules()):
        for name, part in list(parent.named_children()):
            if hasattr(part, "for_prediction"):
                setattr(parent, name, part.for_prediction())
    network.to(device, memory_format=torch.channels_last)
    if precision == "bf16":
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                module.to(torch.bfloat16)
    return network, functools.partial(torch.autocast, device.type, torch.bfloat16, enabled=precision == "bf16")
