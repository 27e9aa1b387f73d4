"""The page in a real browser: Debian's or any other Chromium, driven by Playwright."""

import csv
import io
import shutil
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def address():
    from lpgan_demo import ui

    page = ui.build()
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, inbrowser=False, **ui.serving())
    ui.warm_up()
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
    for picture in ("#before img", "#after img", "#deblurred img", "#binary img"):
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
    from lpgan_demo.ui_parts import pipeline

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


def open_tab(page, number):
    """Choose the tab of that number; on a phone most of them are behind the button with the dots."""
    page.wait_for_timeout(500)  # until the tabs are measured
    shown = page.locator("#tabs [role=tab]")
    if number < shown.count():
        shown.nth(number).click()
    else:
        page.click("#tabs .overflow-menu > button")
        page.locator("#tabs .overflow-dropdown button").nth(number - shown.count()).click()


def wait_for_words(page, selector, words):
    look = "([selector, words]) => document.querySelector(selector)?.innerText.includes(words)"
    page.wait_for_function(look, arg=[selector, words], timeout=60_000)


def test_a_bad_plate_of_one_s_own_follows_text_and_sliders(page):
    open_tab(page, 1)
    page.wait_for_function(
        "document.querySelector('#make-reading .plate-text')?.innerText == '苏E6M328'", timeout=60_000
    )
    page.fill("#make-text input, #make-text textarea", "浙b12345")
    page.wait_for_function(
        "document.querySelector('#make-reading .plate-text')?.innerText == '浙B12345'", timeout=30_000
    )
    page.fill("#make-text input, #make-text textarea", "浙B1")
    page.wait_for_selector("#make-reading .plate-error:has-text('not a number that this kind of plate can carry')")
    assert page.locator("#make-after img").count() == 0
    page.fill("#make-text input, #make-text textarea", "浙B12345")
    page.wait_for_selector("#make-reading .plate-text", timeout=30_000)
    page.locator("#make-width input[type=number]").fill("16")
    page.locator("#make-width input[type=number]").press("Tab")
    page.wait_for_selector("#make-reading .plate-cell.unsure", timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"


def test_many_files_become_a_table_and_a_zip_to_take_away(page, two_plates, tmp_path):
    broken, archive = tmp_path / "broken.jpg", tmp_path / "more.zip"
    broken.write_bytes(b"nothing")
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(EXAMPLES / "green.png", "../../green.png")
    open_tab(page, 2)
    page.set_input_files("#many-files input[type=file]", [two_plates, broken, archive])
    wait_for_words(page, "#many-files", "more")
    page.wait_for_timeout(500)
    page.click("#many-start")
    page.wait_for_selector("#many-zip:not([disabled])", timeout=60_000)
    shown = page.inner_text("#many-table")
    for words in ("苏B24680", "粤C13579", "沪AD06219", "not an image in a known format"):
        assert words in shown
    page.wait_for_timeout(500)
    with page.expect_download() as download:
        page.click("#many-zip")
    with zipfile.ZipFile(download.value.path()) as zipped:
        assert sorted(zipped.namelist()) == [
            "001-street-1.png",
            "001-street-2.png",
            "001-street-marked.jpg",
            "003-green-1.png",
            "plates.csv",
        ]
        rows = list(csv.DictReader(io.StringIO(zipped.read("plates.csv").decode("utf-8-sig"))))
    assert [row["text"] for row in rows] == ["苏B24680", "粤C13579", "沪AD06219"]


def test_a_video_gives_one_row_per_car(page, tmp_path):
    path = tmp_path / "street.mp4"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 5, (640, 480))
    for k in range(6):
        video.write(np.ascontiguousarray(scene((("苏B24680", "cn_blue", (60 + 20 * k, 330)),))[..., ::-1]))
    video.release()
    open_tab(page, 3)
    page.set_input_files("#video input[type=file]", path)
    page.wait_for_timeout(2000)
    page.click("#video-start")
    wait_for_words(page, "#video-table", "苏B24680")
    assert page.inner_text("#video-table").count("street.mp4") == 1
    page.wait_for_selector("#video-frames img", timeout=20_000)


def test_the_ways_of_restoring_stand_side_by_side(page):
    open_tab(page, 4)
    page.locator("#compare-examples button, #compare-examples .gallery-item").first.click()
    wait_for_words(page, "#compare-pictures", "MTGAN: 沪AD06219")
    wait_for_words(page, "#compare-pictures", "Origin:")


def test_the_page_speaks_three_languages(browser, address):
    visitor = browser.new_context(locale="zh-CN").new_page()
    visitor.goto(address)
    visitor.wait_for_selector("h1:has-text('读出没人能读的车牌')", timeout=60_000)
    visitor.locator("#language label").nth(2).click()
    visitor.wait_for_selector("h1:has-text('Đọc biển số')", timeout=20_000)
    visitor.set_input_files("#source input[type=file]", EXAMPLES / "tilted.png")
    visitor.wait_for_selector("#reading:has-text('Độ tin cậy')", timeout=60_000)
    visitor.close()


def test_two_visitors_at_once_each_see_their_own_plate(browser, address):
    visitors = [browser.new_page() for _ in range(2)]
    for visitor in visitors:
        visitor.goto(address)
        visitor.wait_for_selector("#source input[type=file]", state="attached", timeout=60_000)
    for visitor, name in zip(visitors, ("tilted", "green")):
        visitor.set_input_files("#source input[type=file]", EXAMPLES / f"{name}.png")
    for visitor, text in zip(visitors, ("川H90T37", "沪AD06219")):
        visitor.wait_for_selector("#reading .plate-text", timeout=60_000)
        assert visitor.inner_text("#reading .plate-text") == text
        visitor.close()


def test_nothing_is_fetched_from_elsewhere(browser, address):
    visitor, asked = browser.new_page(), []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.goto(address)
    visitor.wait_for_selector("#source input[type=file]", state="attached", timeout=60_000)
    visitor.wait_for_timeout(1000)
    assert asked and all(url.startswith((address, "data:", "blob:")) for url in asked)
    visitor.close()


def test_health_is_told(address):
    with urllib.request.urlopen(f"{address}healthz") as answer:
        assert answer.status == 200 and answer.read() == b"ok"


def test_a_plate_is_made_on_demand(client):
    settings = [60, 2, 10, 0.5, 0.9, 4, 70, 3]
    path = client.predict("苏E6M328", "cn_blue", *settings, api_name="/make_plate")
    assert Image.open(path).size[0] == 60
    with pytest.raises(Exception, match="not a number that this kind of plate can carry"):
        client.predict("苏E6M3", "cn_blue", *settings, api_name="/make_plate")


def test_the_examples_and_uploads_alone_are_served(address):
    for path in ("etc/passwd", str(Path(__file__).resolve())):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{address}gradio_api/file=/{path.lstrip('/')}")
        assert caught.value.code in (403, 404)


def test_the_notebooks_are_linked_and_nothing_beside_them(page, address):
    open_tab(page, 5)
    links = page.locator("#tutorials a")
    links.first.wait_for()
    name = links.first.get_attribute("href")
    with urllib.request.urlopen(f"{address}{name.removeprefix(address)}") as answer:
        assert b'"nbformat"' in answer.read()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{address}tutorials/..%2Fapp.py")


def test_on_a_space_the_notebooks_are_the_space_s_files():
    from lpgan_demo.ui_compare import tutorials

    assert "(https://huggingface.co/spaces/me/plates/blob/main/tutorials/00_the_problem.ipynb)" in tutorials(
        "me/plates"
    )
