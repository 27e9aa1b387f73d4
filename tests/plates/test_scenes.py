from pathlib import Path

import cv2
import numpy as np
import pytest

from lpgan_demo.plates import LAYOUTS, SYMBOLS, get_layout
from lpgan_demo.plates.camera import Camera, motion_kernel, random_camera, shoot
from lpgan_demo.plates.examples import EXAMPLES, UNREADABLE, write_examples
from lpgan_demo.plates.glyphs import FLAGGED_ONE, folder_glyphs, font_glyphs
from lpgan_demo.plates.lettering import set_one, slab_one
from lpgan_demo.plates.scenes import half_hidden, plate_scene, spaced, used_plate
from lpgan_demo.plates.standard import ink_coverage, ink_mask, standard_plate


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_standard_plate_has_the_layouts_paint_and_its_ink_where_the_mask_says(layout):
    text = layout.random_text(np.random.default_rng(1))
    size = (128, 384)
    plate, mask = standard_plate(text, layout, size), ink_mask(text, layout, size)
    assert plate.shape == (*size, 3) and plate.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}
    plain = [c for c in text if c not in layout.red_marks]
    if len(plain) == len(text):
        far = np.abs(plate[mask == 0].astype(int) - layout.ink).max(1)
        assert np.median(far) < 30
    if layout.background_bottom is None:
        assert np.median(np.abs(plate[mask == 255].astype(int) - layout.background)) == 0


def test_every_character_stands_inside_its_own_region():
    layout = get_layout("cn_blue")
    base = ink_mask("皖A88888", layout, (140, 440), frame=False)
    other = ink_mask("皖A88188", layout, (140, 440), frame=False)
    columns = np.where((base != other).any(0))[0] / 440
    assert layout.regions[4, 0] <= columns.min() and columns.max() <= layout.regions[4, 2]


def test_standard_plate_refuses_a_text_outside_the_alphabets():
    with pytest.raises(ValueError, match="cn_blue"):
        standard_plate("A0000", get_layout("cn_blue"))


def test_glyphs_are_all_different_and_fill_their_cell():
    glyphs = font_glyphs()
    assert set(glyphs) == {*SYMBOLS, FLAGGED_ONE}
    names = [s for s in SYMBOLS if s not in "OI"]  # O is drawn like 0, I like 1
    for i, a in enumerate(names):
        assert glyphs[a][:9].max() > 100 and glyphs[a][-9:].max() > 100, a
        for b in names[:i]:
            assert np.abs(glyphs[a].astype(int) - glyphs[b]).mean() > 2, (a, b)


def test_folder_glyphs_reads_either_polarity_and_alpha(tmp_path):
    bar = np.zeros((90, 45), np.uint8)
    bar[10:80, 5:40] = 255
    bar[30:60, 15:30] = 0
    for symbol in "08":
        cv2.imwrite(str(tmp_path / f"w_{symbol}.png"), bar)
        cv2.imwrite(str(tmp_path / f"b_{symbol}.png"), 255 - bar)
        cv2.imwrite(str(tmp_path / f"a_{symbol}.png"), np.dstack([bar * 0] * 3 + [bar]))
    sets = [folder_glyphs(tmp_path, prefix) for prefix in ("w_", "b_", "a_")]
    assert [set(glyphs) for glyphs in sets] == [{"0", "8"}] * 3
    assert all(np.array_equal(glyphs["0"], sets[0]["0"]) for glyphs in sets)
    with pytest.raises(FileNotFoundError):
        folder_glyphs(tmp_path, "none_")


def test_scene_and_shot_depend_on_the_seed_only():
    layout = get_layout("cn_green")

    def draw(seed):
        rng = np.random.default_rng(seed)
        scene = plate_scene(layout.random_text(rng), layout, rng, font_glyphs())
        return shoot(scene, random_camera(rng), rng)

    assert np.array_equal(draw(5), draw(5))
    assert draw(5).shape != draw(6).shape or not np.array_equal(draw(5), draw(6))


def test_camera_does_what_each_setting_says():
    layout = get_layout("cn_blue")
    scene = standard_plate("京B20768", layout, (64, 192)).astype(np.float32)

    def take(**settings):
        return shoot(scene, Camera(width=192, **settings), np.random.default_rng(0)).astype(float)

    plain = take()
    assert np.array_equal(plain, np.rint(scene))
    assert take(gain=0.3).mean() == pytest.approx(0.3 * plain.mean(), rel=0.05)
    assert take(defocus=1.5).std() < plain.std() * 0.9
    across, along = take(motion=8, angle=0), take(motion=8, angle=90)
    edges = lambda image, axis: np.abs(np.diff(image, axis=axis)).mean()  # noqa: E731
    assert edges(across, 1) < edges(along, 1) and edges(along, 0) < edges(across, 0)
    assert take(cast=(1.3, 1, 1))[..., 0].mean() > plain[..., 0].mean()
    assert shoot(scene, Camera(width=30), np.random.default_rng(0)).shape == (10, 30, 3)
    assert (take(noise=10) - plain).std() > 4


def test_motion_kernel_keeps_brightness_and_points_along_its_angle():
    for length, angle in ((1.5, 20), (7, 0), (9, 45), (6.2, 170)):
        kernel = motion_kernel(length, angle)
        assert kernel.sum() == pytest.approx(1, abs=1e-5) and kernel.min() >= 0
    flat = motion_kernel(7, 0)
    assert flat[3].sum() == pytest.approx(1, abs=1e-5)


def test_the_shipped_examples_are_what_the_renderer_draws(tmp_path):
    assert {"tiny", "motion", "night", "tilted", "yellow", "green"} <= {e.name for e in EXAMPLES}
    shipped = Path(__file__).resolve().parents[2] / "examples"
    for example, path in zip((*EXAMPLES, UNREADABLE), write_examples(tmp_path), strict=True):
        assert get_layout(example.layout).accepts(example.text)
        drawn, kept = cv2.imread(str(path)), cv2.imread(str(shipped / path.name))
        assert drawn.shape == kept.shape and drawn.shape[1] == example.camera.width
        assert np.abs(drawn.astype(int) - kept).mean() < 4  # libraries may round and compress a little differently


def test_drawn_cameras_often_have_one_degradation_and_a_given_severity_has_all():
    rng = np.random.default_rng(0)
    drawn = [random_camera(rng) for _ in range(600)]
    tiny = [c for c in drawn if c.width <= 56]
    assert sum(c.motion == 0 and c.noise < 1.5 and c.jpeg == 0 for c in tiny) > 20
    assert sum(c.motion > 4 and c.width >= 88 for c in drawn) > 10
    assert all(c.noise > 0.5 for c in (random_camera(rng, 0.9) for _ in range(50)))


def test_a_one_has_a_flag_on_vietnamese_plates_and_none_on_chinese_ones():
    widths = {}
    for name, text in (("cn_blue", "皖A11111"), ("vn_one_row", "51A11111")):
        layout = get_layout(name)
        x0, y0, x1, y1 = layout.regions[-1]
        ink = ink_coverage(text, layout, (64, 192), frame=False)
        cell = ink[round(y0 * 64) : round(y1 * 64), round(x0 * 192) : round(x1 * 192)] > 0.5
        used = np.flatnonzero(cell.any(1))
        top, middle = cell[used[0] : used[-1] // 4 + 1], cell[used[len(used) // 2]]
        widths[name] = top.any(0).sum() - middle.sum()
    assert widths["cn_blue"] <= 1 < widths["vn_one_row"]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
@pytest.mark.parametrize(("factor", "shift"), [(1.1, 0.1), (1.1, -0.1), (0.8, 0.3), (0.8, -0.3)])
def test_characters_moved_far_stay_on_the_plate(layout, factor, shift):
    moved = spaced(layout, factor, shift)
    left, right = min(x for x, *_ in moved.cells_mm), max(x + w for x, _, w, _ in moved.cells_mm)
    assert -1e-6 < left and right < layout.size_mm[1] + 1e-6
    text = layout.random_text(np.random.default_rng(2))
    size = (round(layout.size_mm[0] / 2), round(layout.size_mm[1] / 2))
    assert ink_coverage(text, moved, size, font_glyphs("Medium")).max() > 0.9


def test_a_one_may_keep_a_part_of_its_flag_and_stand_elsewhere_in_its_cell():
    one = font_glyphs()[FLAGGED_ONE]
    widths, stems = [], []
    for flag, place in ((1.0, 0.0), (0.5, 0.5), (0.0, 1.0)):
        ink = set_one(one, flag, place)
        used, stem = (np.flatnonzero(row > 127) for row in (ink.max(0), ink[90]))
        assert ink.shape == one.shape and used[0] == pytest.approx(place * (89 - np.ptp(used)), abs=1.5)
        widths.append(np.ptp(used) + 1)
        stems.append(len(stem))
    assert widths[0] > widths[1] > widths[2] == pytest.approx(stems[0], abs=2) and len(set(stems)) == 1


def test_the_one_of_vietnamese_makers_has_no_foot_and_a_flag_as_long_as_told():
    for reach in (0.8, 1.7):
        ink = slab_one(20, reach, 0.5) > 127
        assert ink[-1].sum() == ink[90].sum() == 20
        assert np.ptp(np.flatnonzero(ink.any(0))) + 1 == 20 + round(20 * reach)
        assert ink.sum(1).max() <= 20 + round(20 * reach) and not ink[100:, : round(20 * reach)].any()


@pytest.mark.parametrize(
    "layout", [kind for kind in LAYOUTS.values() if len(kind.row_lengths) == 2], ids=lambda k: k.name
)
def test_no_rivet_of_a_plate_of_two_rows_hides_a_character_of_the_first(layout, monkeypatch):
    """On motorcycles they stood where the 1 has its flag and the 7 its bar."""
    rivets, rng = [], np.random.default_rng(4)
    monkeypatch.setattr("lpgan_demo.plates.scenes.cv2.circle", lambda plate, at, *rest: rivets.append(at))
    for _ in range(30):
        used_plate(layout.random_text(rng), layout, rng, font_glyphs("Medium"))
    first = [(x, y, w, h) for x, y, w, h in layout.cells_mm if y == min(cell[1] for cell in layout.cells_mm)]
    assert len(rivets) > 50
    for across, down in rivets:
        assert not any(x < 2 * across < x + w and y < 2 * down < y + h for x, y, w, h in first)


def test_characters_may_be_set_closer_and_moved():
    layout = get_layout("vn_motorcycle")
    closer = spaced(layout, 0.8, -0.02)
    before, after = (np.array([cell[0] + cell[2] / 2 for cell in kind.cells_mm[:4]]) for kind in (layout, closer))
    assert np.allclose(np.diff(after), 0.8 * np.diff(before))
    middle = layout.size_mm[1] / 2
    assert np.allclose(after - middle, 0.8 * (before - middle) - 0.02 * layout.size_mm[1])
    assert closer.cells_mm[0][2] == 0.8 * layout.cells_mm[0][2] and closer.alphabets == layout.alphabets
    drawn = [
        ink_coverage("59H119374", kind, (140, 190), font_glyphs("Medium"), frame=False)[:75].max(0) > 0.5
        for kind in (layout, closer)
    ]
    assert np.ptp(np.flatnonzero(drawn[1])) < 0.85 * np.ptp(np.flatnonzero(drawn[0]))


def test_a_half_hidden_plate_shows_a_whole_side_of_itself_and_not_all():
    corners = np.array([[20.0, 10], [170, 10], [170, 54], [20, 54]])
    rng, shares, sides = np.random.default_rng(0), [], set()
    for _ in range(60):
        seen = half_hidden(np.full((64, 192, 3), -1000, np.float32), corners, rng)[10:54, 20:170, 0] == -1000
        shares.append(seen.mean())
        whole = {"left": seen[:, :9], "right": seen[:, -9:], "top": seen[:5], "bottom": seen[-5:]}
        sides |= {side for side, part in whole.items() if part.all()}
    assert 0.15 < min(shares) < 0.45 and 0.85 < max(shares) < 1
    assert sides == {"left", "right", "top", "bottom"}
