"""Pixel operations: resizing, conversion to network input and back, binarisation, PNG encoding."""

from __future__ import annotations

import cv2
import numpy as np

MIN_SIDE = 4
"""Fewest pixels on a side of an image."""


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize uint8 (H, W, C) or (H, W) to (height, width): area averaging to shrink an axis, cubic to enlarge it."""
    if image.shape[:2] == tuple(size):
        return image
    height, width = image.shape[:2]
    if size[0] < height:
        image = cv2.resize(image, (width, size[0]), interpolation=cv2.INTER_AREA)
    if size[1] < width:
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
    values = batch if isinstance(batch, np.ndarray) else batch.detach().float().cpu().numpy()
    planes = np.clip(np.rint((values + 1) * 127.5), 0, 255).astype(np.uint8)
    pictures = np.empty((len(planes), *planes.shape[2:], planes.shape[1]), np.uint8)
    for picture, colours in zip(pictures, planes):
        picture[:] = cv2.merge(tuple(colours)).reshape(picture.shape)  # a tenth of the time that a transposition takes
    return pictures


def network_input(crops: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """uint8 RGB crops of any sizes -> float32 (N, 3, *size) in [-1, 1], each stretched to `size`."""
    return to_array([resize(crop, size) for crop in crops])


def binarise(grey: np.ndarray) -> np.ndarray:
    """Otsu's threshold: uint8 (H, W) -> uint8 (H, W), 0 ink and 255 paper; without contrast everything is paper."""
    if int(grey.max()) - int(grey.min()) < 8:
        return np.full_like(grey, 255)
    return cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """A picture, uint8 (H, W, 3) RGB, as it comes back from a JPEG file of that quality, 1 to 100."""
    coded = cv2.imencode(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, int(quality)))[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def encode_png(image: np.ndarray) -> bytes:
    """uint8 (H, W, 3) RGB or (H, W) grey -> PNG bytes."""
    return cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()
