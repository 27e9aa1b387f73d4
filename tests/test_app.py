"""The page in a real browser: Debian's or any other Chromium, driven by Playwright."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def address():
    from lpgan_demo import ui

    page = ui.build()
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, css=ui.CSS, theme=ui.THEME, run_history=False)
    yield url
    page.close()


@pytest.fixture(scope="module")
def browser():
    if BROWSER is None:
        pytest.skip("no Chromium on this machine: install the package 'chromium' to test the page")
    playwright_api = pytest.importorskip("playwright.sync_api")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(request, browser, address):
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    page.wait_for_selector("#source input[type=file]", state="attached", timeout=60_000)
    yield page
    page.close()


def test_upload_shows_the_plate_beside_the_original_and_its_text(page):
    page.set_input_files("#source input[type=file]", EXAMPLES / "tilted.png")
    page.wait_for_selector("#reading .plate-text", timeout=60_000)
    assert page.inner_text("#reading .plate-text") == "川H90T37"
    assert page.locator("#reading .plate-cell").count() == 7
    assert page.locator("#reading .plate-cell").first.inner_text().startswith("川")
    for picture in ("#before img", "#after img"):
        page.wait_for_function(f"document.querySelector('{picture}')?.naturalWidth == 384", timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"


def test_an_example_is_read_with_one_click(page):
    page.locator("#examples button, #examples .gallery-item").first.click()
    page.wait_for_selector("#reading .plate-text", timeout=60_000)
    assert page.inner_text("#reading .plate-text") == "沪AD06219"


def test_a_bad_file_after_an_example_leaves_no_stale_result(page, tmp_path):
    page.locator("#examples button, #examples .gallery-item").first.click()
    page.wait_for_selector("#reading .plate-text", timeout=60_000)
    page.wait_for_selector("#after img", timeout=30_000)
    text = tmp_path / "text.png"
    text.write_bytes(b"no picture")
    error = page.locator("#reading .plate-error:has-text('not an image')")
    for _ in range(6):  # the upload field is mounted anew after the picture is taken away: a file may come too early
        clear = page.locator("#source button[aria-label*=lear], #source button[aria-label*=emove]")
        if clear.count():
            clear.first.click()
            page.wait_for_timeout(1500)
        page.set_input_files("#source input[type=file]", text)
        page.wait_for_timeout(3000)
        if error.count():
            break
    assert error.count() == 1
    assert "/tmp" not in page.inner_text("body") and page.locator("#after img").count() == 0
    assert page.locator("#reading .plate-text").count() == 0


def png(mode="RGB", size=(300, 100)):
    stream = io.BytesIO()
    Image.effect_noise(size, 80).convert(mode).save(stream, "PNG")
    return stream.getvalue()


def test_a_file_that_is_no_picture_gives_one_clear_sentence(page, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(png("L")[:900])
    page.set_input_files("#source input[type=file]", broken)
    page.wait_for_selector("#reading .plate-error:has-text('is damaged and cannot be decoded')", timeout=30_000)
    said = page.inner_text("body")
    assert "Traceback" not in said and "/tmp" not in said
    assert page.locator("#reading .plate-text").count() == 0


@pytest.fixture(scope="module")
def client(address):
    return pytest.importorskip("gradio_client").Client(address, verbose=False)


def ask(client, path):
    from gradio_client import handle_file

    return client.predict(handle_file(str(path)), api_name="/read_plate")


def test_the_named_endpoint_answers_a_client(client):
    result = ask(client, EXAMPLES / "green.png")
    assert result[-1]["text"] == "沪AD06219" and 0 < result[-1]["confidence"] <= 1


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"some text", "not an image"), (png("L")[:900], "damaged"), (png(size=(1, 1)), "too small")],
)
def test_bad_files_are_refused_in_one_sentence_without_paths(client, tmp_path, data, words):
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(Exception, match=words) as caught:
        ask(client, path)
    assert "Traceback" not in str(caught.value) and "/" not in str(caught.value)


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16", "P"])
def test_every_kind_of_picture_gives_what_the_package_gives(client, tmp_path, mode):
    from lpgan_demo.ui import pipeline

    path = tmp_path / "plate.png"
    picture = Image.open(EXAMPLES / "tilted.png")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    elif mode == "RGBA":
        picture.putalpha(150)
    else:
        picture = picture.convert(mode)
    picture.save(path)
    assert ask(client, path)[-1] == pipeline().read_plate(path).to_dict()


def scene(plates):
    """A drawn street, 640 x 480, with rendered plates at given places: (uint8 RGB, boxes)."""
    from lpgan_demo.plates import get_layout
    from lpgan_demo.synth import standard_plate

    picture = np.full((480, 640, 3), 120, np.uint8)
    picture[300:] = 70
    for text, layout, (x, y) in plates:
        small = Image.fromarray(standard_plate(text, get_layout(layout), (64, 192))).resize((120, 40), Image.LANCZOS)
        picture[y : y + 40, x : x + 120] = np.asarray(small)
    return picture


@pytest.fixture
def two_plates(tmp_path):
    path = tmp_path / "street.png"
    plates = (("苏B24680", "cn_blue", (80, 330)), ("粤C13579", "cn_yellow", (420, 360)))
    Image.fromarray(scene(plates)).save(path)
    return path


def test_a_photo_is_marked_and_a_click_or_a_name_chooses_the_plate(page, two_plates):
    page.set_input_files("#source input[type=file]", two_plates)
    page.wait_for_selector("#reading .plate-text", timeout=60_000)
    page.wait_for_selector("#marked img", timeout=20_000)
    choices = page.locator("#choice label")
    assert choices.count() == 2
    for k, text in enumerate(("苏B24680", "粤C13579")):
        choices.nth(k).click()
        page.wait_for_function(f"document.querySelector('#reading .plate-text').innerText == '{text}'", timeout=20_000)
    picture = page.locator("#marked img").bounding_box()
    scale = min(picture["width"] / 640, picture["height"] / 480)
    left, top = (picture["width"] - 640 * scale) / 2, (picture["height"] - 480 * scale) / 2
    page.mouse.click(picture["x"] + left + 140 * scale, picture["y"] + top + 350 * scale)
    page.wait_for_function("document.querySelector('#reading .plate-text').innerText == '苏B24680'", timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"


def test_a_photo_without_a_plate_says_so(page, tmp_path):
    path = tmp_path / "empty.png"
    Image.fromarray(scene(())).save(path)
    page.set_input_files("#source input[type=file]", path)
    page.wait_for_selector("#reading .plate-error:has-text('No number plate was found')", timeout=30_000)


def test_the_photo_endpoint_names_every_plate_with_its_box(client, two_plates):
    from gradio_client import handle_file

    found = client.predict(handle_file(str(two_plates)), api_name="/read_photo")
    assert [plate["text"] for plate in found] == ["苏B24680", "粤C13579"]
    assert abs(found[0]["box"][0] - 80) < 8 and abs(found[0]["box"][2] - 200) < 8
