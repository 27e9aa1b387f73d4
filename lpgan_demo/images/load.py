"""Decode any image input to upright uint8 (H, W, 3) RGB, or raise an error that says in one sentence what is wrong."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..results import PlateImageError
from .pixels import MIN_SIDE

FORMATS = "JPEG, PNG, WebP, BMP, TIFF, GIF, or HEIC with the package pillow-heif"
"""What is said of the formats that can be decoded, which are Pillow's."""

MAX_PIXELS = 120_000_000
"""Largest accepted height times width."""

MAX_ASPECT = 20.0
"""Largest accepted ratio of the longer side to the shorter one."""


def load_image(source, bgr: bool = False) -> np.ndarray:
    """Decode an image; EXIF rotation is applied, transparent pixels are blended with white.

    Args:
        source: a path, encoded bytes, a PIL image, or an array (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA of
            uint8, uint16 or float in [0, 1].
        bgr: the colours of an array are in OpenCV's order, as `cv2.imread` gives them.

    Returns:
        uint8 (H, W, 3) RGB, never the caller's own memory.

    Raises:
        PlateImageError: the source is none of these, is damaged, has fewer than `MIN_SIDE` pixels on a side, or
            exceeds `MAX_ASPECT` or `MAX_PIXELS`.
    """
    if isinstance(source, np.ndarray):
        image = _from_array(source)
        image = np.ascontiguousarray(image[..., ::-1]) if bgr else image
    elif isinstance(source, Image.Image):
        image = _decode(source, "the picture")
    else:
        image = _decode(*_read(source))
    _check_size(*image.shape[:2])
    return image


def _read(source) -> tuple[bytes, str]:
    """Encoded bytes from bytes or a path, and what to call them in an error message."""
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
    return data, name


def _decode(source: Image.Image | bytes, name: str) -> np.ndarray:
    """Decode a PIL image or encoded bytes; every exception of a decoder becomes a PlateImageError."""
    _know_heic()
    try:
        with warnings.catch_warnings():  # `_check_size` refuses oversized images before they are decoded
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(source)) if isinstance(source, bytes) else source
            _check_size(picture.height, picture.width)
            return _from_pil(picture)
    except PlateImageError:
        raise
    except UnidentifiedImageError:
        raise PlateImageError(f"{name} is not an image in a known format ({FORMATS})") from None
    except Image.DecompressionBombError:
        raise PlateImageError(f"{name} is above the limit of {MAX_PIXELS // 1_000_000} megapixels") from None
    except Exception as error:
        image = _decode_truncated_jpeg(source) if isinstance(source, bytes) else None
        if image is not None:
            return image
        raise PlateImageError(f"{name} is damaged and cannot be decoded ({error})") from None


@functools.cache
def _know_heic() -> None:
    """Let Pillow decode HEIC, the photos of many phones, where the package for it is installed."""
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()


def _decode_truncated_jpeg(data: bytes) -> np.ndarray | None:
    """Decode a JPEG that lacks only its last bytes; None for other data, or when the lower right has one colour."""
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
    """PIL image of any mode -> uint8 (H, W, 3) RGB, upright."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return _from_array(np.asarray(picture))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    return np.asarray(picture.convert("RGB"))


def _from_array(array: np.ndarray) -> np.ndarray:
    """Array of any numeric type -> uint8 (H, W, 3) RGB; the type and the largest value tell the value range."""
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
        largest = float(array.max())
        array = array * (255.0 if largest <= 1.0 else 255.0 / 65535.0 if largest > 255.0 else 1.0)
    elif array.dtype == bool:
        array = array * 255.0
    elif array.dtype == np.uint16 or (array.dtype != np.uint8 and array.max() > 255):
        array = array / 257.0
    array = array.copy() if array.dtype == np.uint8 else np.clip(np.rint(array), 0, 255).astype(np.uint8)
    if array.ndim == 2:
        return np.repeat(array[..., None], 3, axis=2)
    if array.shape[2] == 4:
        alpha = array[..., 3:].astype(np.float32) / 255
        return np.rint(array[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(array)


def _check_size(height: int, width: int) -> None:
    """Raise PlateImageError when an image of this size is too small, too long or too large."""
    if min(height, width) < MIN_SIDE:
        raise PlateImageError(f"an image of {width}x{height} pixels is too small: {MIN_SIDE} pixels a side at least")
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise PlateImageError(f"an image of {width}x{height} pixels is too long and thin to hold a plate")
    if height * width > MAX_PIXELS:
        raise PlateImageError(
            f"an image of {width}x{height} pixels is above the limit of {MAX_PIXELS // 1_000_000} megapixels"
        )
