"""The maps that a recipe names."""

from __future__ import annotations

from pathlib import Path

from dsdmsr.data.crops import CropSource, Folder, Mixture, Pyramid, Synthetic
from dsdmsr.data.prepare.folder import folder_of_files
from dsdmsr.data.prepare.splits import Splitting
from dsdmsr.data.shards import Shards
from dsdmsr.training.config import Maps, Recipe

__all__ = ["crop_source"]


def crop_source(recipe: Recipe) -> CropSource:
    """Return what a recipe's crops come from.

    Raises:
        DataError: If a folder is not what the recipe says.
    """
    sources = [_source(recipe, maps) for maps in recipe.maps]
    if len(sources) == 1:
        return sources[0]
    return Mixture(sources, [maps.share for maps in recipe.maps])


def _source(recipe: Recipe, maps: Maps) -> CropSource:
    if maps.folder is None:
        return Synthetic(recipe.scenes)
    folder = Path(maps.folder)
    if maps.source == "shards":
        return Shards(folder)
    if maps.source == "pyramid":
        return Pyramid(folder)
    return Folder(folder_of_files(folder, maps.encoding, Splitting(rest="train")))
