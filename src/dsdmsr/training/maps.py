"""The maps that a recipe names."""

from __future__ import annotations

from pathlib import Path

from dsdmsr.data.batches import WHOLE, Part
from dsdmsr.data.crops import CropSource, Folder, Mixture, Pyramid, Synthetic, has_maps
from dsdmsr.data.prepare.folder import folder_of_files
from dsdmsr.data.prepare.splits import Split, Splitting
from dsdmsr.data.scenes import SceneConfig
from dsdmsr.data.shards import Shards
from dsdmsr.training.config import Maps, Recipe

__all__ = ["crop_source", "validation_source"]


def crop_source(recipe: Recipe, part: Part = WHOLE) -> CropSource:
    """Return what a recipe's crops come from.

    Args:
        recipe: The recipe.
        part: Which of the processes that train together this is: maps that stream are shared out
            between them.

    Raises:
        DataError: If a folder is not what the recipe says.
    """
    return _mixture(recipe.maps, recipe.scenes, "train", part)


def validation_source(recipe: Recipe) -> CropSource:
    """Return what the crops come from that a recipe's network is validated on.

    These are the validation splits of the prepared folders that it learns from; where there is
    none, scenes that are the same for every recipe.

    Raises:
        DataError: If a folder is not what the recipe says.
    """
    held_apart = tuple(
        maps
        for maps in recipe.maps
        if maps.source in ("shards", "pyramid") and has_maps(Path(maps.folder or ""), "valid")
    )
    return _mixture(held_apart or (Maps(),), SceneConfig(ray_cast=0.5), "valid")


def _mixture(
    chosen: tuple[Maps, ...], scenes: SceneConfig, split: Split, part: Part = WHOLE
) -> CropSource:
    sources = [_source(maps, scenes, split, part) for maps in chosen]
    if len(sources) == 1:
        return sources[0]
    return Mixture(sources, [maps.share for maps in chosen])


def _source(maps: Maps, scenes: SceneConfig, split: Split, part: Part) -> CropSource:
    if maps.folder is None:
        return Synthetic(scenes)
    folder = Path(maps.folder)
    if maps.source == "shards":
        return Shards(folder, split, part)
    if maps.source == "pyramid":
        return Pyramid(folder, split)
    return Folder(folder_of_files(folder, maps.encoding, Splitting(rest=split)), split)
