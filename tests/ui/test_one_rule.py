"""What is shown belongs to the picture that is shown, however fast a visitor is and however slow the reader."""

import time

import pytest
from PIL import Image
from visiting import EXAMPLES, open_tab, scene, wait_for_words

from lpgan_demo.ui import components

TEXTS = {"green": "沪AD06219", "tilted": "川H90T37"}
READ = "[...document.querySelectorAll('#reading .plate-text')].map(e => e.dataset.text).join()"


class SlowPipeline:
    """The page's pipeline, with a pause before every search."""

    def __init__(self, pipeline, seconds):
        self.pipeline, self.seconds = pipeline, seconds

    def __getattr__(self, name):
        return getattr(self.pipeline, name)

    def find(self, *arguments):
        time.sleep(self.seconds)
        return self.pipeline.find(*arguments)


@pytest.fixture
def slow(monkeypatch):
    """Makes reading slow for this test."""
    from lpgan_demo.ui.tabs import photo

    slow = SlowPipeline(components.pipeline(), 1.5)
    monkeypatch.setattr(photo, "pipeline", lambda: slow)


@pytest.fixture
def visitor(browser, address):
    visitor = browser.new_page(viewport={"width": 1280, "height": 900})
    visitor.goto(address)
    visitor.wait_for_selector("#reading .plate-text", timeout=60_000)  # the first example
    yield visitor
    visitor.close()


def upload(visitor, path):
    visitor.wait_for_selector("#source input[type=file]", state="attached", timeout=20_000)
    visitor.set_input_files("#source input[type=file]", path)


def take_away(visitor):
    visitor.locator("#source button[aria-label*=lear], #source button[aria-label*=emove]").first.click()


def example(visitor, name):
    names = sorted(path.stem for path in EXAMPLES.glob("*.png"))
    visitor.locator("#examples button, #examples .gallery-item").nth(names.index(name)).click()


def wait_for_reading(visitor, text):
    visitor.wait_for_function(f"{READ} == '{text}'", timeout=60_000)


def stays(visitor, text, seconds=4):
    """The reading is that text for so many seconds, in which a late answer would come."""
    for _ in range(seconds * 4):
        assert visitor.evaluate(READ) == text
        visitor.wait_for_timeout(250)


def test_a_picture_taken_away_while_it_is_read_does_not_answer_for_the_next(visitor, slow, two_plates):
    upload(visitor, two_plates)
    visitor.wait_for_selector("#reading .plate-wait", timeout=20_000)
    take_away(visitor)
    upload(visitor, EXAMPLES / "green.png")
    wait_for_reading(visitor, TEXTS["green"])
    stays(visitor, TEXTS["green"])
    assert visitor.locator("#marked img").count() == 0  # of the first picture


def test_an_example_taken_away_at_once_does_not_answer_for_an_upload(visitor, slow):
    example(visitor, "green")
    visitor.wait_for_selector("#source img", timeout=20_000)
    take_away(visitor)
    visitor.wait_for_timeout(250)
    upload(visitor, EXAMPLES / "tilted.png")
    wait_for_reading(visitor, TEXTS["tilted"])
    stays(visitor, TEXTS["tilted"])


def test_without_a_picture_there_is_no_reading(visitor, slow):
    example(visitor, "green")
    visitor.wait_for_selector("#source img", timeout=20_000)
    take_away(visitor)
    visitor.wait_for_function(f"{READ} == ''", timeout=20_000)
    stays(visitor, "")
    example(visitor, "green")
    wait_for_reading(visitor, TEXTS["green"])
    take_away(visitor)
    visitor.wait_for_function(f"{READ} == ''", timeout=20_000)


def test_of_two_quick_clicks_on_examples_the_second_counts(visitor, slow):
    example(visitor, "green")
    example(visitor, "tilted")
    wait_for_reading(visitor, TEXTS["tilted"])
    stays(visitor, TEXTS["tilted"])


def test_the_same_picture_can_be_read_again_as_one_plate(visitor, two_plates):
    upload(visitor, two_plates)
    visitor.wait_for_selector("#marked img", timeout=60_000)
    visitor.locator("#kind label").nth(2).click()
    visitor.wait_for_selector("#marked img", state="detached", timeout=20_000)
    wait_for_words(visitor, "#reading", "restored and read in")
    assert visitor.locator("#marked img").count() == 0
    visitor.locator("#kind label").nth(0).click()
    visitor.wait_for_selector("#marked img", timeout=60_000)


def test_after_an_error_nothing_of_earlier_files_is_left(visitor, tmp_path):
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip")
    open_tab(visitor, 2)
    visitor.set_input_files("#many-files input[type=file]", EXAMPLES / "green.png")
    wait_for_words(visitor, "#many-files", "green")
    visitor.wait_for_timeout(500)
    visitor.click("#many-start")
    visitor.wait_for_selector("#many-zip:not([disabled])", timeout=60_000)
    visitor.locator("#many-files button[aria-label*=lear], #many-files button[aria-label*=emove]").first.click()
    visitor.wait_for_selector("#many-files input[type=file]", state="attached", timeout=20_000)
    visitor.set_input_files("#many-files input[type=file]", broken)
    wait_for_words(visitor, "#many-files", "broken")
    visitor.wait_for_timeout(500)
    visitor.click("#many-start")
    visitor.wait_for_function("!document.querySelector('#many-table').innerText.includes('沪AD06219')", timeout=20_000)
    visitor.wait_for_selector("#many-zip[disabled]", timeout=20_000)
    assert visitor.locator("#many-csv[disabled]").count() == 1


def test_after_an_error_no_earlier_comparison_or_bad_plate_is_left(visitor, tmp_path):
    street = tmp_path / "empty.png"
    Image.fromarray(scene(())).save(street)
    open_tab(visitor, 4)
    visitor.locator("#compare-examples button, #compare-examples .gallery-item").first.click()
    visitor.wait_for_selector("#compare-pictures [data-way=mtgan][data-text=沪AD06219]", timeout=60_000)
    visitor.locator("#compare-source button[aria-label*=lear], #compare-source button[aria-label*=emove]").first.click()
    visitor.wait_for_function(
        "!document.querySelector('#compare-pictures').innerText.includes('MTGAN')", timeout=20_000
    )
    visitor.set_input_files("#compare-source input[type=file]", street)
    visitor.wait_for_selector("text=No number plate was found", timeout=30_000)
    assert "MTGAN" not in visitor.inner_text("#compare-pictures")


def test_a_video_that_cannot_be_read_leaves_no_earlier_rows():
    from lpgan_demo.ui.tabs.video import Reading, read_one_video

    answers = read_one_video(None, Reading(cars=["of an earlier video"], taken=True))
    *shown, csv, marked, reading = next(answers)
    assert shown == [[], []] and csv["value"] is marked["value"] is None and not reading.cars
    with pytest.raises(Exception, match="video"):
        next(answers)
