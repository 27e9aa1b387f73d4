"""Ink and paper: the deblurrer of the pipeline, the methods of the table, and the command that prints it."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from lpgan_demo.cli.main import main
from lpgan_demo.data.formats import load_real
from lpgan_demo.data.labelled import choose
from lpgan_demo.evaluation.deblurring import paint, real_pairs, rendered_pairs
from lpgan_demo.evaluation.ink_methods import ink_methods, otsu, richardson_lucy, sauvola
from lpgan_demo.evaluation.metrics import ink_f_measure
from lpgan_demo.evaluation.readers.third_party import find_general_reader
from lpgan_demo.inference.deblurring import PlateDeblurrer
from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.inference.torch_backend import TorchInkGenerator
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig
from lpgan_demo.plates import UNKNOWN, get_layout
from lpgan_demo.plates.camera import motion_kernel
from lpgan_demo.plates.standard import ink_mask, standard_plate
from lpgan_demo.results import PlateResult

BLUE = get_layout("cn_blue")


def result(crop):
    """A crop that nothing was read from."""
    return PlateResult("", 0.0, (), UNKNOWN, crop, standard_plate("皖A12345", BLUE), "unknown kind")


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return DeblurGenerator(DeblurGeneratorConfig(num_blocks=1, head_features=4, growth_rate=4, bottleneck=4)).eval()


def test_crops_of_any_size_become_grey_and_binary_in_their_own_aspect(generator):
    rng = np.random.default_rng(0)
    plates = [result(rng.integers(0, 255, (*size, 3), np.uint8)) for size in ((24, 96), (200, 150), (9, 36), (10, 90))]
    pairs = PlateDeblurrer(TorchInkGenerator(generator))(plates, batch_size=2)
    assert [grey.shape for grey, _ in pairs] == [(128, 512), (128, 128), (128, 512), (128, 640)]
    assert all(set(np.unique(binary)) <= {0, 255} for _, binary in pairs)
    again = PlateDeblurrer(TorchInkGenerator(generator))(plates[1:2])[0]
    assert np.abs(again[0].astype(int) - pairs[1][0]).max() <= 1


def test_a_guided_generator_gets_what_was_drawn_and_gives_grey_and_ink():
    torch.manual_seed(0)
    network = DeblurGenerator(DeblurGeneratorConfig(num_blocks=1, fold=4, guided=True)).eval()
    given = []
    deblurrer = PlateDeblurrer(TorchInkGenerator(network))
    deblurrer.generator.generator.register_forward_pre_hook(lambda module, inputs: given.append(inputs[0]))
    crop = cv2.GaussianBlur(standard_plate("皖A12345", BLUE, (64, 192)), (0, 0), 2.0)
    drawn = replace(result(crop), text="皖A12345", layout="cn_blue")
    (grey, binary), _ = deblurrer([drawn, result(crop)])
    assert given[0].shape == (2, 5, 128, 192) and (given[0][0, 3] > 0).any() and (given[0][1, 3] == -1).all()
    assert grey.shape == binary.shape == (128, 384) and not np.array_equal(grey, binary)


def test_the_pipeline_fills_both_pictures_when_the_weights_have_the_generator(small_weights, generator):
    crop = standard_plate("皖A12345", BLUE, (32, 96))
    assert PlatePipeline.from_pretrained(small_weights).read_plate(crop).binary is None
    save_weights(generator, small_weights / "deblur-generator")
    plate = PlatePipeline.from_pretrained(small_weights).read_plate(crop)
    assert plate.deblurred.shape == plate.binary.shape == (128, 384)
    assert PlatePipeline.from_pretrained(small_weights, deblur=False).read_plate(crop).binary is None
    folded = DeblurGenerator(replace(generator.config, fold=4)).eval()
    save_weights(folded, small_weights / "deblur-folded-generator")
    assert PlatePipeline.from_pretrained(small_weights).deblurrer.generator.generator.config.fold == 4


def test_thresholds_find_the_ink_of_a_sharp_plate_whatever_its_paint():
    for name in ("cn_blue", "cn_yellow"):
        layout = get_layout(name)
        picture, truth = standard_plate("皖A12345", layout, (128, 384)), ink_mask("皖A12345", layout, (128, 384))
        for method in (otsu, sauvola):
            ((grey, binary),) = method([picture], [layout])
            assert grey.shape == binary.shape == truth.shape
            assert ink_f_measure(binary, truth) > 0.9, method.__name__


def test_deconvolution_mends_a_straight_motion():
    picture = standard_plate("皖A12345", BLUE, (128, 192))
    truth = ink_mask("皖A12345", BLUE, (128, 192))
    moved = cv2.filter2D(picture, -1, motion_kernel(12, 0), borderType=cv2.BORDER_REPLICATE)
    (before,), (after,) = otsu([moved], [BLUE]), richardson_lucy([moved], [BLUE])
    assert ink_f_measure(after[1], truth) > ink_f_measure(before[1], truth) + 0.03


def test_painted_grey_has_the_plate_s_colours():
    painted = paint(np.array([[0, 255]], np.uint8), BLUE)
    assert painted[0, 0].tolist() == list(BLUE.ink) and painted[0, 1].tolist() == list(BLUE.background)


def test_rendered_pairs_are_the_same_every_time():
    a, b = (rendered_pairs(2)[0] for _ in range(2))
    assert np.array_equal(a.picture, b.picture) and np.array_equal(a.ink, b.ink)
    assert a.where.all() and a.layout.accepts(a.text) and a.text == b.text


def test_folders_shot_already_are_compared_with_their_clean_one(tmp_path):
    shots = tmp_path / "shots"
    sharp = standard_plate("皖A12345", BLUE, (64, 192))[..., ::-1]
    for name, picture in (("clean", sharp), ("half", sharp[::2, ::2])):
        (shots / name).mkdir(parents=True)
        cv2.imwrite(str(shots / name / "皖A12345__1.png"), picture)
    ((picture, ink, where, text, layout),) = real_pairs([shots], "all")["half"]
    assert picture.shape == (128, 192, 3) and text == "皖A12345" and layout.name == "cn_blue"
    truth = ink_mask(text, layout, (128, 192), frame=False)
    assert where[64, 96] and not where[0, 0]
    assert ink_f_measure(ink, truth) > 0.9 > ink_f_measure(otsu([picture], [layout])[0][1] * 0, truth)
    two = tmp_path / "two"
    two.mkdir()
    vietnamese = standard_plate("59X112345", get_layout("vn_motorcycle"), (140, 190))
    cv2.imwrite(str(two / "59X112345.png"), vietnamese[..., ::-1])
    named = real_pairs([shots, f"{two}=vn_motorcycle"], "all")
    assert list(named) == ["shots, half", "two, half size", "two, motion", "two, street"]
    assert named["two, motion"][0].layout.name == "vn_motorcycle"
    with pytest.raises(ValueError, match="no plates on the side"):
        real_pairs([shots], "train" if choose(load_real(shots / "clean"), "train") == [] else "test")


def test_every_deblur_generator_among_the_weights_is_a_row(small_weights, generator):
    for name in ("deblur-generator", "deblur-l1-generator"):
        save_weights(generator, small_weights / name)
    assert list(ink_methods(small_weights)) == ["Otsu", "Sauvola", "Richardson-Lucy + Otsu", "deblur", "deblur-l1"]


def test_the_table_is_printed_by_one_command(small_weights, generator, tmp_path, capsys):
    save_weights(generator, small_weights / "deblur-generator")
    folder = tmp_path / "crops"
    folder.mkdir()
    cv2.imwrite(str(folder / "皖A12345.png"), standard_plate("皖A12345", BLUE, (64, 192))[..., ::-1])
    sheet = tmp_path / "sheet.png"
    arguments = ["evaluate", "deblur", str(folder), "--weights", str(small_weights), "--rendered", "1"]
    assert main([*arguments, "--sheet", str(sheet), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["results"]
    assert list(report) == ["half size", "motion", "street", "rendered"]
    for rows in report.values():
        assert list(rows) == ["as it comes", "Otsu", "Sauvola", "Richardson-Lucy + Otsu", "deblur"]
        assert all(row["n"] == 1 and 0 <= row["mtgan"] <= 1 for row in rows.values())
        assert "f" not in rows.pop("as it comes") and all(0 <= row["f"] <= 1 for row in rows.values())
    assert cv2.imread(str(sheet)).shape[1] == 4 * 192
    assert main([*arguments[:2], "--weights", str(small_weights), "--rendered", "1"]) == 0
    assert "Richardson-Lucy" in capsys.readouterr().out


def test_the_general_reader_reads_ink_and_paper():
    reader = find_general_reader()
    if reader is None:
        pytest.skip("rapidocr-onnxruntime is not installed")
    assert reader(ink_mask("皖A12345", BLUE, (64, 192))) == "皖A12345"
    assert reader(np.full((64, 192), 255, np.uint8)) == ""
