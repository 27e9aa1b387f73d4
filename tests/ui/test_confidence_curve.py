"""The curves of the tab Make: what is read, what is drawn, and when it goes."""

import re

import pytest

from lpgan_demo.ui.confidence_curve import Curve, curve_svg, curves_html
from lpgan_demo.ui.tabs import make
from lpgan_demo.ui.words import WORDS, say

SETTINGS = make.INITIAL_SETTINGS


def curve(**changes):
    values = {"setting": "width", "values": (16, 40, 100), "confidences": (0.0, 0.5, 1.0)}
    return Curve(**(values | {"texts": ("B1", "A1", "A1"), "truth": "A1", "now": 40} | changes))


@pytest.fixture(scope="module")
def read():
    return make.read_curves(*SETTINGS)


def test_the_plate_is_read_at_every_width_and_every_motion(read):
    over_width, over_motion = read
    assert over_width.values == make.CURVE_WIDTHS and over_motion.values == make.CURVE_MOTIONS
    assert len(over_width.texts) == len(make.CURVE_WIDTHS) and len(over_motion.texts) == len(make.CURVE_MOTIONS)
    assert over_width.texts[-1] == over_motion.texts[0] == over_width.truth == "苏E6M328"
    assert over_width.confidences[0] < 0.2 < 0.9 < over_width.confidences[-1]
    assert over_motion.confidences[-1] < over_motion.confidences[0]


def test_each_point_is_the_reading_that_the_sliders_give(read):
    from lpgan_demo.ui.components import pipeline

    text, layout, width, motion, *others = SETTINGS
    at = make.CURVE_MOTIONS.index(motion)
    plate = pipeline().read_plate(make.make_plate(*SETTINGS))
    assert read[1].texts[at] == plate.text and read[1].confidences[at] == pytest.approx(plate.confidence, abs=0.01)


def test_right_and_wrong_readings_have_signs_of_their_own():
    svg = curve_svg(curve())
    assert svg.count('class="right"') == 2 and svg.count('class="wrong"') == 1
    assert svg.count("<circle") == 2  # a dot, not only another colour


def test_points_stand_where_their_values_are():
    xs, ys = zip(*(map(float, at.split()) for at in re.findall(r"translate\(([-\d. ]+)\)", curve_svg(curve()))))
    assert xs[0] < xs[1] < xs[2] and ys[0] > ys[1] > ys[2]
    assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.2)
    assert curve().places([40])[0] == pytest.approx(xs[1], abs=0.1)
    low, middle, high = curve(values=(10, 20, 40), ratio=True).places((10, 20, 40))
    assert middle - low == pytest.approx(high - middle)


@pytest.mark.parametrize("language", sorted(WORDS))
def test_the_curves_are_told_in_words_too(language):
    html = curves_html([curve()], language)
    assert "16: B1, 0%" in re.search('aria-label="([^"]*)"', html)[1]
    for key in ("width", "misread", "all_right", "as_set"):
        assert say(language, key) in html


def test_no_markup_comes_from_what_was_read():
    assert "<b>" not in curve_svg(curve(texts=("<b>", "A1", "A1")))


def test_curves_go_when_a_setting_changes_also_while_they_are_read(monkeypatch):
    shown = make.Curves()
    html, _ = make.draw_curves(*SETTINGS, shown, "en")
    assert "<svg" in html and "<svg" in make.reword_curves(shown, "zh")
    assert make.forget_curves(shown)[0] == "" and "svg" not in str(make.reword_curves(shown, "zh"))

    def slowly(*_):
        make.forget_curves(shown)
        return [curve()]

    monkeypatch.setattr(make, "read_curves", slowly)
    assert all("svg" not in str(value) for value in make.draw_curves(*SETTINGS, shown, "en"))
    assert shown.curves == []


def test_a_text_that_the_plate_cannot_carry_has_no_curve():
    html, _ = make.draw_curves("苏E6", *SETTINGS[1:], make.Curves(), "en")
    assert "plate-error" in html and "svg" not in html
