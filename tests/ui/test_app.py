"""The page's first tab, by a visitor in a real browser."""

from PIL import Image
from visiting import EXAMPLES, png, scene


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


def test_a_file_that_is_no_picture_gives_one_clear_sentence(page, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(png("L")[:900])
    page.set_input_files("#source input[type=file]", broken)
    page.wait_for_selector("#reading .plate-error:has-text('is damaged and cannot be decoded')", timeout=30_000)
    said = page.inner_text("body")
    assert "Traceback" not in said and "/tmp" not in said
    assert page.locator("#reading .plate-text").count() == 0


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


def test_the_page_speaks_three_languages(browser, address):
    visitor = browser.new_context(locale="zh-CN").new_page()
    visitor.goto(address)
    visitor.wait_for_selector("h1:has-text('读出没人能读的车牌')", timeout=60_000)
    visitor.locator("#language label").nth(2).click()
    visitor.wait_for_selector("h1:has-text('Đọc biển số')", timeout=20_000)
    visitor.wait_for_function("document.documentElement.lang == 'vi'", timeout=20_000)
    visitor.click("#read")
    visitor.wait_for_selector("#reading:has-text('Hãy chọn ảnh trước')", timeout=20_000)
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
