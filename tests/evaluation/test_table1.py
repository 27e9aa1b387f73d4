import json

import cv2
import numpy as np
import pytest

from lpgan_demo.cli.main import main
from lpgan_demo.evaluation.readers.judge import PictureReader
from lpgan_demo.evaluation.table1 import draw_figure, load_rows, restore
from lpgan_demo.inference.torch_backend import TorchReader
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.baselines import SRCNN
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.examples import EXAMPLES
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.results import WeightsError
from lpgan_demo.weights.hub import weights_folder

TEXTS = ("皖A12345", "苏B67890")


@pytest.fixture
def plates():
    return [standard_plate(text, get_layout("cn_blue")) for text in TEXTS]


@pytest.fixture
def weights(small_weights):
    save_weights(SRCNN(), small_weights / "srcnn-generator")
    return small_weights


def test_table1_scores_every_restoration_that_is_there(weights, plates, tmp_path, capsys):
    folder = tmp_path / "crops"
    folder.mkdir()
    for text, plate in zip(TEXTS, plates):
        (folder / f"{text}.png").write_bytes(cv2.imencode(".png", plate[..., ::-1])[1].tobytes())
    arguments = ["evaluate", "table1", str(folder), "--weights", str(weights)]
    assert main([*arguments, "--json", "--figure", str(tmp_path / "figure.png")]) == 0
    (rows,) = json.loads(capsys.readouterr().out)["results"].values()
    assert list(rows) == ["Origin", "SRCNN", "MTGAN"]
    origin = rows["Origin"]  # the crops are standard plates already: untouched, everybody reads them
    assert origin["classical"] == origin["judge"] == 1 and origin["psnr"] == 100 and origin["ssim"] == pytest.approx(1)
    assert rows["SRCNN"]["judge"] == 0 and rows["SRCNN"]["psnr"] < 30
    assert cv2.imread(str(tmp_path / "figure.png")).shape == (4 * 68, 96 + len(EXAMPLES) * 196, 3)
    assert main(arguments) == 0 and "Origin" in capsys.readouterr().out


def test_origin_is_the_cubic_enlargement(plates):
    small = cv2.resize(plates[0], (96, 32), interpolation=cv2.INTER_AREA)
    (large,) = restore(None, [small])
    assert np.array_equal(large, cv2.resize(small, (192, 64), interpolation=cv2.INTER_CUBIC))


def test_the_published_discriminator_reads_standard_plates(plates):
    network = load_weights(weights_folder(None, "mtgan-discriminator"))
    assert PictureReader(TorchReader(network))(plates, ["cn_blue"] * 2) == list(TEXTS)


def test_without_mtgan_there_is_no_table(tmp_path):
    with pytest.raises(WeightsError):
        load_rows(tmp_path)


def test_the_figure_has_a_row_for_each_restoration_and_one_for_the_standard_plate(weights, plates):
    figure = draw_figure(plates, plates, weights)
    assert figure.shape == (4 * 68, 96 + 2 * 196, 3)
    assert np.array_equal(figure[-66:-2, 98:290], plates[0])
