"""LPGAN Demo: super-resolve and read number plates that nobody can read.

>>> from lpgan_demo import PlatePipeline
>>> pipeline = PlatePipeline.from_pretrained()
>>> [(plate.text, plate.confidence) for plate in pipeline("crop.png")]  # doctest: +SKIP
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "PlatePipeline": "inference.pipeline",
    "PlateResult": "results",
    "CharacterReading": "results",
    "PlateImageError": "results",
    "WeightsError": "results",
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    """Load a public name on first use, so that `import lpgan_demo` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
