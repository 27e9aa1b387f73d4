"""The detector: shapes, targets, windows, merging, and that it can learn."""

import numpy as np
import pytest
import torch
from visiting import scene

from lpgan_demo.images.drawing import annotate
from lpgan_demo.images.geometry import overlap
from lpgan_demo.inference.detection import LENGTH, PlateDetector, merged, scales, surroundings, tiles
from lpgan_demo.inference.torch_backend import TorchDetector
from lpgan_demo.networks import lite_backbone
from lpgan_demo.networks.detector import MARGIN, PlateFasterRCNN, PlateFasterRCNNConfig, as_targets, corners_of
from lpgan_demo.networks.lite_backbone import LiteBackbone, load_imagenet
from lpgan_demo.networks.testing import randomise
from lpgan_demo.results import Detection
from lpgan_demo.weights.folder import BUNDLED


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return PlateFasterRCNN(PlateFasterRCNNConfig(features=16, box_features=24, corner_features=8))


def test_the_backbone_has_strides_8_16_and_32_and_takes_any_size():
    backbone = LiteBackbone(16)
    levels = backbone(torch.zeros(1, 3, 100, 160))
    assert [tuple(level.shape[1:]) for level in levels.values()] == [(16, 13, 20), (16, 7, 10), (16, 4, 5)]


def test_imagenet_weights_start_everything_but_the_pyramid(tmp_path):
    backbone = LiteBackbone(16)
    names = {"expand": "_expand_conv", "depthwise": "_depthwise_conv", "project": "_project_conv"}
    published = {}
    for name, value in backbone.state_dict().items():
        parts = name.split(".")
        if parts[0] == "blocks":
            published[f"_blocks.{parts[1]}.{names.get(parts[2], parts[2].replace('norm', '_bn'))}.{parts[3]}"] = (
                value + 1
            )
        elif parts[0] in ("stem", "stem_norm"):
            published[{"stem": "_conv_stem", "stem_norm": "_bn0"}[parts[0]] + "." + parts[1]] = value + 1
    torch.save(published, tmp_path / "imagenet.pth")
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    load_imagenet(backbone, tmp_path / "imagenet.pth")
    for name, value in backbone.state_dict().items():
        ours = name.split(".")[0] in ("pyramid", "coarser")
        assert torch.equal(value, before[name] if ours else before[name] + 1), name


def test_targets_are_boxes_a_margin_larger_with_the_corners_inside():
    corners = torch.tensor([[[[100.0, 50], [200, 60], [200, 90], [100, 80]], [[0.0, 0], [0, 0], [0, 0], [0, 0]]]])
    (target,) = as_targets(corners, torch.tensor([1]))
    assert target["boxes"][0].tolist() == pytest.approx([100 - 100 * MARGIN, 50 - 40 * MARGIN, 200 + 15, 90 + 6])
    assert target["keypoints"].shape == (1, 4, 3) and target["labels"].tolist() == [1]
    assert as_targets(corners, torch.tensor([0]))[0]["boxes"].shape == (0, 4)


def test_training_gives_five_losses_and_a_gradient_to_every_learned_parameter(network):
    network.train()
    picture = torch.rand(3, 96, 128) * 2 - 1
    corners = torch.tensor([[[[30.0, 30], [90, 34], [90, 54], [30, 50]]], [[[0.0, 0]] * 4]])
    losses = network([picture, picture], as_targets(corners, torch.tensor([1, 0])))
    assert set(losses) == {f"loss_{n}" for n in ("objectness", "rpn_box_reg", "classifier", "box_reg", "keypoint")}
    sum(losses.values()).backward()
    assert not [name for name, p in network.named_parameters() if p.grad is None]
    network.zero_grad()


def test_an_answer_has_four_corners_per_box(network):
    network.eval()
    with torch.no_grad():
        (found,) = network([torch.rand(3, 96, 128) * 2 - 1])
    corners, scores = corners_of(found)
    assert corners.shape == (len(scores), 4, 2) and (np.diff(scores) <= 0).all()


def test_the_scales_of_a_photo_ascend_and_a_small_one_is_enlarged_at_most_twice():
    assert scales((1160, 1600)) == [LENGTH / 3200, LENGTH / 1600]
    assert scales((100, 200)) == [1.0, 2.0]
    assert scales((3000, 4000)) == [0.12, 0.24, 0.48, 0.96] and scales((3000, 4000), finest=1) == [0.12, 0.24]


def test_tiles_cover_a_window_and_overlap():
    looked = tiles((500, 0, 4000, 3000), 1000)
    seen = np.zeros((300, 400), int)
    for x0, y0, x1, y1 in looked:
        assert x1 - x0 <= 1000 and y1 - y0 <= 1000
        seen[y0 // 10 : y1 // 10, x0 // 10 : x1 // 10] += 1
    assert seen[:, 50:].min() >= 1 and not seen[:, :50].any()
    assert all(any(a[0] < b[2] and b[0] < a[2] and a != b for b in looked) for a in looked)
    assert tiles((500, 100, 900, 300), 1000) == [(500, 100, 900, 300)]


def test_windows_around_possible_plates_lie_in_the_photo_and_never_overlap():
    quad = np.array([[100.0, 100], [160, 100], [160, 120], [100, 120]])
    assert surroundings([quad], (960, 1280), 40) == [(0, 0, 261, 221)]
    far, near, between = quad + (900, 700), quad + (150, 0), quad + (500, 350)
    assert len(surroundings([quad, far], (960, 1280), 40)) == 2
    assert surroundings([quad, near], (960, 1280), 40) == [(0, 0, 411, 221)]
    joined = surroundings([quad, far, between], (960, 1280), 250)
    assert joined == [(0, 0, 1280, 960)], "the third, between them, makes all of them one"
    assert surroundings([], (960, 1280), 40) == []


class NearSighted:
    """Stands in for the network: sees one white plate, surely where it is 40 pixels long or more."""

    def __init__(self):
        self.looked_at = []

    def __call__(self, picture):
        self.looked_at.append(picture.shape[1:])
        rows, columns = np.where(picture.mean(0) > 0.5)
        if not len(rows):
            return np.zeros((0, 4, 2)), np.zeros(0)
        x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
        score = 0.9 if x1 - x0 >= 40 else 0.1
        return np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], float), np.array([score])


def test_a_tiny_plate_is_found_in_its_own_pixels():
    photo = np.zeros((960, 1280, 3), np.uint8)
    photo[400:412, 700:732] = 255
    (found,) = PlateDetector(NearSighted())(photo)
    assert found.score == 0.9 and np.abs(np.array(found.box) - (700, 400, 732, 412)).max() <= 2


def test_the_finest_scale_is_searched_only_around_what_may_be_a_plate():
    photo, empty, seen, sure = np.zeros((960, 1280, 3), np.uint8), *(NearSighted() for _ in range(3))
    assert PlateDetector(empty)(photo) == [] and empty.looked_at == [(360, 480)]
    photo[400:420, 700:800] = 255
    assert len(PlateDetector(seen)(photo)) == 1
    (whole, (height, width)) = seen.looked_at
    assert whole == (360, 480) and height * width < 720 * 960 / 6
    photo[300:400, 700:1000] = 255
    assert len(PlateDetector(sure)(photo)) == 1 and sure.looked_at == [(360, 480)], "large and sure: no second search"


def test_finds_of_one_plate_are_merged_to_the_surest():
    quad = np.array([[10.0, 10], [60, 12], [60, 28], [10, 26]])
    (kept,) = merged([(quad + 1, 0.7), (quad, 0.9), (quad * (0.5, 1) + (6, 0), 0.65)])
    assert kept.score == 0.9 and np.array_equal(kept.corners, quad) and kept.box == (10, 10, 60, 28)
    assert len(merged([(quad, 0.9), (quad + (100, 0), 0.8)])) == 2


def test_corners_that_cross_are_replaced_by_the_box():
    crossed = np.array([[10.0, 10], [60, 28], [60, 12], [10, 26]])
    (kept,) = merged([(crossed, 0.9)])
    assert kept.corners.tolist() == [[10, 10], [60, 10], [60, 28], [10, 28]]


def test_what_is_far_too_long_for_a_plate_is_none():
    thin = np.array([[0.0, 0], [327, 0], [327, 12], [0, 12]])
    assert merged([(thin, 0.99)]) == [] and merged([(thin[:, ::-1][[0, 3, 2, 1]], 0.99)]) == []
    assert len(merged([(thin * (1, 4), 0.99)])) == 1


def test_overlap_is_intersection_over_union():
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 20, 30, 30)) == 0


class OneFind(torch.nn.Module):
    """Stands in for the network: finds the brightest square of the picture."""

    def forward(self, pictures):
        found = []
        for picture in pictures:
            rows, columns = torch.where(picture.mean(0) > 0.9)
            if not len(rows):
                found.append({"keypoints": torch.zeros(0, 4, 3), "scores": torch.zeros(0)})
                continue
            x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
            points = torch.tensor([[[x0, y0, 1], [x1, y0, 1], [x1, y1, 1], [x0, y1, 1]]], dtype=torch.float32)
            found.append({"keypoints": points, "scores": torch.tensor([0.9])})
        return found


def test_detections_are_in_pixels_of_the_photo_whatever_its_size():
    for size, box in (((1200, 1600), (800, 600, 900, 630)), ((2900, 3900), (3001, 1502, 3041, 1514))):
        photo = np.zeros((*size, 3), np.uint8)
        x0, y0, x1, y1 = box
        photo[y0:y1, x0:x1] = 255
        (found,) = PlateDetector(TorchDetector(OneFind()))(photo)
        assert np.abs(np.array(found.box) - box).max() <= 5
        assert isinstance(found, Detection) and found.score == pytest.approx(0.9)


def test_a_threshold_outside_its_range_is_an_error():
    with pytest.raises(ValueError, match="threshold"):
        PlateDetector(TorchDetector(OneFind()), threshold=1.5)


def test_annotate_marks_a_copy_and_keeps_labels_inside_the_picture():
    photo = np.full((120, 200, 3), 90, np.uint8)
    corners = np.array([[[2.0, 1], [60, 1], [60, 20], [2, 20]], [[150, 100], [199, 100], [199, 119], [150, 119]]])
    marked = annotate(photo, corners, ["皖A12345", "苏B67890"])
    assert marked.shape == photo.shape and (photo == 90).all()
    assert (marked[21:40, :60] != 90).any() and (marked[80:100, 140:] != 90).any()


def test_the_fused_backbone_is_the_same_function_and_leaves_the_other_alone(network):
    randomise(network.backbone)
    picture = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        for name, level in network.backbone.for_prediction()(picture).items():
            expected = network.backbone(picture)[name]
            assert (level - expected).abs().max() < 1e-3 * expected.abs().max()
    assert TorchDetector(network).network.backbone is not network.backbone
    assert network.backbone.stem.bias is None


@pytest.mark.parametrize("size", [(64, 96), (75, 130), (160, 61)])
def test_a_block_in_strips_has_the_same_values(network, monkeypatch, size):
    randomise(network.backbone)
    picture = torch.rand(2, 3, *size)
    with torch.no_grad():
        for strip in (1, 3000, 20_000):
            monkeypatch.setattr(lite_backbone, "STRIP_BYTES", strip)
            for name, level in network.backbone.for_prediction()(picture).items():
                expected = network.backbone(picture)[name]
                assert (level - expected).abs().max() < 1e-3 * expected.abs().max()


def test_pictures_reach_the_backbone_at_their_own_size_and_values(network):
    seen = []
    hook = network.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    picture = torch.rand(3, 96, 130) * 2 - 1
    with torch.no_grad():
        network.eval()([picture])
    hook.remove()
    assert seen[0].shape == (1, 3, 96, 160), "only padded, to a multiple of 32"
    assert torch.equal(seen[0][0, :, :96, :130], picture) and not seen[0][..., 130:].any()


def test_a_small_picture_before_it_does_not_change_what_is_found():
    published = PlateFasterRCNN.from_pretrained(BUNDLED / "detector")
    photo = scene([("苏B24680", "cn_blue", (80, 330)), ("粤C13579", "cn_yellow", (420, 360))])
    for first in ((18, 60), (17, 90), (24, 94)):
        detector = PlateDetector(TorchDetector(published))
        detector(np.full((*first, 3), 90, np.uint8))
        found = detector(photo)
        assert len(found) == 2 and abs(found[0].box[0] - 80) < 5 and abs(found[1].box[0] - 420) < 5
