"""Drawing: fonts, plates marked in photos, result sheets, and the figures of the notebooks."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .pixels import resize

_MARK_COLOUR = (255, 214, 10)
_TEXT_COLOUR = (20, 20, 20)


def _package_folder(module: str, distribution: str) -> Path:
    """Folder of an installed font package, found without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"drawing plates needs a font package: pip install {distribution}")
    return Path(spec.origin).parent


@lru_cache(maxsize=16)
def packaged_font(style: str, chinese: bool, size: int = 240) -> ImageFont.FreeTypeFont:
    """Barlow Condensed in the weight `style`, or Noto Sans SC, at `size` pixels."""
    if chinese:
        path = _package_folder("pylopdf_fonts_zh_cn", "pylopdf-fonts-zh-cn") / "NotoSansSC-Regular.otf"
    else:
        folder = _package_folder("fontpkg_barlow_condensed", "fontpkg-barlow-condensed")
        path = folder / "files" / f"BarlowCondensed-{style}.ttf"
    return ImageFont.truetype(str(path), size)


def annotate(photo: np.ndarray, corners, labels) -> np.ndarray:
    """Mark plates in a photo; line width and font size grow with the photo.

    Args:
        photo: uint8 (H, W, 3) RGB.
        corners: (K, 4, 2) in pixels.
        labels: K texts, each drawn above its plate, or below it where there is no room above.

    Returns:
        A marked copy.
    """
    image = Image.fromarray(photo)
    draw = ImageDraw.Draw(image)
    longer_side = max(photo.shape[:2])
    line_width, font_size = max(1, round(longer_side / 400)), max(11, round(longer_side / 40))
    for quad, label in zip(np.asarray(corners, float).reshape(-1, 4, 2), labels):
        points = [tuple(point) for point in quad]
        draw.line([*points, points[0]], fill=_TEXT_COLOUR, width=line_width + 2, joint="curve")
        draw.line([*points, points[0]], fill=_MARK_COLOUR, width=line_width, joint="curve")
        _draw_label(draw, image.size, quad, str(label), font_size)
    return np.asarray(image)


def _draw_label(draw: ImageDraw.ImageDraw, canvas: tuple[int, int], quad: np.ndarray, label: str, size: int) -> None:
    """Draw a label on a filled rectangle inside the (width, height) canvas; each character in the font that has it."""
    parts = [(c, packaged_font("Medium", chinese=not c.isascii(), size=size)) for c in label]
    width = sum(font.getlength(c) for c, font in parts)
    pad = max(2, size // 6)
    x = min(max(0.0, quad[:, 0].min()), max(0.0, canvas[0] - width - 2 * pad))
    y = quad[:, 1].min() - size - 3 * pad
    y = y if y >= 0 else min(quad[:, 1].max() + pad, canvas[1] - size - 2 * pad)
    draw.rectangle((x, y, x + width + 2 * pad, y + size + 2 * pad), fill=_MARK_COLOUR)
    x += pad
    for c, font in parts:
        draw.text((x, y + pad + size), c, font=font, fill=_TEXT_COLOUR, anchor="ld")
        x += font.getlength(c)


def side_by_side(results, size: tuple[int, int] = (96, 288), columns: int = 2) -> np.ndarray:
    """Sheet of `PlateResult`s: each crop, resized to `size`, beside its super-resolved plate. uint8 RGB."""
    gap = 8
    pairs = [np.hstack([resize(r.crop, size), resize(r.super_resolved, size)]) for r in results]
    rows = -(-len(pairs) // columns)
    height, width = pairs[0].shape[:2]
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, 3), 255, np.uint8)
    for k, pair in enumerate(pairs):
        y, x = gap + (k // columns) * (height + gap), gap + (k % columns) * (width + gap)
        sheet[y : y + height, x : x + width] = pair
    return sheet


def prepare(dots_per_inch: int = 80) -> None:
    """Set up matplotlib in a notebook: small JPEG figures, and fonts that have every character of a plate."""
    import matplotlib.font_manager as fonts
    import matplotlib.pyplot as plt
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    fonts.fontManager.addfont(packaged_font("Regular", chinese=True).path)
    plt.rcParams["figure.dpi"] = dots_per_inch
    plt.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans SC"]
    set_matplotlib_formats("jpeg", pil_kwargs={"quality": 82})


def show(pictures, titles=None, columns: int = 4, colours=None, size=(64, 192), width: float = 2.1) -> None:
    """Show a grid of images in a notebook, grey or RGB, each resized to `size`.

    Args:
        pictures: images of any sizes, values 0-255.
        titles, colours: a title and its colour for each image.
        size: (height, width) in pixels.
        width: of an image, in inches.
    """
    import matplotlib.pyplot as plt

    pictures = [np.clip(picture, 0, 255).astype(np.uint8) for picture in pictures]
    rows = -(-len(pictures) // columns)
    height = width * size[0] / size[1] + (0.25 if titles is not None else 0.05)
    figure, axes = plt.subplots(rows, columns, figsize=(width * columns, height * rows), layout="constrained")
    for axis in np.ravel(axes):
        axis.axis("off")
    for k, (axis, picture) in enumerate(zip(np.ravel(axes), pictures)):
        axis.imshow(resize(picture, size), cmap="gray", vmin=0, vmax=255)
        if titles is not None:
            axis.set_title(titles[k], fontsize=8, color="black" if colours is None else colours[k])
    plt.show()
