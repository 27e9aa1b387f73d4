"""From a picture to `PlateResult`s. Names are loaded when they are asked for, so that the import stays light."""

from importlib import import_module

_HOMES = {
    "PlatePipeline": "pipeline",
    "PlateRestorer": "restoration",
    "PlateReader": "restoration",
    "PlateDetector": "detection",
    "PlateDeblurrer": "deblurring",
    "Trust": "trust",
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
