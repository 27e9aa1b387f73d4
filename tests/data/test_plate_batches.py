import cv2
import numpy as np
import pytest

from lpgan_demo.data.formats import ccpd_photos, easypr_photos, guess_layout, labelled_folder, load_real, real_plates
from lpgan_demo.data.hidden import HiddenPlates
from lpgan_demo.data.labelled import choose, share_of, split_of
from lpgan_demo.data.plate_batches import LabelledPlateSource, PlateBatches, collate, join
from lpgan_demo.data.synthetic import SyntheticPlates
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate


def write(path, image):
    path.write_bytes(cv2.imencode(path.suffix, image[..., ::-1])[1].tobytes())


def photo_with(text, layout, corners, size=(200, 300)):
    plate = standard_plate(text, get_layout(layout), (64, 192))
    source = np.float32([[0, 0], [192, 0], [192, 64], [0, 64]])
    return cv2.warpPerspective(plate, cv2.getPerspectiveTransform(source, np.float32(corners)), size[::-1])


def test_synthetic_batches_depend_on_seed_and_step_only():
    parts = [SyntheticPlates(("cn_blue", "cn_green"))]
    a, b = (PlateBatches(parts, [1], 4, seed=3, layouts=("cn_blue", "cn_green")) for _ in range(2))
    for name in ("lq", "gt", "target", "layout"):
        assert np.array_equal(a[7][name], b[7][name])
    assert not np.array_equal(a[7]["lq"], a[8]["lq"])
    batch = a[0]
    assert batch["lq"].shape == (4, 32, 96, 3) and batch["gt"].shape == (4, 64, 192, 3)
    assert ((batch["target"] >= 0).sum(1) == np.where(batch["layout"] == 0, 7, 8)).all()


def test_a_plate_with_a_hidden_part_keeps_its_text_and_its_corners():
    source, rng = SyntheticPlates(("cn_blue", "vn_one_row")), np.random.default_rng(5)
    hidden = HiddenPlates([source]).sample(np.random.default_rng(5))
    rng.integers(1)
    whole = source.sample(rng)
    assert (hidden.text, hidden.layout) == (whole.text, whole.layout)
    assert np.array_equal(hidden.corners, whole.corners)
    covered = np.abs(hidden.sharp - whole.sharp).max(2) > 3
    assert 0.05 < covered.mean() < 0.9
    unmarked = whole._replace(corners=None)

    class Unmarked:
        def sample(self, rng):
            return unmarked

    assert HiddenPlates([Unmarked()]).sample(rng) is unmarked, "nothing to go by: left as it is"


def test_labelled_folder_takes_the_label_from_the_name_and_the_layout_from_the_colour(tmp_path):
    for text, layout in (("皖A12345", "cn_blue"), ("鲁B2345挂", "cn_yellow"), ("粤BD12345", "cn_green")):
        write(tmp_path / f"{text}__0a1b.png", standard_plate(text, get_layout(layout)))
    write(tmp_path / "京C00001-2.png", standard_plate("京C00001", get_layout("cn_yellow")))
    found = {plate.text: plate.layout for plate in labelled_folder(tmp_path)}
    assert found == {"皖A12345": "cn_blue", "鲁B2345挂": "cn_yellow", "粤BD12345": "cn_green", "京C00001": "cn_yellow"}
    with pytest.raises(FileNotFoundError):
        labelled_folder(tmp_path / "..")
    with pytest.raises(FileNotFoundError):
        load_real(tmp_path / "missing")


def test_guess_layout_refuses_a_label_nobody_spells():
    with pytest.raises(ValueError, match="can spell"):
        guess_layout("HELLO")


def test_ccpd_names_give_corners_and_text(tmp_path):
    corners = [[60, 70], [240, 80], [238, 140], [58, 130]]  # clockwise from the top left
    br, bl, tl, tr = (corners[i] for i in (2, 3, 0, 1))
    points = "_".join(f"{x}&{y}" for x, y in (br, bl, tl, tr))
    write(tmp_path / f"01-90_88-58&70_240&140-{points}-0_0_20_4_31_29_32-112-27.jpg",
          photo_with("皖AWE758", "cn_blue", corners))  # fmt: skip
    (plate,) = ccpd_photos(tmp_path)
    assert plate.text == "皖AWE758" and plate.layout == "cn_blue"
    assert plate.corners.tolist() == corners
    flat = plate.crop(flat=True)
    expected = cv2.resize(standard_plate("皖AWE758", get_layout("cn_blue")), flat.shape[1::-1])
    assert np.abs(flat.astype(int) - expected).mean() < 25
    assert load_real(tmp_path)[0].text == plate.text


def test_easypr_xml_centre_rotation_and_shared_plates(tmp_path):
    angle = np.deg2rad(10)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[-60, -19], [60, -19], [60, 19], [-60, 19]]) @ turn + (150, 100)
    image = photo_with("苏E12345", "cn_yellow", corners)
    for name in ("one", "two"):
        write(tmp_path / f"{name}.jpg", image)
    tag = '<taggedRectangle x="{}" y="{}" width="120" height="38" rotation="10" locateType="1">{}</taggedRectangle>'
    one = tag.format(150, 100, "黄牌:苏E12345")
    two = tag.format(150, 100, "黄牌:苏E12345") + tag.format(60, 60, "蓝牌:苏AHOG66")
    (tmp_path / "GroundTruth_others.xml").write_text(
        f"<tagset><image><imageName>one</imageName>{one}</image><image><imageName>two</imageName>{two}</image>"
        "<image><imageName>gone</imageName></image></tagset>",
        encoding="utf-8",
    )
    plates = easypr_photos(tmp_path)
    assert [plate.text for plate in plates] == ["苏E12345", "苏E12345", "苏AH0G66"]
    assert len({plate.group for plate in plates}) == 1  # photo two ties the plates together
    flat = plates[0].crop(flat=True)
    expected = cv2.resize(standard_plate("苏E12345", get_layout("cn_yellow")), flat.shape[1::-1])
    assert np.abs(flat.astype(int) - expected).mean() < 30


def test_easypr_rectangles_turned_by_almost_90_degrees_are_the_same_plate(tmp_path):
    write(tmp_path / "one.jpg", np.zeros((200, 300, 3), np.uint8))
    tag = '<taggedRectangle x="150" y="100" width="{}" height="{}" rotation="{}" locateType="1">蓝牌:苏E12345<'
    corners = []
    for width, height, rotation in ((120, 38, 4), (38, 120, -86)):
        (tmp_path / "GroundTruth_others.xml").write_text(
            f"<image><imageName>one</imageName>{tag.format(width, height, rotation)}/taggedRectangle></image>", "utf-8"
        )
        corners.append(easypr_photos(tmp_path)[0].corners)
    assert np.allclose(corners[0], corners[1], atol=1e-6)
    top_left, top_right, bottom_right, _ = corners[0]
    assert np.linalg.norm(top_right - top_left) == pytest.approx(120) and top_right[0] > top_left[0]
    assert bottom_right[1] > top_right[1]


def test_a_yellow_plate_about_twice_as_wide_as_high_has_two_rows(tmp_path):
    write(tmp_path / "one.jpg", np.zeros((200, 300, 3), np.uint8))
    tag = '<taggedRectangle x="150" y="100" width="{}" height="{}" rotation="3" locateType="1">{}:苏E12345<'
    for width, height, colour, name in (
        (120, 38, "黄牌", "cn_yellow"),
        (120, 62, "黄牌", "cn_yellow_two_row"),
        (120, 62, "蓝牌", "cn_blue"),
    ):
        (tmp_path / "GroundTruth_others.xml").write_text(
            f"<image><imageName>one</imageName>{tag.format(width, height, colour)}/taggedRectangle></image>", "utf-8"
        )
        assert [plate.layout for plate in easypr_photos(tmp_path)] == [name]
    for name, size in (("cn_yellow", (30, 95)), ("cn_yellow_two_row", (50, 95))):
        assert guess_layout("苏E12345", standard_plate("苏E12345", get_layout(name), size)).name == name


def test_split_is_by_text_and_has_the_stated_shares():
    texts = [f"皖A{i:05d}" for i in range(3000)]
    sides = [split_of(text) for text in texts]
    assert sides == [split_of(text) for text in texts]
    assert sides.count("train") / 3000 == pytest.approx(0.7, abs=0.03)
    assert sides.count("test") / 3000 == pytest.approx(0.15, abs=0.03)
    assert 0 <= min(map(share_of, texts)) and max(map(share_of, texts)) < 1


def test_real_plates_are_shot_anew_and_rare_provinces_come_up_more_often(tmp_path):
    names = [f"皖A0000{i}" for i in range(9)] + ["苏E12345"]
    for text in names:
        write(tmp_path / f"{text}.png", standard_plate(text, get_layout("cn_blue"), (24, 94)))
    part = LabelledPlateSource(labelled_folder(tmp_path))
    rng = np.random.default_rng(0)
    drawn = [part.sample(rng) for _ in range(200)]
    share = np.mean([sample.text == "苏E12345" for sample in drawn])
    assert 0.17 < share < 0.35  # one plate in ten, drawn with weight 1 against 9 * 9 ** -0.5
    with pytest.raises(ValueError, match="layouts"):
        LabelledPlateSource(labelled_folder(tmp_path), layouts=("cn_green",))


def test_a_mix_needs_sensible_shares():
    with pytest.raises(ValueError, match="share"):
        PlateBatches([SyntheticPlates()], [0], 4, 1)


def test_a_layout_given_for_a_folder_is_used_and_checked(tmp_path):
    write(tmp_path / "30A12345.png", standard_plate("30A12345", get_layout("vn_one_row")))
    assert load_real(tmp_path, "vn_one_row")[0].layout == "vn_one_row"
    with pytest.raises(ValueError, match="can spell"):
        load_real(tmp_path)
    with pytest.raises(ValueError, match="cn_blue"):
        load_real(tmp_path, "cn_blue")


def test_no_plate_is_on_two_sides_whatever_folder_it_comes_from(tmp_path):
    crops, half = tmp_path / "crops", tmp_path / "half"
    texts = [f"皖A{i:05d}" for i in range(40)]
    for folder in (crops, half):
        folder.mkdir()
        for text in texts:
            write(folder / f"{text}.png", standard_plate(text, get_layout("cn_blue"), (24, 94)))
    sides = real_plates([str(crops)], [str(half)])
    by_side = {side: {plate.text for plate in plates} for side, plates in sides.items()}
    assert all(by_side.values())
    assert not by_side["train"] & (by_side["validation"] | by_side["test"])
    judged = {plate.text for plate in sides["test"] if plate.path.parent == half}
    assert judged == {plate.text for plate in choose(load_real(half), "second-half")}
    assert {plate.text for plate in choose(load_real(crops), "test")} <= by_side["test"]
    with pytest.raises(ValueError, match="side"):
        choose([], "left")


def test_joined_plates_are_cut_in_a_gap_and_labelled_by_both_halves():
    layout = get_layout("cn_blue")
    rng = np.random.default_rng(4)
    one, two = "皖A12345", "苏B67890"
    left, right = standard_plate(one, layout), standard_plate(two, layout)
    cuts = set()
    for _ in range(40):
        view, text = join(left, one, right, two, rng)
        candidates = [one[:k] + two[k:] for k in range(8)]
        gaps = [np.abs(view.astype(int) - standard_plate(c, layout)).mean() for c in candidates]
        assert candidates[int(np.argmin(gaps))] == text
        cuts.add(candidates.index(text))
    assert len(cuts) >= 5


def test_plates_without_a_common_gap_are_not_joined():
    rng = np.random.default_rng(4)
    noise = rng.integers(0, 255, (64, 192, 3), np.uint8)
    plate = standard_plate("苏B67890", get_layout("cn_blue"))
    assert all(join(noise, "皖A12345", plate, "苏B67890", rng)[1] == "皖A12345" for _ in range(10))


def test_a_batch_may_ask_for_the_sharp_crop_instead_of_the_standard_plate():
    source = SyntheticPlates(("cn_blue",))
    row = source.sample(np.random.default_rng(3))
    standard, sharp = (collate([row], layouts=("cn_blue",), draws=draws) for draws in ("standard", "sharp"))
    assert np.array_equal(standard["gt"][0], standard_plate(row.text, get_layout("cn_blue")))
    scene = np.clip(np.rint(row.sharp), 0, 255).astype(np.uint8)
    assert np.array_equal(sharp["gt"][0], cv2.resize(scene, (192, 64), interpolation=cv2.INTER_AREA))
    assert np.array_equal(standard["lq"], sharp["lq"])
