import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from lpgan_demo.cli.main import build_parser, main
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate


@pytest.fixture
def crops(tmp_path):
    folder = tmp_path / "crops"
    folder.mkdir()
    for text in ("皖A12345", "苏E00D11", "粤B8Z777"):
        plate = standard_plate(text, get_layout("cn_blue"), (24, 94))
        (folder / f"{text}__00aa11bb.png").write_bytes(cv2.imencode(".png", plate[..., ::-1])[1].tobytes())
    return folder


def test_read_prints_json_and_saves_the_plate(crops, small_weights, tmp_path, capsys):
    picture = next(crops.iterdir())
    code = main(
        [
            "read",
            str(picture),
            "--json",
            "--weights",
            str(small_weights),
            "--save-plates",
            str(tmp_path / "o"),
            "--sheet",
            str(tmp_path / "sheet.png"),
        ]
    )
    line = json.loads(capsys.readouterr().out)
    assert code == 0 and line["source"] == str(picture) and len(line["characters"]) == len(line["text"])
    saved = cv2.imdecode(np.fromfile(tmp_path / "o" / picture.name, np.uint8), cv2.IMREAD_COLOR)
    assert saved.shape == (64, 192, 3)
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (112, 1176, 3)


def test_a_bad_picture_is_reported_and_the_others_are_still_read(crops, small_weights, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")
    code = main(["read", str(bad), *map(str, crops.iterdir()), "--weights", str(small_weights)])
    captured = capsys.readouterr()
    assert code == 1 and len(captured.out.splitlines()) == 3
    assert "bad.png" in captured.err and "Traceback" not in captured.err


def test_evaluate_reading_scores_a_labelled_folder(crops, small_weights, capsys):
    assert main(["evaluate", "reading", str(crops), "--weights", str(small_weights), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "reading"
    (scores,) = document["results"].values()
    assert scores["n"] == 3 and 0 <= scores["plate_accuracy"] <= 1 and scores["milliseconds_per_plate"] > 0
    assert 0 <= scores["judge"] <= 1 and 0 <= scores["judge_after_blur"] <= 1
    assert len(scores["wrong"]) == round(3 * (1 - scores["plate_accuracy"]))
    assert main(["evaluate", "reading", str(crops), "--weights", str(small_weights)]) == 0
    assert "true -> read" in capsys.readouterr().out


def test_mistakes_end_in_one_line_not_a_traceback(tmp_path, small_weights, capsys):
    assert main(["evaluate", "reading", str(tmp_path / "none"), "--weights", str(small_weights)]) == 2
    assert main(["read", "x.png", "--weights", str(tmp_path / "none")]) == 2
    errors = capsys.readouterr().err
    assert errors.count("error:") == 2 and "Traceback" not in errors


def test_train_help_explains_every_option(capsys):
    from dataclasses import fields

    from lpgan_demo.training.mtgan_recipes import MTGANRecipe

    with pytest.raises(SystemExit):
        main(["train", "mtgan", "--help"])
    text = capsys.readouterr().out
    for field in fields(MTGANRecipe):
        assert "--" + field.name.replace("_", "-") in text
        assert field.metadata["help"].split()[0] in text


def test_training_from_the_command_line_ends_in_weights_that_load(crops, tmp_path, capsys):
    run = tmp_path / "run"
    sizes = ["--num-features", "8", "--num-blocks", "1", "--code-features", "8", "--code-blocks", "1"]
    options = ["--steps", "2", "--batch-size", "2", "--workers", "0", "--save-every", "2", "--real", f"{crops}=cn_blue"]
    assert main(["train", "mtgan", "--run", str(run), *options, *sizes]) == 0
    assert main(["export", str(run / "checkpoint.pt"), str(tmp_path / "weights")]) == 0
    capsys.readouterr()
    assert main(["read", str(next(crops.iterdir())), "--weights", str(tmp_path / "weights")]) == 0
    again = ["train", "mtgan", "--run", str(tmp_path / "again"), "--start", str(tmp_path / "weights"), *options]
    assert main([*again, *sizes]) == 0
    assert main(["train", "mtgan", "--run", str(tmp_path / "new"), "--start", str(tmp_path / "weights"), *options]) == 2
    assert main(["train", "mtgan", "--run", str(run), *options]) == 2  # the run was begun with smaller networks
    errors = capsys.readouterr().err
    assert "were made with" in errors and "was begun with another code_blocks" in errors
    assert main(["export", str(run / "checkpoint.pt"), str(tmp_path / "once-more")]) == 0


def test_help_needs_no_torch():
    code = "import sys, lpgan_demo.cli.main as m; m.build_parser([]); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert build_parser(["read", "x.png"]).parse_args(["read", "x.png"]).images == ["x.png"]


def test_options_of_several_values_have_the_type_of_their_field():
    parser = build_parser(["train", "mtgan"])
    arguments = parser.parse_args(["train", "mtgan", "--layout-shares", "0.3", "1", "--d-features", "8", "--real", "7"])
    assert (arguments.layout_shares, arguments.d_features, arguments.real) == ([0.3, 1.0], [8], ["7"])


@pytest.mark.parametrize(
    ("library", "extra"), [("gradio", "demo"), ("onnxruntime", "onnx"), ("skimage.filters", "train")]
)
def test_a_missing_library_is_named_with_the_extra_that_brings_it(library, extra, monkeypatch, capsys):
    def launch(**options):
        raise ModuleNotFoundError(f"No module named {library!r}", name=library)

    monkeypatch.setattr("lpgan_demo.ui.launch", launch)
    assert main(["demo"]) == 2
    assert f"'lpgan-demo[{extra}]'" in capsys.readouterr().err


def test_a_folder_without_pictures_is_said_to_have_none(tmp_path, capsys):
    assert main(["read", str(tmp_path)]) == 1
    assert f"no pictures or videos in {tmp_path}" in capsys.readouterr().err
