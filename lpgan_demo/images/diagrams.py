"""Diagrams of networks for the notebooks: boxes in columns, arrows from left to right."""

from __future__ import annotations

KINDS = {"data": "#e8eef7", "layer": "#fdf3d8", "loss": "#f9dfdc", "plain": "#ffffff"}
"""Fill colour of each kind of box."""


def diagram(boxes: dict[str, tuple], arrows: list[tuple], width: float = 10.0, row_height: float = 0.85) -> None:
    """Show boxes joined by arrows in a notebook.

    Args:
        boxes: {name: (column, row, text)} or {name: (column, row, text, kind)}; columns and rows count from 0 at the
            upper left and need not be whole; kind is one of `KINDS`, "layer" unless said otherwise.
        arrows: (from name, to name) or (from name, to name, text at the arrow).
        width: of the picture, in inches.
        row_height: in inches.

    Raises:
        ValueError: an arrow names a box that is not there, or a kind is unknown.
    """
    for start, end, *_ in arrows:
        for name in (start, end):
            if name not in boxes:
                raise ValueError(f"there is no box {name!r}; there are {', '.join(boxes)}")
    for name, (_, _, _, *kind) in boxes.items():
        if kind and kind[0] not in KINDS:
            raise ValueError(f"box {name!r}: kind must be one of {', '.join(KINDS)}, not {kind[0]!r}")
    import matplotlib.pyplot as plt

    columns, rows = (1 + max(box[axis] for box in boxes.values()) for axis in (0, 1))
    figure, axis = plt.subplots(figsize=(width, row_height * rows), layout="constrained")
    axis.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    axis.axis("off")
    size = max(7.0, min(10.0, 6.2 * width / columns))  # of the letters
    drawn = {}
    for name, (column, row, text, *kind) in boxes.items():
        fill = KINDS[kind[0] if kind else "layer"]
        box = {"boxstyle": "round,pad=0.4", "facecolor": fill, "edgecolor": "#333333"}
        drawn[name] = axis.text(column, row, text, ha="center", va="center", fontsize=size, bbox=box, zorder=3)
    for start, end, *label in arrows:
        (x0, y0), (x1, y1) = boxes[start][:2], boxes[end][:2]
        style = {"arrowstyle": "-|>", "color": "#333333", "shrinkA": 2, "shrinkB": 2}
        patches = {"patchA": drawn[start].get_bbox_patch(), "patchB": drawn[end].get_bbox_patch()}
        axis.annotate("", (x1, y1), (x0, y0), arrowprops=style | patches)
        if label:
            axis.text(
                (x0 + x1) / 2,
                (y0 + y1) / 2,
                label[0],
                ha="center",
                va="center",
                fontsize=size - 1,
                backgroundcolor="#ffffff",
            )
    plt.show()
