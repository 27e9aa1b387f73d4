"""Cropping by hand: two clicks in the picture."""

from types import SimpleNamespace

import gradio as gr
import numpy as np
from visiting import wait_for_words

from lpgan_demo.ui.cropping import Scissors, cut
from lpgan_demo.ui.tabs import photo as tab


def test_two_clicks_in_one_picture_give_the_box_between_them():
    scissors = Scissors()
    assert scissors.click("a", 60, 50) is None
    assert scissors.click("a", 10, 20) == (10, 20, 60, 50)
    assert scissors.click("a", 10, 20) is None  # begins anew
    assert scissors.click("b", 90, 90) is None  # another picture: a first click again
    assert scissors.click("b", 93, 10) is None  # too narrow: the first corner moves
    assert scissors.click("b", 10, 60) == (10, 10, 93, 60)


def test_what_is_cut_out_is_the_part_inside_the_box():
    photo = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    assert np.array_equal(cut(photo, (2, 1, 5, 4)), photo[1:4, 2:5])


def test_a_plate_that_was_not_the_one_shown_is_cut_out_by_two_clicks(page, two_plates):
    page.set_input_files("#source input[type=file]", two_plates)
    page.wait_for_selector("#take-away:not([disabled])", timeout=60_000)
    shown = page.inner_text("#reading .plate-text")
    other, (x, y) = {"苏B24680": ("粤C13579", (420, 360)), "粤C13579": ("苏B24680", (80, 330))}[shown]
    picture = page.locator("#source img")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    scale = min(box["width"] / 640, box["height"] / 480)
    left, top = box["x"] + (box["width"] - 640 * scale) / 2, box["y"] + (box["height"] - 480 * scale) / 2
    page.mouse.click(left + (x - 8) * scale, top + (y - 8) * scale)
    page.wait_for_selector("text=opposite corner of the plate.", timeout=20_000)
    page.mouse.click(left + (x + 128) * scale, top + (y + 48) * scale)
    wait_for_words(page, "#reading", other)
    assert page.locator("#take-away").is_hidden()  # the marked photo belongs to the other reading


def test_a_crop_that_was_read_when_another_picture_was_chosen_is_dropped(two_plates, monkeypatch):
    visit = tab.Visit()

    def read(crop):
        visit.begin()  # as a new picture does
        return "stale"

    monkeypatch.setattr(tab, "pipeline", lambda: SimpleNamespace(read_plate=read))
    monkeypatch.setattr(tab.gr, "Info", lambda *_, **__: None)
    for corner in ((10, 10), (200, 90)):
        outputs = tab.crop_by_hand(str(two_plates), visit, "en", SimpleNamespace(index=corner))
        assert outputs == (gr.skip(),) * 8
    assert visit.plates == []
