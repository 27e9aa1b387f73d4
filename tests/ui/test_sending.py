"""A plate goes from one tab to another, by a visitor in a real browser."""

from PIL import Image
from visiting import EXAMPLES, open_tab, wait_for_words

MTGAN = "#compare-pictures [data-way=mtgan]"
TRUTH = "#compare-truth input, #compare-truth textarea"


def test_a_made_plate_is_compared_with_its_truth_and_taken_away(page, tmp_path):
    open_tab(page, 1)
    page.wait_for_selector("#make-reading .plate-text", timeout=60_000)
    page.click("#make-send")
    page.wait_for_selector(f"{MTGAN}[data-text=苏E6M328]:has-text('right'):has-text('PSNR')", timeout=60_000)
    assert page.input_value(TRUTH) == "苏E6M328"
    page.fill(TRUTH, "苏E6M329")
    page.wait_for_selector(f"{MTGAN} mark:has-text('8')", timeout=20_000)
    wait_for_words(page, MTGAN, "1 wrong")
    page.wait_for_timeout(500)
    with page.expect_download() as download:
        page.click("#compare-sheet")
    assert Image.open(download.value.path()).size[0] > 800
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    page.locator("#compare-examples button, #compare-examples .gallery-item").first.click()
    page.wait_for_selector(f"{MTGAN}[data-text=沪AD06219]", timeout=60_000)
    assert page.input_value(TRUTH) == "" and page.locator("#compare-pictures mark").count() == 0


def test_the_plate_of_a_photo_is_compared(page, two_plates):
    page.set_input_files("#source input[type=file]", two_plates)
    page.wait_for_selector("#marked img", timeout=60_000)
    page.locator("#choice label").nth(1).click()
    page.wait_for_function("document.querySelector('#reading .plate-text').innerText == '粤C13579'", timeout=20_000)
    page.click("#photo-send")
    page.wait_for_selector(f"{MTGAN}[data-text=粤C13579]", timeout=60_000)
    assert page.locator("#compare-source img").is_visible()


def test_the_curves_are_drawn_and_go_with_the_next_setting(page):
    open_tab(page, 1)
    page.wait_for_selector("#make-reading .plate-text", timeout=60_000)
    page.click("#make-curve > button, #make-curve .label-wrap")
    page.click("#make-curve-draw")
    page.wait_for_selector("#make-curves figure svg", timeout=60_000)
    assert page.locator("#make-curves figure").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    page.locator("#make-width input[type=number]").fill("40")
    page.locator("#make-width input[type=number]").press("Tab")
    page.wait_for_selector("#make-curves figure svg", state="detached", timeout=20_000)


def test_an_example_is_sent_as_it_is_shown(page):
    page.click("#photo-send")
    page.wait_for_selector(f"{MTGAN}[data-text]", timeout=60_000)
    assert EXAMPLES.is_dir() and page.locator("#compare-pictures figure").count() == 10
