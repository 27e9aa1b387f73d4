"""Pictures side by side, for the tutorials: small files, and titles that may hold Chinese characters."""

from __future__ import annotations

import numpy as np

from .glyphs import packaged_font
from .images import resize


def prepare(dots_per_inch: int = 80) -> None:
    """Let notebooks keep small JPEGs of their figures, drawn with fonts that have all characters of a plate."""
    import matplotlib.font_manager as fonts
    import matplotlib.pyplot as plt
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    fonts.fontManager.addfont(packaged_font("Regular", chinese=True).path)
    plt.rcParams["figure.dpi"] = dots_per_inch
    plt.rcParams["font.family"] = ["DejaVu Sans", "Noto Sans SC"]
    set_matplotlib_formats("jpeg", pil_kwargs={"quality": 82})


def show(pictures, titles=None, columns: int = 4, colours=None, size=(64, 192), width: float = 2.1) -> None:
    """A grid of pictures, grey or RGB of any sizes, each shown at `size` (height, width) pixels' shape.

    titles, colours: of each picture, or None. width: of a picture, inches.
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
