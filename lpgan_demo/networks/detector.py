"""The plate detector of MTGAN's first stage: Faster R-CNN (Ren et al., 2015) with a head for the four corners.

| paper                     | here                                                                       |
|---------------------------|----------------------------------------------------------------------------|
| convolutional features    | `lite_backbone.LiteBackbone`, a pyramid of strides 8, 16 and 32            |
| region proposal network   | torchvision's, `anchors` of plate shapes                                   |
| RoI pooling, box head     | torchvision's RoIAlign, then two linear layers                             |
| (MTGAN: four corners)     | torchvision's keypoint head: one heat map per corner, clockwise from the top left |

Differs from the paper: a light backbone in place of VGG16, and the corner head, which rectification wants. The boxes
of the network are `MARGIN` larger than the plate, so that its corners lie inside and can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.models.detection import KeypointRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import LevelMapper

from .base import Pretrained, smooth_picture
from .lite_backbone import LiteBackbone

MARGIN = 0.15
"""What the network's boxes add to a plate's box on every side, share of its width and height."""


@dataclass(frozen=True)
class PlateFasterRCNNConfig:
    """Sizes of the detector. anchors: per pyramid level the roots of the anchors' areas, pixels; ratios: height over
    width of each. input_size (height, width) is what it is trained on; any size works."""

    input_size: tuple[int, int] = (384, 512)
    features: int = 64
    anchors: tuple[tuple[int, ...], ...] = ((16, 27), (46, 78), (130, 220))
    ratios: tuple[float, ...] = (0.33, 0.6, 1.0)
    box_features: int = 192
    corner_features: int = 48


class PlateFasterRCNN(KeypointRCNN, Pretrained):
    """Pictures -> plates. Call it with a list of float (3, H, W) in [-1, 1].

    In evaluation mode a list of dicts: boxes (K, 4) x0 y0 x1 y1 (`MARGIN` larger than the plates), scores (K,), best
    first, keypoints (K, 4, 3): the corners' x, y. In training mode, given targets (see `as_targets`), a dict of
    losses.
    """

    config_class = PlateFasterRCNNConfig

    def __init__(self, config: PlateFasterRCNNConfig = PlateFasterRCNNConfig()):
        anchors = AnchorGenerator(config.anchors, (config.ratios,) * len(config.anchors))
        names = ["0", "1", "pool"]
        width = config.features
        super().__init__(
            LiteBackbone(width),
            num_classes=None,
            rpn_anchor_generator=anchors,
            rpn_pre_nms_top_n_train=600,
            rpn_post_nms_top_n_train=300,
            rpn_pre_nms_top_n_test=300,
            rpn_post_nms_top_n_test=60,
            rpn_batch_size_per_image=128,
            box_roi_pool=MultiScaleRoIAlign(names, (5, 10), 2),
            box_head=TwoMLPHead(width * 50, config.box_features),
            box_predictor=_BoxPredictor(config.box_features),
            box_score_thresh=0.05,
            box_nms_thresh=0.4,
            box_detections_per_img=30,
            box_batch_size_per_image=128,
            keypoint_roi_pool=MultiScaleRoIAlign(names, 14, 2),
            keypoint_head=KeypointRCNNHeads(width, (config.corner_features,) * 3),
            keypoint_predictor=_CornerPredictor(config.corner_features, 4),
        )
        self.transform = _AsItComes()
        self.config = config
        for pool in (self.roi_heads.box_roi_pool, self.roi_heads.keypoint_roi_pool):
            # the pyramid's strides; left alone, it would guess them from the first picture, for good, and wrongly from
            # a small one; a plate of 90 pixels (root of its area) is looked at in the level of stride 16
            pool.scales = [1 / 8, 1 / 16, 1 / 32]
            pool.map_levels = LevelMapper(3, 5, canonical_scale=90, canonical_level=4)

    def example_inputs(self, seed: int = 0) -> dict[str, Tensor]:
        return {"picture": smooth_picture(self.config.input_size, seed)}

    def golden_outputs(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """The backbone's features: boxes come and go by a rounding error."""
        return {f"level_{name}": value for name, value in self.backbone(inputs["picture"]).items()}


class _AsItComes(GeneralizedRCNNTransform):
    """Pictures are only padded to a common size; torchvision would scale them to 800 pixels and shift their values."""

    def __init__(self):
        super().__init__(min_size=0, max_size=0, image_mean=(), image_std=())

    def normalize(self, image: Tensor) -> Tensor:
        return image

    def resize(self, image: Tensor, target=None):
        return image, target


class _BoxPredictor(torch.nn.Module):
    """Scores of background and plate, and the box's correction for each."""

    def __init__(self, features: int):
        super().__init__()
        self.cls_score = torch.nn.Linear(features, 2)
        self.bbox_pred = torch.nn.Linear(features, 8)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.cls_score(x), self.bbox_pred(x)


class _CornerPredictor(KeypointRCNNPredictor):
    """Heat maps of the corners, laid out in memory as torchvision's loss asks."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).contiguous()


def as_targets(corners: Tensor, counts: Tensor) -> list[dict[str, Tensor]]:
    """Corners (N, K, 4, 2) in pixels, of which the first counts[n] of picture n are meant -> torchvision's targets."""
    targets = []
    for points, count in zip(corners, counts.tolist()):
        points = points[:count].float()
        low, high = points.amin(1), points.amax(1)
        grow = (high - low) * MARGIN
        targets.append(
            {
                "boxes": torch.cat([low - grow, high + grow], 1),
                "labels": torch.ones(count, dtype=torch.int64, device=points.device),
                "keypoints": torch.cat([points, torch.ones_like(points[..., :1])], 2),
            }
        )
    return targets


def corners_of(found: dict[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """One picture's answer -> (corners float64 (K, 4, 2), scores (K,))."""
    return found["keypoints"][..., :2].double().cpu().numpy(), found["scores"].double().cpu().numpy()
