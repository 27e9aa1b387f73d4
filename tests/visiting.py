"""What a visitor of the page does: files to bring, tabs to open, words to wait for."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def png(mode="RGB", size=(300, 100)):
    stream = io.BytesIO()
    Image.effect_noise(size, 80).convert(mode).save(stream, "PNG")
    return stream.getvalue()


def scene(plates):
    """A drawn street, 640 x 480, with rendered plates at given places: (uint8 RGB, boxes)."""
    from lpgan_demo.plates import get_layout
    from lpgan_demo.plates.standard import standard_plate

    picture = np.full((480, 640, 3), 120, np.uint8)
    picture[300:] = 70
    for text, layout, (x, y) in plates:
        small = Image.fromarray(standard_plate(text, get_layout(layout), (64, 192))).resize((120, 40), Image.LANCZOS)
        picture[y : y + 40, x : x + 120] = np.asarray(small)
    return picture


def open_tab(page, number):
    """Choose the tab of that number; on a phone most of them are in rows below the first."""
    page.wait_for_timeout(500)  # until the tabs are measured
    shown = page.locator("#tabs [role=tab]")
    if number < shown.count():
        shown.nth(number).click()
    else:
        page.locator("#tabs .overflow-dropdown button").nth(number - shown.count()).click()


def wait_for_words(page, selector, words):
    look = "([selector, words]) => document.querySelector(selector)?.innerText.includes(words)"
    page.wait_for_function(look, arg=[selector, words], timeout=60_000)
