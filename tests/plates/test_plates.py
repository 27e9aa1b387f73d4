import numpy as np
import pytest

from lpgan_demo.plates import (
    LAYOUTS,
    MAX_CHARACTERS,
    SYMBOLS,
    PlateLayout,
    allowed_symbols,
    decode,
    encode,
    get_layout,
    normalise_text,
)
from lpgan_demo.plates.standard import standard_plate


def test_blue_plate_follows_the_standard_in_millimetres():
    blue = get_layout("cn_blue")
    assert blue.size_mm == (140, 440)
    starts = [cell[0] for cell in blue.cells_mm]
    assert starts == [15.5, 72.5, 151.5, 208.5, 265.5, 322.5, 379.5]
    assert 440 - (starts[-1] + 45) == 15.5


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_regions_tile_each_row_and_hold_their_cells(layout):
    height, width = layout.size_mm
    regions = layout.regions
    area = ((regions[:, 2] - regions[:, 0]) * (regions[:, 3] - regions[:, 1])).sum()
    assert area == pytest.approx(1.0)
    for (x, y, w, h), (x0, y0, x1, y1) in zip(layout.cells_mm, regions):
        assert x0 * width <= x and x + w <= x1 * width + 1e-9
        assert y0 * height <= y and y + h <= y1 * height + 1e-9


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_random_texts_fit_the_alphabets_and_survive_encoding(layout):
    rng = np.random.default_rng(0)
    for _ in range(50):
        text = layout.random_text(rng)
        assert layout.accepts(text)
        target = encode(text, layout)
        belief = np.full((MAX_CHARACTERS, len(SYMBOLS)), 0.01)
        belief[np.arange(len(text)), target[: len(text)]] = 1.0
        assert "".join(reading[0] for reading in decode(belief, layout)) == text
        assert (target[len(text) :] == -1).all()


@pytest.mark.parametrize("name", ["vn_motorcycle", "vn_motorcycle_old"])
def test_the_digit_that_counts_a_series_is_most_often_a_1_and_seldom_a_letter(name):
    layout, rng = get_layout(name), np.random.default_rng(0)
    drawn = [layout.random_text(rng)[layout.series_digit] for _ in range(6000)]
    assert drawn.count("1") > 1.5 * drawn.count("2") > 0
    assert 3 * drawn.count("7") < drawn.count("1")
    assert set(drawn) == set(layout.alphabets[layout.series_digit])
    assert sum(symbol.isalpha() for symbol in drawn) < 600


def test_serial_positions_have_no_i_and_no_o():
    for name in ("cn_blue", "cn_green"):
        for alphabet in get_layout(name).alphabets[2:]:
            assert not set("IO") & set(alphabet)


def test_encode_refuses_a_text_outside_the_alphabets():
    with pytest.raises(ValueError, match="cn_blue"):
        encode("京AI2345", get_layout("cn_blue"))
    with pytest.raises(ValueError):
        encode("京A1234", get_layout("cn_blue"))
    with pytest.raises(ValueError, match="known: cn_blue"):
        get_layout("mars")


def test_decode_normalises_over_the_positions_own_alphabet_and_orders_runners_up():
    layout = get_layout("cn_blue")
    belief = np.zeros((MAX_CHARACTERS, len(SYMBOLS)))
    belief[:7, SYMBOLS.index("皖")] = 5.0
    belief[:7, SYMBOLS.index("8")] = 0.6
    belief[:7, SYMBOLS.index("B")] = 0.3
    readings = decode(belief, layout)
    assert readings[0][:2] == ("皖", 1.0)  # 8 and B may not stand first
    assert readings[3][0] == "8" and readings[3][1] == pytest.approx(2 / 3)
    assert readings[3][2][0] == ("B", pytest.approx(1 / 3))
    assert not allowed_symbols(layout)[7:].any()


def test_normalise_folds_letters_the_position_does_not_have():
    blue = get_layout("cn_blue")
    assert normalise_text("苏a·hog66", blue) == "苏AH0G66"
    assert normalise_text("粤OA2160", blue) == "粤OA2160"


def test_a_new_country_is_one_entry_and_a_wrong_one_is_refused():
    cells = tuple((10 + 60 * i, 20, 50, 70) for i in range(3))
    layout = PlateLayout("xx", "test", (110, 200), cells, ("ABC", "123", "123"), (0, 0, 0), (255, 255, 255))
    assert layout.accepts("B21") and not layout.accepts("121")
    with pytest.raises(ValueError, match="one alphabet per cell"):
        PlateLayout("xx", "test", (110, 200), cells, ("ABC",), (0, 0, 0), (255, 255, 255))
    with pytest.raises(ValueError, match="not in SYMBOLS"):
        PlateLayout("xx", "test", (110, 200), cells, ("A!", "1", "2"), (0, 0, 0), (255, 255, 255))


def test_kinds_have_their_colours_where_they_belong():
    """Red letters of the military, the yellow left end of large new-energy plates, as in GA 36."""
    army = standard_plate("KA12345", get_layout("cn_military")).astype(int)
    redness = army[..., 0] - army[..., 1]
    assert redness[:, :60].max() > 120 and redness[10:54, 80:].max() < 60
    left, right = (standard_plate("京A12345D", get_layout("cn_green_large"))[6:-6, x].mean(0) for x in (4, -5))
    assert left[0] > left[1] > left[2] + 50 and right[1] > right[0] + 30
    plain = standard_plate("沪A1234领", get_layout("cn_black")).astype(int)
    assert plain[..., 0].max() > 200


def test_every_kind_reads_back_what_it_says_from_certain_probabilities():
    rng = np.random.default_rng(4)
    for layout in LAYOUTS.values():
        text = layout.random_text(rng)
        belief = np.full((MAX_CHARACTERS, len(SYMBOLS)), 1e-6)
        belief[np.arange(len(text)), [SYMBOLS.index(c) for c in text]] = 1
        assert "".join(symbol for symbol, *_ in decode(belief, layout)) == text
