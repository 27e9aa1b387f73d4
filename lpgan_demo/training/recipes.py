"""Every recipe by its kind: the word after `train`, kept in a run's recipe.json."""

from __future__ import annotations

from importlib import import_module

MODULES = {
    "mtgan": ("mtgan_recipes", "MTGANRecipe", "train_mtgan"),
    "srcnn": ("mtgan_recipes", "SRCNNRecipe", "train_mtgan"),
    "srgan": ("mtgan_recipes", "SRGANRecipe", "train_mtgan"),
    "dp-gan": ("mtgan_recipes", "DPGANRecipe", "train_mtgan"),
    "gn": ("mtgan_recipes", "GNRecipe", "train_mtgan"),
    "deblur": ("deblur", "DeblurRecipe", "train_deblur"),
    "detector": ("detector", "DetectorRecipe", "train_detector"),
    "judge": ("readers", "PictureReaderRecipe", "train_picture_reader"),
    "classical": ("readers", "ClassicalReaderRecipe", "train_classical_reader"),
}
"""Kind -> (module beside this one, its recipe dataclass, its function that runs it); imported when needed."""


def recipe_class(kind: str) -> type:
    """The recipe dataclass of a kind. Raises ValueError for an unknown one."""
    if kind not in MODULES:
        raise ValueError(f"unknown kind of recipe {kind!r}; known: {', '.join(MODULES)}")
    module, name, _ = MODULES[kind]
    return getattr(import_module(f".{module}", __package__), name)


def train(recipe) -> dict:
    """Run a recipe of any kind; returns the last validation's values."""
    module, _, name = MODULES[recipe.kind]
    return getattr(import_module(f".{module}", __package__), name)(recipe)


def exported_networks(recipe, state: dict) -> dict:
    """The networks that a run's checkpoint publishes.

    Args:
        recipe: of the run; its kind is one that keeps checkpoints (not "judge" or "classical").
        state: the checkpoint.

    Returns:
        {folder of weights: (network, whether it is written in 16 bits)}.
    """
    module, _, _ = MODULES[recipe.kind]
    return import_module(f".{module}", __package__).exported_networks(recipe, state)
