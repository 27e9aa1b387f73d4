"""The known kinds of plates; a new one is one more `PlateLayout` at the end of `_KINDS`, so that the others keep their
places and published weights still fit: in a file of its own, or at the end of Vietnam's `KINDS`, which come last.

Renderer, networks and decoder all read the entry. Each colour is a kind of its own.
"""

from __future__ import annotations

from . import layouts_china, layouts_vietnam
from .layout import PlateLayout
from .layouts_china import ONE_ROW as CHINESE_LAYOUTS
from .layouts_china import TWO_ROW_ASPECT

__all__ = ["CHINESE_LAYOUTS", "LAYOUTS", "TWO_ROW_ASPECT", "UNKNOWN", "get_layout"]

_FIRST = layouts_china.KINDS[:5] + layouts_vietnam.KINDS[:3]  # what the first networks learnt; others came later
_KINDS = _FIRST + layouts_china.KINDS[5:] + layouts_vietnam.KINDS[3:]

LAYOUTS: dict[str, PlateLayout] = {layout.name: layout for layout in _KINDS}
"""{name: layout} of every known kind of plate."""

UNKNOWN = "unknown"
"""Stands in the place of a layout's name where a plate is of none of the known kinds."""


def get_layout(name: str) -> PlateLayout:
    """The layout of that name. Raises ValueError for an unknown one."""
    if name not in LAYOUTS:
        raise ValueError(f"unknown plate layout {name!r}; known: {', '.join(LAYOUTS)}")
    return LAYOUTS[name]
