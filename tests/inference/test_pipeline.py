import dataclasses

import cv2
import numpy as np
import pytest
import torch

from lpgan_demo.images import resize
from lpgan_demo.inference.pipeline import PlatePipeline, legibility
from lpgan_demo.inference.restoration import PlateReader
from lpgan_demo.inference.torch_backend import TorchNetworks
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.mtgan import SRGenerator, SRGeneratorConfig
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.examples import EXAMPLES, UNREADABLE
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.results import Detection, PlateImageError
from lpgan_demo.weights.folder import BUNDLED

EXACT = {"views": 1, "precision": "fp32"}
"""Results that may be compared to the last digits."""


@pytest.fixture
def crops():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (h, w, 3), np.uint8) for h, w in ((24, 94), (8, 31), (60, 200))]


def test_results_are_complete_and_frozen(small_weights, crops):
    (plate,) = PlatePipeline.from_pretrained(small_weights)(crops[0])
    layout = get_layout(plate.layout)
    assert layout.accepts(plate.text) and len(plate.characters) == layout.num_characters
    assert 0 <= plate.confidence <= min(c.probability for c in plate.characters) + 1e-6
    assert plate.super_resolved.shape == (64, 192, 3) and plate.super_resolved.dtype == np.uint8
    assert plate.box is None and np.array_equal(plate.crop, crops[0])
    for c in plate.characters:
        shown = c.probability + sum(p for _, p in c.runners_up)
        assert shown <= 1 + 1e-6 and all(p <= c.probability for _, p in c.runners_up)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plate.text = "X"
    assert plate.to_dict()["text"] == plate.text


@pytest.mark.parametrize("reader", ["head", "dn", "fused"])
def test_batches_give_what_single_plates_give(small_weights, crops, reader):
    pipeline = PlatePipeline.from_pretrained(small_weights, reader=reader, **EXACT)
    together = pipeline.read_plates(crops, batch_size=2)
    alone = [pipeline.read_plate(crop) for crop in crops]
    for a, b in zip(together, alone):
        assert a.text == b.text and a.confidence == pytest.approx(b.confidence, abs=1e-5)
        assert np.abs(a.super_resolved.astype(int) - b.super_resolved).max() <= 1


def test_nothing_is_remembered_between_calls(small_weights, crops):
    pipeline = PlatePipeline.from_pretrained(small_weights, **EXACT)
    first = pipeline.read_plate(crops[0])
    pipeline.read_plate(crops[1])
    again = pipeline.read_plate(crops[0])
    assert first.to_dict() == again.to_dict()
    assert np.array_equal(first.super_resolved, again.super_resolved)


def test_bad_input_raises_and_no_plates_give_no_results(small_weights):
    pipeline = PlatePipeline.from_pretrained(small_weights, **EXACT)
    with pytest.raises(PlateImageError):
        pipeline(b"nonsense")
    assert pipeline.read_plates([]) == []
    with pytest.raises(ValueError, match="reader"):
        PlateReader(pipeline.reader.networks, reader="oracle")


def test_a_generator_that_names_no_layout_is_refused():
    with pytest.raises(ValueError, match="region"):
        TorchNetworks(SRGenerator(SRGeneratorConfig(num_features=4, num_blocks=1, decoder="plain")), None)


def test_legibility_follows_the_confidence():
    assert [legibility(p) for p in (0.99, 0.6, 0.1)] == ["good", "poor", "illegible"]


def test_bundled_weights_read_the_bundled_examples():
    """The page's promise. Six rendered pictures, the pictures themselves as they are shipped."""
    torch.manual_seed(0)
    pipeline = PlatePipeline.from_pretrained()
    folder = BUNDLED.parent / "examples"
    read = {e.name: pipeline.read_plate(folder / f"{e.name}.png").text for e in EXAMPLES}
    assert read == {e.name: e.text for e in EXAMPLES}
    assert pipeline.read_plate(folder / f"{UNREADABLE.name}.png").legibility == "illegible"


def test_several_views_are_averaged_and_hardly_change_the_drawing(small_weights, crops):
    one = PlatePipeline.from_pretrained(small_weights, reader="head", views=1).read_plates(crops)
    many = PlatePipeline.from_pretrained(small_weights, reader="head", views=5).read_plates(crops)
    for a, b in zip(one, many):
        assert a.layout == b.layout
        assert np.abs(a.super_resolved.astype(int) - b.super_resolved).mean() < 10
        assert a.characters != b.characters and a.characters[0].probability == pytest.approx(
            b.characters[0].probability, abs=0.2
        )
    for views in (0, 8, "many", 2.5):
        with pytest.raises(ValueError, match="views"):
            PlatePipeline.from_pretrained(small_weights, views=views)


def test_a_track_of_equal_frames_reads_like_one_frame_but_surer(small_weights, crops):
    pipeline = PlatePipeline.from_pretrained(small_weights, reader="head", **EXACT)
    one, track = pipeline.read_plate(crops[0]), pipeline.read_track([crops[0]] * 4)
    assert track.text == one.text and track.layout == one.layout
    assert np.abs(track.super_resolved.astype(int) - one.super_resolved).max() <= 1
    assert all(b.probability >= a.probability - 1e-6 for a, b in zip(one.characters, track.characters))
    single = pipeline.read_track([crops[0]])
    assert single.text == one.text and single.confidence == pytest.approx(one.confidence, abs=1e-5)


def test_frames_that_agree_are_not_taken_for_independent_witnesses(small_weights, crops):
    """Frames of one plate have the same blur and the same shadow, and err alike."""
    restorer = PlatePipeline.from_pretrained(small_weights, **EXACT | {"views": 1}).restorer
    one, seven = (
        np.sort(r.characters[0], -1)[:, -2:] for r in (restorer(crops[:1]), restorer.fuse_frames(crops[:1] * 7))
    )
    odds, together = (np.log(best / second) for second, best in (one.T, seven.T))
    assert (together >= odds).all() and together.max() > odds.max() and (together <= 2 * odds).all()


def test_a_track_weighs_all_frames_whatever_their_order(small_weights, crops):
    pipeline = PlatePipeline.from_pretrained(small_weights, **EXACT)
    track, turned = pipeline.read_track(crops), pipeline.read_track(crops[::-1])
    assert track.text == turned.text and track.confidence == pytest.approx(turned.confidence, abs=1e-5)
    assert track.crop.shape == (60, 200, 3)  # the largest frame
    layout = get_layout(track.layout)
    assert layout.accepts(track.text)
    with pytest.raises(ValueError, match="at least one"):
        pipeline.read_track([])


def test_temperature_tones_the_confidence_down_and_leaves_the_text(small_weights, crops):
    sure = PlatePipeline.from_pretrained(small_weights, temperature=1.0).read_plate(crops[0])
    toned = PlatePipeline.from_pretrained(small_weights, temperature=3.0).read_plate(crops[0])
    assert toned.text == sure.text and toned.confidence < sure.confidence
    with pytest.raises(ValueError, match="temperature"):
        PlatePipeline.from_pretrained(small_weights, temperature=0.0)


def test_bf16_reads_nearly_the_same_and_auto_is_one_of_the_two(small_weights, crops):
    exact, half, auto = (
        PlatePipeline.from_pretrained(small_weights, precision=p).read_plates(crops) for p in ("fp32", "bf16", "auto")
    )
    for a, b in zip(exact, half):
        assert a.layout == b.layout and np.abs(a.super_resolved.astype(int) - b.super_resolved).mean() < 3
        assert a.characters[0].probability == pytest.approx(b.characters[0].probability, abs=0.05)
    assert [p.to_dict() for p in auto] in ([p.to_dict() for p in exact], [p.to_dict() for p in half])
    assert PlatePipeline.from_pretrained(small_weights, precision="bf16").read_track(crops).text
    with pytest.raises(ValueError, match="precision"):
        PlatePipeline.from_pretrained(small_weights, precision="int8")


def test_auto_looks_again_only_where_one_view_is_unsure(small_weights, crops, monkeypatch):
    one, all_views, auto = (
        PlatePipeline.from_pretrained(small_weights, reader="head", precision="fp32", views=v) for v in (1, 7, "auto")
    )
    unsure, sure = crops[0], crops[1]
    monkeypatch.setattr(auto.restorer, "_text_probability", lambda *_: np.array([0.5, 0.99]))
    a, b = auto.read_plates([unsure, sure])
    assert a.characters == all_views.read_plate(unsure).characters or a.confidence == pytest.approx(
        all_views.read_plate(unsure).confidence, rel=1e-3
    )
    assert b.confidence == pytest.approx(one.read_plate(sure).confidence, rel=1e-3)


def test_belief_is_over_the_characters_the_layout_has(small_weights):
    restorer = PlatePipeline.from_pretrained(small_weights).restorer
    names = restorer.networks.layouts
    characters = np.full((2, 8, 4), 0.1)
    characters[:, :, 0] = 0.5
    belief = restorer._text_probability(characters, np.array([names.index("cn_blue"), names.index("cn_green")]))
    assert belief == pytest.approx([0.5**7, 0.5**8])


def test_a_find_that_cannot_be_read_does_not_make_a_crop_a_photo():
    pipeline = PlatePipeline.from_pretrained(deblur=False)
    corner = np.array([[5, 3], [22, 3], [22, 18], [5, 18]], float)
    mistake = Detection(corner, (5.0, 3.0, 22.0, 18.0), 0.77)
    pipeline.detector = lambda photo: [mistake]
    (plate,) = pipeline(BUNDLED.parent / "examples" / "tilted.png")
    assert plate.text == "川H90T37" and plate.box is None
    assert pipeline(np.full((480, 640, 3), 90, np.uint8)) == []  # a photo stays one


def test_the_examples_are_read_as_they_are_given_to_the_page():
    pipeline = PlatePipeline.from_pretrained(deblur=False)
    for example in EXAMPLES:
        (plate,) = pipeline(BUNDLED.parent / "examples" / f"{example.name}.png")
        assert plate.text == example.text


@pytest.fixture
def knowing_weights(small_networks, tmp_path):
    """Weights that know a class "unknown", which a black crop belongs to, and the corners of a plate."""
    torch.manual_seed(1)
    sizes = dict(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=12)
    generator = SRGenerator(SRGeneratorConfig(unknown=True, corners=True, **sizes))
    with torch.no_grad():
        generator.layout_head.bias[-1] = 9.0
        generator.corner_head[-1].bias.copy_(torch.tensor([0.1, 0.2, 0.9, 0.2, 0.9, 0.8, 0.1, 0.8]))
    for name, network in (("mtgan-generator", generator), ("mtgan-discriminator", small_networks[1])):
        save_weights(network, tmp_path / "knowing" / name)
    return tmp_path / "knowing"


def test_a_plate_of_no_known_kind_gets_no_text_and_says_so(knowing_weights, crops):
    for plate in PlatePipeline.from_pretrained(knowing_weights).read_plates(crops):
        assert (plate.text, plate.layout, plate.legibility) == ("", "unknown", "unknown kind")
        assert plate.confidence == 0 and plate.characters == () and plate.label == "?"
        assert np.array_equal(plate.super_resolved, resize(plate.crop, (64, 192)))
        assert plate.to_dict()["layout"] == "unknown"
    assert PlatePipeline.from_pretrained(knowing_weights).read_track(crops).layout == "unknown"


def test_the_quad_is_where_the_network_sees_the_corners_in_pixels_of_the_crop(knowing_weights, small_weights, crops):
    wide = crops[2]
    quad = PlatePipeline.from_pretrained(knowing_weights, **EXACT).read_plate(wide).quad
    assert np.allclose(quad, np.array([[0.1, 0.2], [0.9, 0.2], [0.9, 0.8], [0.1, 0.8]]) * (200, 60), atol=0.5)
    assert PlatePipeline.from_pretrained(small_weights).read_plate(wide).quad is None


def test_a_find_of_no_known_kind_counts_only_where_the_detector_has_no_doubt(knowing_weights, crops):
    pipeline = PlatePipeline.from_pretrained(knowing_weights)
    photo, corners = crops[2], np.array([[5.0, 5], [190, 5], [190, 55], [5, 55]])
    found = [Detection(corners, (5, 5, 190, 55), score) for score in (0.999, 0.7)]
    assert [result.detection for result in pipeline.read_found(photo, found)] == [0.999]


@pytest.fixture(scope="module")
def blind():
    """The published networks with a detector that finds nothing."""
    pipeline = PlatePipeline.from_pretrained(deblur=False, detect=False)
    pipeline.detector = lambda photo: []
    return pipeline


def large_crop(text="苏E6M328", width=760):
    plate = standard_plate(text, get_layout("cn_blue"))
    return cv2.GaussianBlur(cv2.resize(plate, (width, width // 3), interpolation=cv2.INTER_CUBIC), (0, 0), 4)


def test_a_large_picture_that_reads_as_a_plate_is_one(blind):
    (plate,) = blind(large_crop())
    assert plate.text == "苏E6M328" and plate.box is None


def test_a_large_picture_of_anything_else_is_not(blind):
    rng = np.random.default_rng(1)
    street = cv2.GaussianBlur(rng.integers(0, 255, (400, 700, 3), np.uint8), (0, 0), 6)
    assert blind(street) == [] and blind(np.full((400, 700, 3), 90, np.uint8)) == []
    assert blind(np.ascontiguousarray(large_crop().transpose(1, 0, 2))) == []  # taller than wide


def test_what_a_picture_is_can_be_said(blind):
    assert blind(large_crop(), kind="photo") == []
    assert len(blind(np.full((400, 700, 3), 90, np.uint8), kind="plate")) == 1
    with pytest.raises(ValueError, match="auto, photo, plate"):
        blind(large_crop(), kind="crop")


def test_opencv_s_order_of_colours_can_be_said(blind):
    crop = large_crop(width=190)
    as_rgb, as_bgr = blind.read_plate(crop), blind.read_plate(np.ascontiguousarray(crop[..., ::-1]), bgr=True)
    assert np.array_equal(as_rgb.crop, as_bgr.crop) and as_rgb.to_dict() == as_bgr.to_dict()
    (whole,), (track) = blind(crop[..., ::-1], bgr=True), blind.read_track([crop[..., ::-1]] * 2, bgr=True)
    assert whole.text == track.text == as_rgb.text and np.array_equal(track.crop, crop)
