"""The networks, one paper a file. Names are loaded when they are asked for: torchvision takes a second."""

from importlib import import_module

_HOMES = {
    "load_weights": "registry",
    "save_weights": "base",
    "SRGenerator": "mtgan",
    "SRGeneratorConfig": "mtgan",
    "MultiTaskDiscriminator": "mtgan",
    "DiscriminatorConfig": "mtgan",
    "SRCNN": "baselines",
    "SRResNet": "baselines",
    "DeblurGenerator": "deblur_gan",
    "PatchDiscriminator": "deblur_gan",
    "GuidedDeblurGenerator": "guided_deblur",
    "PlateFasterRCNN": "detector",
    "CharacterClassifier": "character_classifier",
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
