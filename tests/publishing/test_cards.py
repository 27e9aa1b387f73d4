import json

import pytest

from lpgan_demo.cli.main import main
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.baselines import SRCNN
from lpgan_demo.networks.character_classifier import CharacterClassifier, CharacterClassifierConfig
from lpgan_demo.networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig
from lpgan_demo.networks.detector import PlateFasterRCNN, PlateFasterRCNNConfig
from lpgan_demo.publishing.cards import confusion_list, province_counts, write_cards
from lpgan_demo.training.deblur import DeblurRecipe
from lpgan_demo.training.export import command_of, run_hours
from lpgan_demo.training.mtgan_recipes import DPGANRecipe, MTGANRecipe
from lpgan_demo.weights.folder import add_facts, facts


def reading(right, n, side="test"):
    """Figures of `evaluate reading` for one folder."""
    return {
        "n": n,
        "side": side,
        "views": 3,
        "plate_accuracy": right / n,
        "accuracy_without_province": 1.0,
        "character_error_rate": 0.01,
        "expected_calibration_error": 0.02,
        "judge": 0.5,
        "judge_after_blur": 0.4,
        "by_first_character": {"皖": [right, n]},
        "confusions": [["0", "D", 3]],
    }


def write_report(path, kind, results, **more):
    """A report file as `evaluate KIND --json` prints it; returns its path as a string."""
    path.write_text(json.dumps({"kind": kind, "results": results} | more))
    return str(path)


def test_cards_state_what_was_measured_and_how_it_was_made(small_weights, tmp_path):
    for name in ("mtgan-generator", "mtgan-discriminator"):
        add_facts(small_weights / name, plates_seen=48000, hours=1.5, command="python -m lpgan_demo train mtgan --x 1")
    files = [
        write_report(tmp_path / "one.json", "reading", {"/somewhere/clean": reading(9, 10)}),
        write_report(tmp_path / "two.json", "reading", {"/somewhere/lr3": reading(3, 10)}),
        write_report(tmp_path / "three.json", "reading", {"/somewhere/lr3": reading(5, 10, "validation")}),
        write_report(tmp_path / "other.json", "stability", {"/somewhere/lr3": {"n": 3}}),
    ]
    history = tmp_path / "history.md"
    history.write_text("## What was tried\n\nMuch.")
    assert main(["card", *files, "--weights", str(small_weights), "--history", str(history)]) == 0
    text = (small_weights / "mtgan-generator" / "README.md").read_text()
    head, body = text.split("---\n", 2)[1:]
    assert text.startswith("---\n") and "library_name: lpgan-demo" in head and "license: apache-2.0" in head
    assert "pipeline_tag: image-to-image" in head and "value: 0.9\n" in head and "type: lr3\n" in head
    assert "name: lr3, test\n" in head and "name: lr3, validation\n" in head
    assert "| clean | test | 10 | 3 | 0.900 |" in body and "皖 17/30" in body and "0 read as D (9)" in body
    assert "| lr3 | test | 10 |" in body and "| lr3 | validation | 10 |" in body
    assert "48,000 plates seen in 1.5 hours on 2 CPU cores, about 0.03 kWh" in body and "--x 1" in body
    assert "## What was tried" in body and "/somewhere" not in text
    assert (small_weights / "mtgan-discriminator" / "README.md").is_file()


def test_tables_put_reports_together():
    both = [("a", reading(1, 2)), ("b", reading(2, 2))]
    assert province_counts(both) == "皖 3/4" and confusion_list(both) == "0 read as D (6)"
    assert confusion_list([]) == "none"


@pytest.mark.parametrize(
    "document", [{"crops": reading(1, 2)}, {"kind": "guess", "results": {}}, {"kind": "photos", "results": {}}, []]
)
def test_a_report_that_does_not_state_its_kind_is_named(tmp_path, document):
    (tmp_path / "odd.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"odd\.json"):
        write_cards([str(tmp_path / "odd.json")], tmp_path)


def test_hours_count_every_stretch_of_an_interrupted_run(tmp_path):
    log = tmp_path / "log.jsonl"
    lines = [{"seconds": 1800}, {"seconds": 3600}, {"validation": {}}, {"seconds": 900}, {"seconds": 1800}]
    log.write_text("\n".join(map(json.dumps, lines)))
    assert run_hours(log) == pytest.approx(1.5) and run_hours(tmp_path / "none") == 0


def test_the_command_names_what_differs_from_the_defaults_and_no_place():
    recipe = MTGANRecipe(steps=9, real=("/data/here/ccpd-crops=cn_blue",), augment_view=False, run="runs/x")
    said = command_of(recipe)
    assert said.startswith("python -m lpgan_demo train mtgan") and "--steps 9" in said and "--no-augment-view" in said
    assert "--real here/ccpd-crops=cn_blue" in said and "/data" not in said and "--run" not in said
    assert command_of(DPGANRecipe()) == "python -m lpgan_demo train dp-gan"
    said = command_of(DeblurRecipe(name="deblur-folded", fold=4, vgg="/data/here/vgg.npz"))
    assert said.startswith("python -m lpgan_demo train deblur \\\n") and "--name deblur-folded" in said
    assert "--start deblur-folded-generator" in command_of(DeblurRecipe(start="/x/deblur-folded-generator"))
    assert "--fold 4" in said and "--vgg here/vgg.npz" in said and "/data" not in said


def test_facts_are_kept_beside_the_configuration(small_weights):
    folder = small_weights / "mtgan-generator"
    add_facts(folder, hours=1.0)
    add_facts(folder, hours=2.0, steps=3)
    assert facts(folder) == {"hours": 2.0, "steps": 3}


def test_the_detector_s_card_tells_photos_from_the_same_ones_made_bad(tmp_path):
    folder = tmp_path / "weights" / "detector"
    save_weights(PlateFasterRCNN(PlateFasterRCNNConfig(features=16, box_features=16)), folder, half=True)
    add_facts(folder, plates_seen=4000, hours=0.5, cores=1)
    scores = dict(n=64, side="second-half", plates=74, recall=0.9, precision=0.8, average_precision=0.85)
    scores |= dict(plates_read=0.7, photo_read=0.75, photo_wrong=0.2, photo_wrong_legible=0.1, seconds_per_photo=0.2)
    files = [
        write_report(tmp_path / "good.json", "photos", {"/x/easypr": scores}, worse=False),
        write_report(tmp_path / "bad.json", "photos", {"/x/easypr": scores | {"recall": 0.5}}, worse=True),
    ]
    assert main(["card", *files, "--weights", str(tmp_path / "weights")]) == 0
    text = (folder / "README.md").read_text()
    assert (
        "| easypr | second-half | 64 | 74 | 0.900 |" in text
        and "| easypr, made bad | second-half | 64 | 74 | 0.500 |" in text
    )
    assert "4,000 pictures seen in 0.5 hours on 1 CPU core, about" in text and "/x/" not in text


def test_a_rival_s_card_shows_it_between_origin_and_mtgan(tmp_path):
    save_weights(SRCNN(), tmp_path / "srcnn-generator", plates_seen=480, hours=0.5, command="train srcnn --steps 10")
    figures = {"classical": 0.25, "dn": 0.5, "judge": 0.1, "psnr": 12.0, "ssim": 0.3, "n": 4}
    rows = {"Origin": figures, "SRCNN": figures | {"dn": 0.75}, "GN": figures, "MTGAN": figures}
    (path,) = write_cards([write_report(tmp_path / "table1.json", "table1", {"crops/lr2": rows})], tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "| lr2 | 4 | SRCNN | 0.250 | 0.750 | 0.100 | 12.0 | 0.300 |" in text and "| GN |" not in text
    assert "480 plates seen in 0.5 hours" in text and "train srcnn --steps 10" in text


def test_the_deblur_generator_s_card_has_every_way(tmp_path):
    network = DeblurGenerator(DeblurGeneratorConfig(num_blocks=1, head_features=4, growth_rate=4, bottleneck=4))
    save_weights(network, tmp_path / "deblur-generator", plates_seen=8)
    figures = {"n": 3, "f": 0.5, "rmse": 0.4, "psnr": 9.0, "ssim": 0.2, "mtgan": 0.0, "classical": 0.0}
    report = {"motion": {"Otsu": figures, "deblur": figures | {"f": 0.875, "ocr": 0.25}}}
    (path,) = write_cards([write_report(tmp_path / "deblur.json", "deblur", report)], tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "| motion | 3 | deblur | 0.875 |" in text and "value: 0.875\n" in text and "Nguyen, Van-Giang" in text


def test_the_readers_cards_need_no_report(tmp_path):
    network = CharacterClassifier(CharacterClassifierConfig(layouts=("cn_blue",)))
    save_weights(network, tmp_path / "classical-reader", plates_seen=12, exact_on_new=0.57)
    (path,) = write_cards([], tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "12 plates seen" in text and "57.0% exactly" in text and "python -m lpgan_demo train classical" in text
