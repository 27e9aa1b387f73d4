import io
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from lpgan_demo import images
from lpgan_demo.results import PlateImageError


def picture(height=40, width=120):
    rng = np.random.default_rng(0)
    return rng.integers(0, 255, (height, width, 3), np.uint8)


def encoded(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_grey_rgba_16_bit_palette_and_float_become_rgb():
    rgb = picture()
    grey = rgb[..., 0]
    cases = [
        encoded(Image.fromarray(rgb)),
        encoded(Image.fromarray(grey)),
        encoded(Image.fromarray(np.dstack([rgb, np.full(grey.shape, 128, np.uint8)]))),
        encoded(Image.fromarray(grey.astype(np.uint16) * 257)),
        encoded(Image.fromarray(rgb).convert("P")),
        Image.fromarray(grey).convert("LA"),
        rgb / 255.0,
        grey,
        grey[..., None],
        rgb.astype(np.uint16) * 257,
    ]
    for case in cases:
        loaded = images.load_image(case)
        assert loaded.shape == (40, 120, 3) and loaded.dtype == np.uint8
    assert np.array_equal(images.load_image(cases[3])[..., 1], grey)
    assert np.array_equal(images.load_image(cases[6]), rgb)


def test_transparency_is_blended_with_white():
    clear = np.zeros((10, 30, 4), np.uint8)
    assert (images.load_image(clear) == 255).all()
    assert (images.load_image(encoded(Image.fromarray(clear))) == 255).all()


def test_exif_rotation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    Image.fromarray(picture(40, 120)).save(path, exif=exif)
    assert images.load_image(path).shape == (120, 40, 3)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "empty"),
        (b"this is no image at all", "not an image"),
        (encoded(Image.fromarray(picture()))[:600], "damaged"),
        (encoded(Image.fromarray(picture(400, 600)), "JPEG")[:9000], "damaged"),
        (np.zeros((1, 1, 3), np.uint8), "too small"),
        (np.zeros((1, 5000, 3), np.uint8), "too small"),
        (np.zeros((10, 5000, 3), np.uint8), "long and thin"),
        (np.zeros((12, 12, 7), np.uint8), "not an image"),
        (np.full((12, 12), np.nan), "not finite"),
        (np.full((12, 12), -3), "negative"),
        (None, "NoneType"),
        ("/no/such/file.png", "no file"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(source, words):
    with pytest.raises(PlateImageError, match=words) as caught:
        images.load_image(source)
    assert "\n" not in str(caught.value)


def test_a_large_picture_is_read_and_an_enormous_one_refused_before_it_is_decoded():
    large = encoded(Image.new("1", (12000, 9000), 1))
    assert images.load_image(large).shape == (9000, 12000, 3)
    header = bytearray(large)
    header[20:24] = (20000).to_bytes(4, "big")  # the height in the PNG header
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    with pytest.raises(PlateImageError, match="megapixels"):
        images.load_image(bytes(header))


def test_a_damaged_pil_image_and_odd_arrays_are_refused_too():
    broken = Image.open(io.BytesIO(encoded(Image.fromarray(picture(400, 600)))[:5000]))
    with pytest.raises(PlateImageError, match="damaged"):
        images.load_image(broken)
    with pytest.raises(PlateImageError, match="negative"):
        images.load_image(np.full((12, 12), -0.5))
    with pytest.raises(PlateImageError, match="numbers"):
        images.load_image(np.full((12, 12), "a"))


def test_a_jpeg_that_lost_only_its_last_bytes_is_read():
    data = encoded(Image.fromarray(picture(200, 300)), "JPEG")
    assert images.load_image(data[:-12]).shape == (200, 300, 3)


def test_tensor_round_trip_is_exact_and_in_range():
    rgb = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    tensor = images.to_tensor(rgb)
    assert tensor.shape == (1, 3, 16, 16) and tensor.min() == -1 and tensor.max() == 1
    assert np.array_equal(images.to_images(tensor), rgb)
    assert np.array_equal(images.to_images(torch.full((1, 3, 2, 2), 7.0)), np.full((1, 2, 2, 3), 255))


def test_rectify_flattens_a_tilted_plate():
    canvas = np.zeros((100, 200, 3), np.uint8)
    corners = np.array([[40, 20], [160, 50], [155, 90], [35, 60]], np.float32)
    cv2.fillConvexPoly(canvas, corners.astype(int), (255, 0, 0))
    flat = images.rectify(canvas, corners, margin=-0.03)
    assert (flat[..., 0] > 200).mean() > 0.97
    assert flat.shape[1] > 2.5 * flat.shape[0]
    with pytest.raises(ValueError, match="corners"):
        images.rectify(canvas, np.zeros((3, 2)))


def test_crop_box_repeats_the_edge_beyond_the_photo():
    image = picture(20, 30)
    crop = images.crop_box(image, (-5, -5, 10, 10))
    assert crop.shape == (15, 15, 3)
    assert np.array_equal(crop[5:, 5:], image[:10, :10]) and np.array_equal(crop[0, 0], image[0, 0])


def test_nudge_moves_and_enlarges_about_the_centre():
    crop = np.zeros((64, 192, 3), np.uint8)
    crop[28:36, 92:100] = 255
    still = images.nudge(crop, 0, 0, 1)
    assert np.abs(still.astype(int) - crop).max() <= 1
    y, x = np.argwhere(images.nudge(crop, 0.05, -0.125, 1)[..., 0] > 128).mean(0)
    assert abs(x - (95.5 + 9.6)) < 0.6 and abs(y - (31.5 - 8)) < 0.6
    assert (images.nudge(crop, 0, 0, 2)[..., 0] > 128).sum() == pytest.approx(4 * 64, rel=0.15)


def test_the_callers_array_is_copied_not_kept():
    array = np.full((24, 94, 3), 7, np.uint8)
    loaded = images.load_image(array)
    array[:] = 200
    assert (loaded == 7).all()


def test_a_plate_is_straightened_by_its_corners_and_an_impossible_quadrilateral_changes_nothing():
    plate = np.zeros((64, 192, 3), np.uint8)
    plate[:, :96, 0], plate[:, 96:, 1] = 255, 255
    corners = np.array([[0.2, 0.1], [0.9, 0.3], [0.85, 0.95], [0.15, 0.75]])
    crop = images.warp_crop(
        plate, images.map_points(images.UNIT_SQUARE, corners, images.UNIT_SQUARE) * (192, 64), (64, 192)
    )
    straight = images.straighten(crop, corners, margin=0.0)
    assert straight.shape == (64, 192, 3) and np.abs(straight.astype(int) - plate).mean() < 12
    for bad in (corners[::-1], corners * 9, np.full((4, 2), 0.5)):
        assert np.array_equal(images.straighten(crop, bad), images.straighten(crop, images.UNIT_SQUARE, margin=0.0))


def test_points_are_mapped_with_their_quadrilateral():
    quad = np.array([[10.0, 10], [30, 10], [30, 20], [10, 20]])
    mapped = images.map_points(np.array([[20.0, 15], [10, 10]]), quad, images.UNIT_SQUARE)
    assert np.allclose(mapped, [[0.5, 0.5], [0, 0]])


def test_a_heic_photo_is_read_upright():
    pytest.importorskip("pillow_heif").register_heif_opener()
    picture = np.zeros((60, 120, 3), np.uint8)
    picture[:, :60] = (220, 30, 30)
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "HEIF", quality=95)
    loaded = images.load_image(data.getvalue())
    assert loaded.shape == picture.shape
    assert np.abs(loaded[30, [20, 100]].astype(int) - picture[30, [20, 100]]).max() < 12


def test_heic_without_its_package_is_refused_with_the_packages_name():
    code = (
        "import sys; sys.modules['pillow_heif'] = None; from lpgan_demo.images import load_image\n"
        "try: load_image(b'\\0\\0\\0\\x18ftypheic' + bytes(64))\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pillow-heif" in done.stdout, done.stderr


def test_a_picture_comes_back_from_jpeg_in_its_colours_and_worse_from_a_worse_one():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 20:] = (200, 60, 10)
    good, bad = (images.through_jpeg(picture, quality) for quality in (95, 10))
    assert good.shape == picture.shape and good.dtype == np.uint8 and good.flags.c_contiguous
    assert np.abs(good[20, 40].astype(int) - (200, 60, 10)).max() < 8
    assert np.abs(bad - picture.astype(int)).mean() > np.abs(good - picture.astype(int)).mean()
