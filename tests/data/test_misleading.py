"""What looks like a plate and is none, as the detector learns it."""

import zipfile

import cv2
import numpy as np
import pytest

from lpgan_demo.data.misleading import Misleading, camera_line, car_lettering, sign


@pytest.mark.parametrize("draw", [sign, car_lettering, camera_line])
def test_patches_are_pictures_with_an_opacity(draw):
    rng = np.random.default_rng(0)
    for _ in range(12):
        picture, opacity = draw(rng)
        assert picture.shape == (*opacity.shape, 3) and picture.dtype == opacity.dtype == np.float32
        assert 0 <= picture.min() and picture.max() <= 255 and 0 <= opacity.min() and opacity.max() <= 1


def test_only_signs_cover_what_is_behind_them():
    rng = np.random.default_rng(1)
    assert all((sign(rng).opacity == 1).all() for _ in range(5))
    for draw in (car_lettering, camera_line):
        for _ in range(5):
            opacity = draw(rng).opacity
            assert opacity[:2].max() == 0 and opacity.max() > 0.5  # nothing around the text


def test_real_pieces_come_from_the_archive(tmp_path):
    red = np.zeros((20, 60, 3), np.uint8)
    red[..., 2] = 255
    with zipfile.ZipFile(tmp_path / "pieces.zip", "w") as zipped:
        zipped.writestr("a.png", cv2.imencode(".png", red)[1].tobytes())
    rng = np.random.default_rng(2)
    patches = [Misleading(tmp_path / "pieces.zip").sample(rng) for _ in range(60)]
    share = np.mean([patch.picture.shape == (20, 60, 3) and (patch.picture == (255, 0, 0)).all() for patch in patches])
    assert 0.1 < share < 0.4
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as zipped:
        zipped.writestr("a.txt", "nothing")
    with pytest.raises(ValueError, match="no pictures"):
        Misleading(tmp_path / "none.zip")
