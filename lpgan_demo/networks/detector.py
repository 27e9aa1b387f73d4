"""The plate detector of MTGAN's first stage: Faster R-CNN (Ren et al. 2015) with a head for the four corners.

| paper                     | here                                                                       |
|---------------------------|----------------------------------------------------------------------------|
| convolutional features    | `lite_backbone.LiteBackbone`, a pyramid of strides 8, 16 and 32            |
| region proposal network   | torchvision's, `anchors` of plate shapes                                   |
| RoI pooling, box head     | torchvision's RoIAlign, then two linear layers                             |
| (MTGAN: four corners)     | torchvision's keypoint head: one heat map per corner, clockwise from the top left |

Differs from the paper:
- A light backbone in place of VGG16.
- The corner head, for the rectification.
- Boxes are larger than the plate by `MARGIN`, so that its corners lie inside the pooled region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.models.detection import KeypointRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import LevelMapper

from .base import Pretrained, smooth_picture
from .lite_backbone import LiteBackbone

MARGIN = 0.15
"""Margin of the network's boxes around a plate's bounding box, on each side, as a share of its width and height."""


@dataclass(frozen=True)
class PlateFasterRCNNConfig:
    """Configuration of `PlateFasterRCNN`.

    Attributes:
        input_size: (height, width) of the training pictures; any size works at prediction.
        features, box_features, corner_features: channels of the pyramid, the box head and the corner head.
        anchors: per pyramid level, square roots of the anchors' areas, in pixels.
        ratios: height over width of the anchors.
    """

    input_size: tuple[int, int] = (384, 512)
    features: int = 64
    anchors: tuple[tuple[int, ...], ...] = ((16, 27), (46, 78), (130, 220))
    ratios: tuple[float, ...] = (0.33, 0.6, 1.0)
    box_features: int = 192
    corner_features: int = 48


class PlateFasterRCNN(KeypointRCNN, Pretrained):
    """Pictures -> plates.

    Args:
        images: list of float (3, H, W) in [-1, 1].
        targets: in training mode, as from `as_targets`.

    Returns:
        In training mode a dict of losses. In evaluation mode one dict per picture, in pixels, best score first: boxes
        (K, 4) x0 y0 x1 y1 with `MARGIN`, scores (K,), keypoints (K, 4, 3), the corners' x and y first.
    """

    config_class = PlateFasterRCNNConfig
    exportable = False  # it chooses its boxes step by step: no plain graph

    def __init__(self, config: PlateFasterRCNNConfig = PlateFasterRCNNConfig()):
        levels = ["0", "1", "pool"]
        super().__init__(
            LiteBackbone(config.features),
            num_classes=None,
            rpn_anchor_generator=AnchorGenerator(config.anchors, (config.ratios,) * len(config.anchors)),
            rpn_pre_nms_top_n_train=600,
            rpn_post_nms_top_n_train=300,
            rpn_pre_nms_top_n_test=300,
            rpn_post_nms_top_n_test=60,
            rpn_batch_size_per_image=128,
            box_roi_pool=MultiScaleRoIAlign(levels, (5, 10), 2),
            box_head=TwoMLPHead(config.features * 50, config.box_features),
            box_predictor=FastRCNNPredictor(config.box_features, 2),  # background and plate
            box_score_thresh=0.05,
            box_nms_thresh=0.4,
            box_detections_per_img=30,
            box_batch_size_per_image=128,
            keypoint_roi_pool=MultiScaleRoIAlign(levels, 14, 2),
            keypoint_head=KeypointRCNNHeads(config.features, (config.corner_features,) * 3),
            keypoint_predictor=_CornerPredictor(config.corner_features, 4),
        )
        self.transform = _PadOnlyTransform()
        self.config = config
        for pool in (self.roi_heads.box_roi_pool, self.roi_heads.keypoint_roi_pool):
            # torchvision would compute the strides from the first picture, wrongly from a small one, and keep them;
            # a plate whose area is 90 x 90 pixels is pooled from the level of stride 16
            pool.scales = [1 / 8, 1 / 16, 1 / 32]
            pool.map_levels = LevelMapper(3, 5, canonical_scale=90, canonical_level=4)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"picture": smooth_picture(self.config.input_size, seed)}

    def golden_outputs(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The backbone's features; the number of boxes may depend on rounding errors."""
        return {f"level_{name}": value for name, value in self.backbone(inputs["picture"]).items()}


class _PadOnlyTransform(GeneralizedRCNNTransform):
    """Only pads pictures to a common size; torchvision's also scales them to 800 pixels and normalises them."""

    def __init__(self):
        super().__init__(min_size=0, max_size=0, image_mean=(), image_std=())

    def normalize(self, image: Tensor) -> Tensor:
        return image

    def resize(self, image: Tensor, target=None):
        return image, target


class _CornerPredictor(KeypointRCNNPredictor):
    """Heat maps of the corners, contiguous in memory as torchvision's loss requires."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).contiguous()


def as_targets(corners: Tensor, counts: Tensor) -> list[dict[str, Tensor]]:
    """Plate corners as torchvision's training targets.

    Args:
        corners: (N, K, 4, 2), in pixels, clockwise from the top left, padded to K plates per picture.
        counts: int (N,), number of plates of each picture.

    Returns:
        Per picture the boxes with `MARGIN`, labels and keypoints.
    """
    targets = []
    for points, count in zip(corners, counts.tolist()):
        points = points[:count].float()
        low, high = points.amin(1), points.amax(1)
        margin = (high - low) * MARGIN
        labels = torch.ones(count, dtype=torch.int64, device=points.device)
        keypoints = torch.cat([points, torch.ones_like(points[..., :1])], 2)  # 1: visible
        targets.append({"boxes": torch.cat([low - margin, high + margin], 1), "labels": labels, "keypoints": keypoints})
    return targets


def corners_of(found: dict[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """One picture's output in evaluation mode -> corners float64 (K, 4, 2), in pixels, and scores float64 (K,)."""
    return found["keypoints"][..., :2].double().cpu().numpy(), found["scores"].double().cpu().numpy()
