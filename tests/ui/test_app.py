"""The page's first tab, by a visitor in a real browser."""

from PIL import Image
from visiting import EXAMPLES, png, scene, wait_for_words


def test_upload_shows_the_plate_beside_the_original_and_its_text(page):
    page.set_input_files("#source input[type=file]", EXAMPLES / "tilted.png")
    wait_for_words(page, "#reading", "restored and read in")
    assert page.inner_text("#reading .plate-text") == "川H90T37"
    cells = page.locator("#reading .plate-cell")
    assert cells.count() == 7 and cells.first.inner_text().startswith("川")
    assert page.locator("#reading figure").count() == 3
    shapes = page.evaluate(
        "[...document.querySelectorAll('#reading figure img')].map(i => [i.className, i.naturalHeight])"
    )
    assert shapes == [["crop", 128], ["grey", 128], ["ink", 128], ["drawn", 128]]
    assert page.locator("#reading img.grey").is_visible() and not page.locator("#reading img.ink").is_visible()
    page.locator("#reading input.ink").check()
    assert page.locator("#reading img.ink").is_visible() and not page.locator("#reading img.grey").is_visible()
    assert not cells.first.locator("img").is_visible()
    cells.first.locator("summary").click()
    assert cells.first.locator("img").is_visible()  # the part of the picture that it was read from
    assert page.locator("#reading a[download]").get_attribute("download") == "川H90T37-drawn-192x64.png"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"


def test_an_example_is_read_with_one_click(page):
    page.locator("#examples button, #examples .gallery-item").first.click()
    page.wait_for_function("document.querySelector('#reading .plate-text')?.innerText == '沪AD06219'", timeout=60_000)


def test_a_new_visitor_sees_an_example_read_without_a_click(page):
    assert page.inner_text("#reading .plate-text") == "川H90T37"
    assert "An example" in page.inner_text("#reading") and page.locator("#source img").count() == 0


def test_the_page_hardly_moves_while_it_reads(browser, address):
    add = "for (const e of all.getEntries()) if (!e.hadRecentInput) window.moved.push([e.value, NAMES])"
    add = add.replace("NAMES", "e.sources.map(s => s.node?.id + ' ' + s.node?.className)")
    count = f"new PerformanceObserver(all => {{{add}}})"
    for size in ({"width": 1280, "height": 900}, {"width": 390, "height": 844}):
        visitor = browser.new_page(viewport=size)
        visitor.add_init_script(f"window.moved = []; {count}.observe({{type: 'layout-shift', buffered: true}})")
        visitor.goto(address)
        visitor.wait_for_selector("#reading .plate-text", timeout=60_000)
        visitor.wait_for_timeout(1500)
        visitor.evaluate("window.moved = []")  # what the loading moved depends on the machine
        visitor.set_input_files("#source input[type=file]", EXAMPLES / "green.png")
        wait_for_words(visitor, "#reading", "restored and read in")
        visitor.wait_for_timeout(1500)
        moved = visitor.evaluate("window.moved")
        assert sum(value for value, _ in moved) < 0.1, (size, moved)
        assert 0 <= visitor.locator("#reading .plate-text").bounding_box()["y"] < 0.6 * size["height"]
        visitor.close()


def test_a_bad_file_after_an_example_leaves_no_stale_result(page, tmp_path):
    page.locator("#examples button, #examples .gallery-item").first.click()
    page.wait_for_function("document.querySelector('#reading .plate-text')?.innerText == '沪AD06219'", timeout=60_000)
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
    assert "/tmp" not in page.inner_text("body") and page.locator("#reading img").count() == 0
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
    page.wait_for_selector("#marked img", timeout=60_000)
    choices = page.locator("#choice label")
    assert choices.count() == 2
    for k, text in enumerate(("苏B24680", "粤C13579")):
        choices.nth(k).click()
        page.wait_for_function(f"document.querySelector('#reading .plate-text').innerText == '{text}'", timeout=20_000)
    page.locator("#marked img").scroll_into_view_if_needed()
    picture = page.locator("#marked img").bounding_box()
    scale = min(picture["width"] / 640, picture["height"] / 480)
    left, top = (picture["width"] - 640 * scale) / 2, (picture["height"] - 480 * scale) / 2
    page.mouse.click(picture["x"] + left + 140 * scale, picture["y"] + top + 350 * scale)
    page.wait_for_function("document.querySelector('#reading .plate-text').innerText == '苏B24680'", timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"


def test_the_photo_is_restored_in_place_or_covered_and_taken_away(page, two_plates):
    page.set_input_files("#source input[type=file]", two_plates)
    page.wait_for_selector("#slider img", timeout=60_000)
    files = {}
    for k, what in enumerate(("drawn", "covered")):
        page.locator("#what label").nth(k).click()
        page.wait_for_timeout(3000)
        with page.expect_download() as download:
            page.click("#take-away")
        assert what in download.value.suggested_filename
        files[what] = Image.open(download.value.path()).convert("RGB")
    assert files["covered"].size == (640, 480) and files["drawn"].height > 480  # the note stands below
    spot = files["covered"].crop((85, 335, 195, 365)).convert("L").getextrema()
    assert spot[1] - spot[0] < 90


def test_a_photo_without_a_plate_says_so(page, tmp_path):
    path = tmp_path / "empty.png"
    Image.fromarray(scene(())).save(path)
    page.set_input_files("#source input[type=file]", path)
    assert page.locator("#photo-out .gr-accordion").is_visible()
    page.wait_for_selector("#reading .plate-error:has-text('No number plate was found')", timeout=30_000)
    assert not page.locator("#photo-out .gr-accordion").is_visible()  # there is no result to show as data


def test_the_page_speaks_three_languages(browser, address):
    visitor = browser.new_context(locale="zh-CN").new_page()
    visitor.goto(address)
    visitor.wait_for_selector("h1:has-text('读出没人能读的车牌')", timeout=60_000)
    visitor.locator("#language label").nth(2).click()
    visitor.wait_for_selector("h1:has-text('Đọc biển số')", timeout=20_000)
    visitor.wait_for_function("document.documentElement.lang == 'vi'", timeout=20_000)
    wait_for_words(visitor, "#reading", "Độ tin cậy")  # the reading that was there in Chinese
    visitor.reload()
    visitor.wait_for_selector("h1:has-text('Đọc biển số')", timeout=60_000)  # remembered
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
        wait_for_words(visitor, "#reading", "restored and read in")
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
