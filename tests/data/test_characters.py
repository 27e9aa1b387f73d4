"""Real characters: their ink, on rendered and on real plates."""

import zipfile

import cv2
import numpy as np
import pytest

from lpgan_demo.data.characters import RealCharacters, ink_of, replace_province
from lpgan_demo.data.synthetic import SyntheticPlates
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.glyphs import font_glyphs
from lpgan_demo.plates.standard import standard_plate

BLUE, YELLOW = (10, 60, 190), (245, 190, 30)


def picture(symbol: str, paper, ink) -> np.ndarray:
    """A small RGB picture of one character."""
    share = cv2.resize(font_glyphs()[symbol], (16, 30), interpolation=cv2.INTER_AREA)[..., None] / 255
    return np.uint8(np.float32(paper) * (1 - share) + np.float32(ink) * share)


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "characters.zip"
    with zipfile.ZipFile(path, "w") as pictures:
        for symbol in "京A7":
            for name, paper, ink in (("blue", BLUE, (255, 255, 255)), ("yellow", YELLOW, (10, 10, 10))):
                data = cv2.imencode(".png", picture(symbol, paper, ink)[..., ::-1])[1].tobytes()
                pictures.writestr(f"{symbol}/{name}.png", data)
        pictures.writestr("京/flat.png", cv2.imencode(".png", np.full((30, 16, 3), 90, np.uint8))[1].tobytes())
        pictures.writestr("readme/notes.txt", "no picture")
    return path


def test_ink_is_bright_whatever_the_paint(archive):
    truth = cv2.resize(font_glyphs()["A"], (16, 30), interpolation=cv2.INTER_AREA).astype(float)
    for paper, ink in ((BLUE, (255, 255, 255)), (YELLOW, (10, 10, 10))):
        mask = ink_of(picture("A", paper, ink)[..., ::-1])
        assert np.corrcoef(mask.ravel(), truth.ravel())[0, 1] > 0.95
    assert ink_of(np.full((30, 16, 3), 90, np.uint8)) is None


def test_an_archive_gives_its_symbols_and_an_empty_one_is_an_error(archive, tmp_path):
    characters = RealCharacters(archive)
    assert {symbol: len(masks) for symbol, masks in characters.masks.items()} == {"京": 2, "A": 2, "7": 2}
    assert characters.provinces == ["京"] and characters.draw("B", np.random.default_rng(0)) is None
    assert characters.draw("A", np.random.default_rng(0)).shape == (180, 90)
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as pictures:
        pictures.writestr("notes.txt", "nothing")
    with pytest.raises(ValueError, match="characters"):
        RealCharacters(tmp_path / "empty.zip")


@pytest.mark.parametrize("name", ["cn_blue", "cn_yellow"])
def test_another_province_looks_as_if_it_had_been_painted_there(archive, name):
    layout = get_layout(name)
    view = standard_plate("沪A12345", layout)
    changed, text = replace_province(view, "沪A12345", RealCharacters(archive), np.random.default_rng(3))
    wanted = standard_plate("京A12345", layout)
    assert text == "京A12345" and (changed[:, 32:] == view[:, 32:]).all()
    place = np.s_[9:55, 5:29]
    gaps = [np.abs(changed[place].astype(float) - plate[place]).mean() for plate in (wanted, view)]
    assert gaps[0] < 0.75 * gaps[1]


def test_letterings_differ_from_plate_to_plate_and_real_characters_are_used(archive):
    rng = np.random.default_rng(5)
    plain = SyntheticPlates(("cn_blue",))
    assert plain.draw_glyphs(rng, "京A70000") in plain.fonts
    many = SyntheticPlates(("cn_blue",), lettering="many", characters=RealCharacters(archive))
    drawn = [many.draw_glyphs(rng, "京A70000") for _ in range(40)]
    assert all({"京", "A", "7", "0"} <= set(glyphs) for glyphs in drawn)
    assert len({glyphs["7"].tobytes() for glyphs in drawn}) > 20
    sample = many.sample(rng)
    assert sample.crop.ndim == 3 and get_layout("cn_blue").accepts(sample.text) and sample.layout == 0
    with pytest.raises(ValueError, match="lettering"):
        SyntheticPlates(lettering="strange")
