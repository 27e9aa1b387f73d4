"""What must not be read: plates of kinds that nobody knows, and pieces of photos without a plate."""

import zipfile

import numpy as np
import pytest

from lpgan_demo.data.batches import PlateSample
from lpgan_demo.data.plate_batches import PlateBatches, collate
from lpgan_demo.data.synthetic import SyntheticPlates
from lpgan_demo.data.unknown import ForeignPlates, NoPlates, random_layout
from lpgan_demo.images import encode_png
from lpgan_demo.plates import LAYOUTS


def test_foreign_plates_have_no_text_stand_for_the_class_after_the_last_and_know_their_corners():
    source = ForeignPlates(5)
    samples = [source.sample(np.random.default_rng(k)) for k in range(12)]
    assert all(sample.text == "" and sample.layout == 5 for sample in samples)
    assert all(sample.crop.dtype == np.uint8 and sample.crop.shape[2] == 3 for sample in samples)
    assert all(np.abs(sample.corners - 0.5).max() < 1.5 for sample in samples)
    assert len({sample.crop.tobytes() for sample in samples}) == 12


def test_random_layouts_differ_and_keep_their_cells_on_the_plate():
    rng = np.random.default_rng(3)
    layouts = [random_layout(rng) for _ in range(40)]
    assert {layout.num_characters for layout in layouts} == {4, 5, 6, 7, 8}
    for layout in layouts:
        height, width = layout.size_mm
        assert all(x >= 0 and y >= 0 and x + w <= width + 1 and y + h <= height + 1 for x, y, w, h in layout.cells_mm)
        assert layout.background != layout.ink


def test_pieces_of_photos_come_from_an_archive(tmp_path):
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "pieces.zip", "w") as pieces:
        pieces.writestr("a.png", encode_png(rng.integers(0, 255, (40, 120, 3), np.uint8)))
        pieces.writestr("LICENSE", "text")
    source = NoPlates(tmp_path / "pieces.zip", 3)
    sample = source.sample(rng)
    assert (sample.text, sample.layout, sample.corners) == ("", 3, None) and len(source.pictures) == 1
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as pieces:
        pieces.writestr("LICENSE", "text")
    with pytest.raises(ValueError, match="no pictures"):
        NoPlates(tmp_path / "empty.zip", 3)


def test_in_a_batch_the_unknown_are_last_and_what_is_not_known_of_them_is_marked():
    blank, corners = np.zeros((20, 60, 3), np.uint8), np.array([[0.1, 0], [1, 0], [1, 1], [0, 1]])
    rows = [PlateSample(blank, "", 1), PlateSample(blank, "皖A12345", 0, corners), PlateSample(blank, "", 1, corners)]
    batch = collate(rows, layouts=("cn_blue",))
    assert batch["layout"].tolist() == [0, 1, 1]
    assert (batch["target"][1:] == -1).all() and (batch["target"][0] >= 0).sum() == 7
    assert batch["gt"][0].any() and not batch["gt"][1:].any()
    assert np.allclose(batch["corners"][[0, 2]], corners) and np.isnan(batch["corners"][1]).all()


def test_rendered_plates_know_where_their_corners_are():
    layouts = tuple(LAYOUTS)
    batch = PlateBatches([SyntheticPlates(layouts)], [1.0], 48, seed=2, layouts=layouts)[0]
    corners = batch["corners"]
    assert np.isfinite(corners).all()
    width, height = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    assert (width[:, 0] > 0.5).all() and (height[:, 1] > 0.4).all()
    assert (corners < 0).any() and (corners > 0).any()  # some crops cut into the plate
