"""The tab Compare without a browser: what is marked, what is shown, and to which picture it belongs."""

from html import escape

import numpy as np
import pytest
from visiting import EXAMPLES

from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.results import PlateResult
from lpgan_demo.ui.comparison_panel import MISSING, PAPERS, Restored, compare_texts, comparison_html, comparison_sheet
from lpgan_demo.ui.noted_plates import PlateNote, read_note, write_plate
from lpgan_demo.ui.tabs import compare, make, photo
from lpgan_demo.ui.words import WORDS, say

NOTE = PlateNote("苏E6M328", "cn_blue")


def wrong(text, truth):
    return [mark.symbol for mark in compare_texts(text, truth) if not mark.right]


def entry(text, way="mtgan", level=90, scores=None):
    return Restored(way, np.full((128, 403, 3), level, np.uint8), text, scores)


@pytest.fixture(scope="module")
def sharp():
    """A sharp plate that was made here, in every way."""
    from lpgan_demo.ui.components import pipeline

    picture = make.make_plate(*NOTE, width=160)
    return {shown.way: shown for shown in compare.restore_in_every_way(pipeline().read_plate(picture), NOTE)}


@pytest.mark.parametrize(
    ("text", "truth", "marked"),
    [
        ("苏E6M328", "苏E6M328", []),
        ("琼E6X328", "苏E6M328", ["琼", "X"]),
        ("苏6M328", "苏E6M328", [MISSING]),
        ("苏EE6M328", "苏E6M328", ["E"]),
        ("", "AB1", [MISSING] * 3),
        ("琼E6X328", "", []),
    ],
)
def test_wrong_and_missing_characters_are_marked(text, truth, marked):
    assert wrong(text, truth) == marked


def test_marks_do_not_depend_on_colour_alone():
    html = comparison_html([entry("琼E6X328"), entry("苏E6M328", "gn")], "苏E6M328")
    assert "<mark>琼</mark>E6<mark>X</mark>328" in html and html.count("<mark>") == 2
    assert "2 wrong" in html and html.count("right</small>") == 1


def test_words_from_outside_are_no_markup():
    html = comparison_html([entry("<b>")], "<i>")
    assert "<b>" not in html and "<i>" not in html


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_way_has_a_name_a_line_and_a_paper(language):
    html = comparison_html([entry("A1", way) for way in PAPERS], language=language)
    for way, (_, address) in PAPERS.items():
        assert say(language, "way_" + way) in html and escape(say(language, "about_" + way)) in html
        assert address.startswith("https://") and f'href="{address}"' in html


def test_a_made_plate_is_restored_in_every_way_and_measured(sharp):
    assert list(sharp) == list(PAPERS)
    assert sharp["mtgan"].text == sharp["ocr"].text == NOTE.text
    drawn = {way for way, shown in sharp.items() if shown.scores}
    assert drawn == {"origin", "srcnn", "srgan", "dp-gan", "gn", "mtgan"}
    assert sharp["mtgan"].scores > sharp["gn"].scores > sharp["origin"].scores
    assert {shown.picture.shape[:2] for shown in sharp.values()} == {(128, 402)}  # 440 x 140 mm
    for way in ("deblur", "deblur-folded", "deblur-guided"):
        assert np.mean((sharp[way].picture < 60) | (sharp[way].picture > 195)) > 0.9  # ink and paper


def test_the_scores_are_those_against_the_standard_plate():
    from lpgan_demo.ui.components import pipeline

    plate = pipeline().read_plate(standard_plate(NOTE.text, get_layout(NOTE.layout)))
    (origin, *_) = compare.restore_in_every_way(plate, NOTE)
    assert origin.scores == (100.0, pytest.approx(1.0))
    assert all(shown.scores is None for shown in compare.restore_in_every_way(plate))


def test_a_plate_of_no_known_kind_is_shown_and_not_read():
    crop = np.random.default_rng(0).integers(0, 255, (40, 90, 3), np.uint8)
    shown = compare.restore_in_every_way(PlateResult("", 0.0, (), "unknown", crop, crop, "unknown kind"))
    assert {entry.text for entry in shown} == {""} and "ocr" not in {entry.way for entry in shown}


def test_a_file_says_what_was_made(tmp_path):
    picture = make.make_plate(*NOTE, width=60)
    assert read_note(write_plate(picture, tmp_path / "a.png", NOTE)) == NOTE
    assert read_note(write_plate(picture, tmp_path / "b.png")) == PlateNote()
    assert read_note(write_plate(picture, tmp_path / "c.png", PlateNote("<b>", "cn_blue"))) == PlateNote()
    assert read_note(EXAMPLES / "green.png") is None
    (tmp_path / "d.png").write_bytes(b"no picture")
    assert read_note(tmp_path / "d.png") is None


def test_the_true_text_is_that_of_the_picture_and_emptied_with_it(tmp_path):
    made = str(write_plate(make.make_plate(*NOTE), tmp_path / "a.png", NOTE))
    state = compare.Comparison()
    assert compare.begin(made, state)[2] == NOTE.text
    state.entries = [entry("苏E6M328")]
    panel, _, truth, _ = compare.begin(str(EXAMPLES / "green.png"), state)
    assert truth == "" and state.entries == [] and "苏" not in panel
    assert compare.begin(None, state)[0] == ""


def test_a_picture_that_is_told_twice_is_compared_once(monkeypatch):
    state, calls = compare.Comparison(), []
    monkeypatch.setattr(compare, "_answer", lambda *_: calls.append(1) or ([entry("A")], "unknown", ""))
    for _ in range(2):
        compare.begin("a.png", state)
        list(compare.compare("a.png", state))
    assert len(calls) == 1 and state.entries


def test_the_answer_to_an_earlier_picture_is_dropped(monkeypatch):
    state = compare.Comparison()
    compare.begin("a.png", state)

    def slowly(*_):
        compare.begin("b.png", state)  # the visitor chooses another picture meanwhile
        return [entry("A1")], "unknown", ""

    monkeypatch.setattr(compare, "_answer", slowly)
    assert list(compare.compare("a.png", state)) == [compare.NOTHING]
    assert state.entries == []


def test_typing_the_true_text_marks_again_without_a_network(monkeypatch):
    def no_network(*_):
        raise AssertionError("a network was asked for")

    monkeypatch.setattr(compare, "_networks", no_network)
    monkeypatch.setattr(compare, "pipeline", no_network)
    state = compare.Comparison(entries=[entry("苏E6M328")], layout="cn_blue")
    ((html, _, _),) = compare.mark("苏e 6m·329", state)
    assert "<mark>8</mark>" in html and "1 wrong" in html
    ((html, _, _),) = compare.mark("苏E6M328", state)
    assert "<mark>" not in html and "right" in html
    assert list(compare.mark("苏E6M328", state)) == [compare.NOTHING]


def test_what_was_typed_while_the_networks_ran_counts(monkeypatch):
    state = compare.Comparison()
    compare.begin("a.png", state)

    def slowly(*_):
        list(compare.mark("B1", state))
        return [entry("A1")], "unknown", ""

    monkeypatch.setattr(compare, "_answer", slowly)
    ((html, _, _),) = compare.compare("a.png", state)
    assert "<mark>A</mark>1" in html


def test_the_sheet_holds_every_picture_and_marks_in_red():
    entries = [entry("A1", way, level) for way, level in (("gn", 60), ("mtgan", 120), ("deblur", 200))]
    right, marked = comparison_sheet(entries, "A1"), comparison_sheet(entries, "B1", "vi")
    for level in (60, 120, 200):
        assert (right == level).all(-1).sum() >= 128 * 403

    def red(sheet):
        return int(((sheet[..., 0] > 150) & (sheet[..., 1] < 60)).sum())

    assert red(right) == 0 and red(marked) > 300


def test_the_photo_tab_sends_the_plate_that_is_shown(tmp_path):
    crops = [np.full((20, 60, 3), level, np.uint8) for level in (50, 150)]
    plates = [PlateResult("", 0.0, (), "unknown", crop, crop, "unknown kind") for crop in crops]
    for chosen, level in ((0, 50), (1, 150), (None, 50)):
        sending = photo.plate_to_send(chosen, "street.png", photo.Visit(plates=plates))
        path = next(sending)
        assert photo.load_image(path)[0, 0, 0] == level and read_note(path) == PlateNote()
    assert next(photo.plate_to_send(None, "empty.png", photo.Visit())) == "empty.png"


def test_the_make_tab_sends_the_plate_with_its_truth():
    settings = make.INITIAL_SETTINGS[2:]
    sending = make.plate_to_send("苏e6m328", "cn_blue", *settings, "en")
    path = next(sending)
    assert read_note(path) == NOTE
    assert np.array_equal(photo.load_image(path), make.make_plate(*NOTE, *settings))
    with pytest.raises(Exception, match="not a number that this kind of plate can carry"):
        next(make.plate_to_send("苏E6", "cn_blue", *settings, "en"))
