"""The page in a real browser: Debian's or any other Chromium, driven by Playwright."""

import io
import shutil
from pathlib import Path

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
    assert page.locator("#reading .plate-cell").count() in (7, 8)


def test_a_file_that_is_no_picture_gives_one_clear_sentence(page, tmp_path):
    stream = io.BytesIO()
    Image.new("RGB", (300, 100), "blue").save(stream, "PNG")
    broken = tmp_path / "broken.png"
    broken.write_bytes(stream.getvalue()[:60])
    page.set_input_files("#source input[type=file]", broken)
    page.wait_for_selector(".toast-body, .error, [data-testid=toast-body]", timeout=30_000)
    said = page.inner_text("body")
    assert "Traceback" not in said and "/tmp" not in said
    assert page.locator("#reading .plate-text").count() == 0


def test_the_named_endpoint_answers_a_client(address):
    client_library = pytest.importorskip("gradio_client")
    client = client_library.Client(address, verbose=False)
    result = client.predict(client_library.handle_file(str(EXAMPLES / "green.png")), api_name="/read_plate")
    assert result[-1]["text"] == "沪AD06219" and 0 < result[-1]["confidence"] <= 1
