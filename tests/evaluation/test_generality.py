"""Many sources in one table: conditions are the same each time, the worst source is first, sides are kept."""

import json

import numpy as np
import pytest

from lpgan_demo.cli.main import main
from lpgan_demo.data.formats import load_real
from lpgan_demo.data.labelled import split_of
from lpgan_demo.evaluation.conditions import CONDITIONS, degrade
from lpgan_demo.evaluation.generality import as_table, crops_of, evaluate_generality
from lpgan_demo.images import encode_png
from lpgan_demo.plates import UNKNOWN, get_layout
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.results import PlateResult

PLATE = standard_plate("皖A12345", get_layout("cn_blue"), (48, 188))


class Always:
    """Reads the same text everywhere, surely; pale crops are of no known kind."""

    def __init__(self, text):
        self.text = text

    def read_plates(self, crops):
        pictures = list(crops)
        known = [(self.text, 0.95, (), "cn_blue", PLATE, PLATE, "good")]
        unknown = [("", 0.0, (), UNKNOWN, PLATE, PLATE, "unknown kind")]
        return [PlateResult(*(known if picture.mean() < 200 else unknown)[0]) for picture in pictures]


def save(folder, **pictures):
    folder.mkdir()
    for name, picture in pictures.items():
        (folder / f"{name}.png").write_bytes(encode_png(picture))
    return str(folder)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_makes_the_same_picture_each_time_and_spoils_it(condition):
    one, again, other = (degrade(PLATE, condition, seed) for seed in (5, 5, 6))
    assert one.dtype == np.uint8 and np.array_equal(one, again)
    assert np.array_equal(one, PLATE) == (condition == "clean")
    if condition not in ("clean", "half", "third"):
        assert one.shape != other.shape or not np.array_equal(one, other)
    assert one.shape[0] == {"clean": 48, "half": 24, "third": 16}.get(condition, one.shape[0])
    with pytest.raises(ValueError, match="condition"):
        degrade(PLATE, "storm", 1)


def test_the_worst_source_is_first_and_strangers_are_counted_by_themselves(tmp_path):
    blank = np.full((40, 120, 3), 255, np.uint8)
    good = save(tmp_path / "good", 皖A12345__1=PLATE, 皖A12345__2=PLATE)
    bad = save(tmp_path / "bad", 皖A12345=PLATE, 苏A12345=PLATE, ANYTEXT=blank)
    report = evaluate_generality(
        [good, bad], Always("皖A12345"), foreign=[save(tmp_path / "foreign", X=blank, Y=PLATE)], conditions=("clean",)
    )
    assert list(report["crops"]) == ["bad", "good"]
    clean = report["crops"]["bad"]["clean"]
    assert clean["exact"] == pytest.approx(1 / 3) and clean["without_first"] == pytest.approx(2 / 3)
    assert clean["wrong_and_sure"] == clean["unknown"] == pytest.approx(1 / 3)
    assert report["foreign"]["foreign"] == {"n": 2, "unknown": 0.5, "legible": 0.5, "sure": 0.5}
    assert len(as_table(report)) == 4


def test_of_sources_that_trained_only_what_was_kept_from_training_is_read(tmp_path):
    names = {f"皖A{k:05d}": PLATE for k in range(30)}
    folder = save(tmp_path / "crops", **names)
    kept = crops_of(folder, held_out=True)
    assert {crop.text for crop in kept} == {name for name in names if split_of(name) != "train"}
    assert len(crops_of(folder)) == 30
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError):
        crops_of(tmp_path / "empty")


def test_photos_may_be_labelled_by_one_json_file(tmp_path):
    save(tmp_path / "photos", street=np.zeros((90, 160, 3), np.uint8))
    labels = [{"text": "29A12345", "bbox": [10, 20, 50, 30]}]
    labels += [{"text": "皖A12345", "corners": [[90, 40], [50, 40], [50, 30], [90, 30]]}]
    (tmp_path / "photos" / "labels.json").write_text(json.dumps({"street.png": labels}), encoding="utf-8")
    one, two = load_real(tmp_path / "photos")
    assert (one.text, one.layout, two.layout) == ("29A12345", "vn_one_row", "cn_blue")
    assert one.corners.tolist() == [[10, 20], [50, 20], [50, 30], [10, 30]]
    assert two.corners.tolist() == [[50, 30], [90, 30], [90, 40], [50, 40]]
    (tmp_path / "photos" / "labels.json").write_text('{"street.png": [{"text": "?!", "bbox": [0, 0, 1, 1]}]}')
    with pytest.raises(ValueError, match="can spell"):
        load_real(tmp_path / "photos")


def test_the_rows_of_a_label_tell_kinds_apart_that_spell_the_same_text(tmp_path):
    save(tmp_path / "photos", street=np.zeros((90, 160, 3), np.uint8))
    spelt = [["29A12345"], ["29A", "12345"], ["29A1", "2345"], ["59D1", "49489"]]
    labels = [{"text": "".join(rows), "rows": rows, "bbox": [10, 20, 50, 30]} for rows in spelt]
    (tmp_path / "photos" / "labels.json").write_text(json.dumps({"street.png": labels}), encoding="utf-8")
    kinds = [plate.layout for plate in load_real(tmp_path / "photos")]
    assert kinds == ["vn_one_row", "vn_two_row", "vn_motorcycle_old", "vn_motorcycle"]


def test_one_command_prints_the_table(small_weights, tmp_path, capsys):
    folder = save(tmp_path / "crops", 皖A12345=PLATE)
    options = ["--weights", str(small_weights), "--conditions", "clean", "light"]
    assert main(["evaluate", "generality", folder, "--foreign", folder, *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and "no known kind" in lines[-1]
    assert main(["evaluate", "generality", folder, *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kind"] == "generality" and set(report["results"]["crops"]["crops"]) == {"clean", "light"}
