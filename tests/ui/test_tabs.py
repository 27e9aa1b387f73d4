"""The page's other tabs, by a visitor in a real browser."""

import csv
import io
import urllib.error
import urllib.request
import zipfile

import cv2
import numpy as np
import pytest
from visiting import EXAMPLES, open_tab, scene, wait_for_words


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
    assert page.locator("#make-reading img").count() == 0
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
            "003-more.zip-green-1.png",
            "plates.csv",
        ]
        rows = list(csv.DictReader(io.StringIO(zipped.read("plates.csv").decode("utf-8-sig"))))
    assert [row["text"] for row in rows] == ["苏B24680", "粤C13579", "", "沪AD06219"]
    assert rows[2]["status"] == "error" and rows[3]["source"] == "more.zip/green.png"
    thumbnails = page.eval_on_selector_all("#many-table img", "images => images.map(image => image.src)")
    assert len(set(thumbnails)) == 6
    page.click("#many-shown label:has-text('those to check')")
    page.wait_for_function("!document.querySelector('#many-table').innerText.includes('more.zip')")
    assert "broken.jpg" in page.inner_text("#many-table")
    page.click("#many-shown label:has-text('every row')")
    page.locator("#many-table >> text=more.zip/green.png").last.click()
    wait_for_words(page, "#reading", "沪AD06219")


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
    assert page.inner_text("#video-table").count("苏B24680") == 1
    page.wait_for_selector("#video-frames img", timeout=20_000)


def test_the_ways_of_restoring_stand_side_by_side(page):
    open_tab(page, 4)
    page.locator("#compare-examples button, #compare-examples .gallery-item").first.click()
    page.wait_for_selector("#compare-pictures [data-way=mtgan][data-text=沪AD06219]", timeout=60_000)
    assert page.locator("#compare-pictures [data-way=origin] img").is_visible()
    assert page.locator("#compare-pictures mark").count() == 0  # the true text is not given


def test_of_a_photo_the_surest_plate_is_compared(page, two_plates):
    open_tab(page, 4)
    page.set_input_files("#compare-source input[type=file]", two_plates)
    mtgan = "#compare-pictures [data-way=mtgan]"
    page.wait_for_selector(f"{mtgan}[data-text=苏B24680], {mtgan}[data-text=粤C13579]", timeout=60_000)


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
    from lpgan_demo.ui.tabs.about import tutorials

    assert "(https://huggingface.co/spaces/me/plates/blob/main/tutorials/00_the_problem.ipynb)" in tutorials(
        "me/plates"
    )
