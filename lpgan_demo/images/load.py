"""Any picture a user may hold -> uint8 (H, W, 3) RGB, upright; or one sentence that says what is wrong with it."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..results import PlateImageError
from .pixels import MIN_SIDE

MAX_PIXELS = 120_000_000


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
