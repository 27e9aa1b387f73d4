"""The only place where uint8 RGB pictures become network input and back: decode, crop, rectify, resize, draw."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .results import PlateImageError

MAX_PIXELS = 120_000_000
MIN_SIDE = 4
MAX_ASPECT = 20.0


def load_image(source) -> np.ndarray:
    """Any picture a user may hold -> uint8 (H, W, 3) RGB, upright.

    source: a path, encoded bytes, a PIL image, or an array: uint8 or uint16 or float in [0, 1], (H, W),
    (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA. EXIF rotation is applied, transparency is laid on white.
    Raises PlateImageError with one sentence when it is none of these, is damaged, is smaller than 4 pixels
    on a side, longer than 20:1 or above 120 megapixels.
    """
    if isinstance(source, np.ndarray):
        return _check_size(_from_array(source))
    if isinstance(source, Image.Image):
        return _decoded(source, "the picture", None)
    if isinstance(source, (bytes, bytearray)):
        name, data = "the data", bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        name = repr(Path(source).name)
        if not Path(source).is_file():
            raise PlateImageError(f"there is no file {name}")
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise PlateImageError(f"{name} cannot be opened ({error.strerror})") from None
    else:
        raise PlateImageError(f"an image was expected, not {type(source).__name__}")
    if not data:
        raise PlateImageError(f"{name} is empty")
    return _decoded(None, name, data)


def _decoded(picture: Image.Image | None, name: str, data: bytes | None) -> np.ndarray:
    """Decode an opened PIL image or encoded bytes; whatever a decoder raises on damage becomes one sentence."""
    try:
        with warnings.catch_warnings():  # the size is checked here, before anything is decoded
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = picture if data is None else Image.open(io.BytesIO(data))
            _check_shape(picture.height, picture.width)
            return _check_size(_from_pil(picture))
    except PlateImageError:
        raise
    except UnidentifiedImageError:
        raise PlateImageError(f"{name} is not an image in a known format") from None
    except Image.DecompressionBombError:
        raise PlateImageError(f"{name} is above the limit of {MAX_PIXELS // 1_000_000} megapixels") from None
    except Exception as error:
        whole = None if data is None else _nearly_whole(data)
        if whole is not None:
            return _check_size(whole)
        raise PlateImageError(f"{name} is damaged and cannot be decoded ({error})") from None


def _nearly_whole(data: bytes) -> np.ndarray | None:
    """A JPEG that lost only its last bytes: decoded leniently, or None when rows of the picture are missing."""
    if not data.startswith(b"\xff\xd8"):
        return None
    try:
        with Image.open(io.BytesIO(data + bytes(64) + b"\xff\xd9")) as picture:
            image = _from_pil(picture)
    except Exception:
        return None
    corner = image[-max(8, len(image) // 50) :, image.shape[1] // 2 :]
    return None if (corner == corner[:1, :1]).all() else image


def _from_pil(picture: Image.Image) -> np.ndarray:
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return _from_array(np.asarray(picture))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture.convert("RGB"))


def _from_array(array: np.ndarray) -> np.ndarray:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or array.size == 0:
        raise PlateImageError(f"an array of shape {array.shape} is not an image: (H, W), (H, W, 3) or (H, W, 4) is")
    if array.dtype != bool and array.dtype.kind not in "uif":
        raise PlateImageError(f"an image array holds numbers, not {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise PlateImageError("the image array holds values that are not finite")
    if array.dtype.kind in "if" and array.min() < 0:
        raise PlateImageError("the image array holds negative values")
    if array.dtype.kind == "f":
        top = float(array.max())
        array = array * (255.0 if top <= 1.0 else 255.0 / 65535.0 if top > 255.0 else 1.0)
    elif array.dtype == bool:
        array = array * 255.0
    elif array.dtype != np.uint8:
        top = int(array.max())
        array = array / 257.0 if array.dtype == np.uint16 or top > 255 else array
    array = array.copy() if array.dtype == np.uint8 else np.clip(np.rint(array), 0, 255).astype(np.uint8)
    if array.ndim == 2:
        return np.repeat(array[..., None], 3, axis=2)
    if array.shape[2] == 4:
        alpha = array[..., 3:].astype(np.float32) / 255
        return np.rint(array[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(array)


def _check_shape(height: int, width: int) -> None:
    if min(height, width) < MIN_SIDE:
        raise PlateImageError(f"an image of {width}x{height} pixels is too small: {MIN_SIDE} pixels a side at least")
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise PlateImageError(f"an image of {width}x{height} pixels is too long and thin to hold a plate")
    if height * width > MAX_PIXELS:
        raise PlateImageError(
            f"an image of {width}x{height} pixels is above the limit of {MAX_PIXELS // 1_000_000} megapixels"
        )


def _check_size(image: np.ndarray) -> np.ndarray:
    _check_shape(*image.shape[:2])
    return image


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 (H, W, C) or (H, W) -> the given (height, width): area when it shrinks, cubic when it grows."""
    if image.shape[:2] == tuple(size):
        return image
    height, width = image.shape[:2]
    shrink_rows, shrink_columns = size[0] < height, size[1] < width
    if shrink_rows:
        image = cv2.resize(image, (image.shape[1], size[0]), interpolation=cv2.INTER_AREA)
    if shrink_columns:
        image = cv2.resize(image, (size[1], image.shape[0]), interpolation=cv2.INTER_AREA)
    if image.shape[:2] != tuple(size):
        image = cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    return image


def to_array(images) -> np.ndarray:
    """uint8 (N, H, W, C) array or list of (H, W, C) -> float32 (N, C, H, W) in [-1, 1]."""
    batch = np.stack(images) if isinstance(images, list) else images
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2), np.float32) / np.float32(127.5) - np.float32(1)


def to_tensor(images):
    """As `to_array`, a torch.Tensor."""
    import torch  # here, so that reading without PyTorch stays possible

    return torch.from_numpy(to_array(images))


def to_images(batch) -> np.ndarray:
    """float (N, C, H, W) array or tensor in [-1, 1] -> uint8 (N, H, W, C); values outside are clipped."""
    pixels = batch if isinstance(batch, np.ndarray) else batch.detach().float().cpu().numpy()
    return np.clip(np.rint((pixels + 1) * 127.5), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def network_input(crops: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """uint8 RGB crops of any sizes -> float32 (N, 3, *size) in [-1, 1], each stretched to `size`."""
    return to_array([resize(crop, size) for crop in crops])


def warp_crop(image: np.ndarray, quad: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Cut the quadrilateral `quad` (4, 2), clockwise from the top left, and flatten it to (height, width)."""
    height, width = size
    target = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    warp = cv2.getPerspectiveTransform(np.float32(quad), target)
    return cv2.warpPerspective(image, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def nudge(crop: np.ndarray, dx: float, dy: float, scale: float) -> np.ndarray:
    """The same crop moved by shares of its width and height and enlarged about its centre: uint8 (64, 192, 3)."""
    quad = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5
    quad = quad / scale + 0.5 - (dx, dy)
    return warp_crop(resize(crop, (64, 192)), quad * (192, 64), (64, 192))


def rectify(image: np.ndarray, corners: np.ndarray, margin: float = 0.02) -> np.ndarray:
    """A flat view of a plate from its four corners (4, 2) in pixels; no enlargement beyond its own resolution.

    margin: share of the plate's size kept around it on every side.
    """
    corners = np.asarray(corners, np.float32)
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        raise ValueError(f"corners must be a finite (4, 2) array, not shape {corners.shape}")
    top, right, bottom, left = (np.linalg.norm(corners[i] - corners[(i + 1) % 4]) for i in range(4))
    centre = corners.mean(0)
    quad = centre + (corners - centre) * (1 + 2 * margin)
    size = (max(MIN_SIDE, round(max(left, right))), max(MIN_SIDE, round(max(top, bottom))))
    return warp_crop(image, quad, size)


def crop_box(image: np.ndarray, box, margin: float = 0.0) -> np.ndarray:
    """Cut (x0, y0, x1, y1) with a margin (share of its size); beyond the photo the edge is repeated."""
    x0, y0, x1, y1 = (float(v) for v in box)
    grow_x, grow_y = (x1 - x0) * margin, (y1 - y0) * margin
    x0, x1 = int(np.floor(x0 - grow_x)), int(np.ceil(x1 + grow_x))
    y0, y1 = int(np.floor(y0 - grow_y)), int(np.ceil(y1 + grow_y))
    rows = np.clip(np.arange(y0, max(y1, y0 + 1)), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(x0, max(x1, x0 + 1)), 0, image.shape[1] - 1)
    return np.ascontiguousarray(image[rows[:, None], columns[None]])


def side_by_side(results, size: tuple[int, int] = (96, 288), columns: int = 2) -> np.ndarray:
    """Each result's crop, enlarged by cubic interpolation, beside its super-resolved plate: uint8 RGB."""
    gap = 8
    pairs = [np.hstack([resize(r.crop, size), resize(r.super_resolved, size)]) for r in results]
    rows = -(-len(pairs) // columns)
    height, width = pairs[0].shape[:2]
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
    for k, pair in enumerate(pairs):
        y, x = gap + (k // columns) * (height + gap), gap + (k % columns) * (width + gap)
        sheet[y : y + height, x : x + width] = pair
    return sheet


def encode_png(image: np.ndarray) -> bytes:
    """uint8 RGB or grey -> PNG bytes."""
    return cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()
