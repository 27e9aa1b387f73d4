"""The words of the page: every language has all of them, with the same places to fill."""

import string

import numpy as np
import pytest

from lpgan_demo.plates import LAYOUTS
from lpgan_demo.results import PlateResult
from lpgan_demo.ui.reading_panel import plate_html
from lpgan_demo.ui.words import WORDS, language_of, say


def places(words):
    return sorted(name for _, name, _, _ in string.Formatter().parse(words) if name)


@pytest.mark.parametrize("language", sorted(set(WORDS) - {"en"}))
def test_every_language_says_everything(language):
    assert set(WORDS[language]) == set(WORDS["en"])
    for key, words in WORDS["en"].items():
        assert places(WORDS[language][key]) == places(words), key
        assert WORDS[language][key].strip()


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("vi", "vi"), ("fr-FR,de;q=0.9", "en"), ("de,vi-VN;q=0.5", "vi"), (None, "en")],
)
def test_the_browser_s_language_is_taken_if_the_page_speaks_it(header, language):
    assert language_of(header) == language


def test_places_are_filled():
    assert say("en", "in_doubt", places="1, 3").startswith("In doubt: the characters at position 1, 3.")


def test_every_kind_of_plate_has_a_name():
    assert all(say("en", f"kind_{name}") == layout.title for name, layout in LAYOUTS.items())


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_plate_of_no_known_kind_is_said_in_words(language):
    picture = np.zeros((20, 60, 3), np.uint8)
    page = plate_html(PlateResult("", 0.0, (), "unknown", picture, picture, "unknown kind"), language)
    assert 'data-text=""' in page and say(language, "not_known") in page and say(language, "kind_unknown") in page
    assert "plate-cell" not in page


def test_a_plate_that_the_photo_s_edge_cuts_off_is_said_to_be():
    from lpgan_demo.ui.tabs.photo import Visit

    picture = np.zeros((20, 60, 3), np.uint8)
    inside = np.array([[10.0, 10], [70, 10], [70, 30], [10, 30]])
    for corners, cut in (
        (inside, False),
        (inside + (129, 0), True),
        (inside - (10, 0), True),
        (inside - (0, 12), True),
    ):
        plate = PlateResult("", 0.0, (), "unknown", picture, picture, "unknown kind", box=(0, 0, 1, 1), corners=corners)
        html, _ = Visit(plates=[plate], found=[], size=(150, 200)).panels(0, "en")
        assert (say("en", "cut_off").split(":")[0] in html) is cut


def test_a_line_says_so_when_the_drawing_shows_another_text_than_was_read():
    from lpgan_demo.plates.examples import EXAMPLES, render
    from lpgan_demo.ui.components import pipeline

    plate = pipeline().read_plate(render(EXAMPLES[0]))
    assert "The drawing differs" not in plate_html(plate, shown=plate.text)
    assert "苏E6M32B" in plate_html(plate, shown="苏E6M32B")
    assert "还原图与文字不一致" in plate_html(plate, "zh", shown="苏E6M32B")


def test_what_was_measured_is_told_in_every_language_and_without_a_table_not_at_all(tmp_path, monkeypatch):
    from lpgan_demo.ui.tabs import about

    monkeypatch.setattr(about, "weights_folder", lambda *_: tmp_path)
    card = tmp_path / "README.md"
    table = "| crops | n | exact plates | ECE |\n|---|---|---|---|\n| lr2 | 7 | 0.5 | 0.1 |\n| mine | 3 | 0.9 | 0.2 |"
    card.write_text(f"# Card\n\n## Results\n\n{table}\n\n## More\n", encoding="utf-8")
    for language in WORDS:
        told = about.results_table(language)
        assert f"| {say(language, 'set_lr2')} | 0.5 | 0.1 | 7 |" in told and "| mine | 0.9 | 0.2 | 3 |" in told
    card.write_text("# Card without results\n", encoding="utf-8")
    assert about.results_table() == ""
