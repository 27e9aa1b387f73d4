import json
import zipfile

import cv2
import numpy as np
import pytest
import torch

from lpgan_demo.cli.main import main
from lpgan_demo.evaluation.readers.classical import (
    cell_picture,
    cell_pictures,
    character_cells,
    clear_frame,
    find_ink,
    read_plates,
)
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.plates import CHINESE_LAYOUTS, SYMBOLS, get_layout
from lpgan_demo.plates.standard import ink_mask, standard_plate

TEXTS = {"cn_green": "苏AD12345"}


@pytest.mark.parametrize("name", CHINESE_LAYOUTS)
def test_ink_is_found_whatever_the_paint(name):
    layout = get_layout(name)
    text = TEXTS.get(name, "苏B67890")
    found = find_ink(standard_plate(text, layout), layout)
    assert (found == (ink_mask(text, layout, (64, 192)) == 0)).mean() > 0.95


def test_frame_and_rivets_go_and_the_characters_stay():
    layout = get_layout("cn_blue")
    plate = standard_plate("苏B67890", layout)
    plate[4:8, 60:64] = 255  # a rivet
    ink = clear_frame(find_ink(plate, layout))
    assert not ink[:8].any() and not ink[-8:].any() and not ink[:, :3].any()
    bare = ink_mask("苏B67890", layout, (64, 192), frame=False) == 0
    assert (ink & bare).sum() > 0.9 * bare.sum()


def test_cells_are_found_on_a_moved_and_squeezed_plate():
    layout = get_layout("cn_blue")
    plate = standard_plate("苏B67890", layout)
    moved = np.full_like(plate, plate[2:5, 2:5].mean())
    moved[:] = (10, 60, 190)
    moved[4:60, 14:178] = cv2.resize(plate, (164, 56), interpolation=cv2.INTER_AREA)
    ink = clear_frame(find_ink(moved, layout))
    for (x0, _, x1, _), (cx, _, cw, _) in zip(character_cells(ink, layout), layout.cells_mm):
        centre = 14 + 164 * (cx + cw / 2) / layout.size_mm[1]
        assert abs((x0 + x1) / 2 - centre) < 6


def test_an_empty_picture_gives_cells_and_no_crash():
    for name in CHINESE_LAYOUTS:
        cells = cell_pictures(np.zeros((24, 94, 3), np.uint8), get_layout(name))
        assert cells.shape == (get_layout(name).num_characters, 24 * 16) and np.isfinite(cells).all()


def test_training_teaches_standard_plates(tmp_path, capsys):
    options = ["--plates", "600", "--epochs", "25", "--batch-size", "64", "--folder", str(tmp_path)]
    assert main(["train", "classical", "--layouts", "cn_blue", *options]) == 0
    assert 0 <= json.loads(capsys.readouterr().out)["plate_accuracy"] <= 1
    network = load_weights(tmp_path / "classical-reader")
    layout, rng = get_layout("cn_blue"), np.random.default_rng(5)
    texts = [layout.random_text(rng) for _ in range(20)]
    read = read_plates(network, [standard_plate(t, layout) for t in texts], [layout] * 20)
    right = np.mean([a == b for t, r in zip(texts, read) for a, b in zip(t, r)])
    assert right > 0.85


def test_real_characters_are_learnt_beside_the_rendered_ones(tmp_path, capsys):
    rng, archive = np.random.default_rng(1), tmp_path / "characters.zip"
    with zipfile.ZipFile(archive, "w") as pictures:
        for k in range(40):  # a form of 皖 that no font has: a ring
            picture = np.full((29, 15, 3), (160, 60, 20), np.uint8)
            cv2.ellipse(picture, (7, 14), (5, int(rng.integers(9, 12))), 0, 0, 360, (240, 240, 240), 2)
            pictures.writestr(f"皖/{k}.png", cv2.imencode(".png", picture)[1].tobytes())
    options = ["--plates", "120", "--epochs", "15", "--batch-size", "32", "--layouts", "cn_blue"]
    for name, more in (("without", []), ("with", ["--characters", str(archive)])):
        assert main(["train", "classical", *options, "--folder", str(tmp_path / name), *more]) == 0
    ring = np.zeros((29, 15), np.uint8)
    cv2.ellipse(ring, (7, 14), (5, 10), 0, 0, 360, 1, 2)
    cell = torch.from_numpy(cell_picture(ring[3:26, 1:14] > 0))[None]
    read = {name: load_weights(tmp_path / name / "classical-reader")(cell).argmax(1) for name in ("without", "with")}
    assert SYMBOLS[read["with"]] == "皖" and SYMBOLS[read["without"]] != "皖"
    assert "--characters" in json.loads((tmp_path / "with/classical-reader/config.json").read_text())["command"]
