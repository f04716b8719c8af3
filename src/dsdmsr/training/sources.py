"""Sources of a recipe's high-resolution maps, for training and for validation."""

from __future__ import annotations

from pathlib import Path

from dsdmsr.data.batches import WHOLE, Part
from dsdmsr.data.crops import CropSource, Folder, Mixture, Pyramid, Synthetic, has_maps, read_index
from dsdmsr.data.prepared.pyramid import centre_window
from dsdmsr.data.prepared.shards import Shards
from dsdmsr.data.prepared.splits import Split, Splitting
from dsdmsr.data.scenes.render import SceneConfig
from dsdmsr.data.sources.folder import folder_of_files
from dsdmsr.training.recipe import Maps, Recipe

__all__ = ["crop_source", "described", "validation_crop", "validation_source"]

_VALIDATION_CROPS = {2: 256, 4: 256, 8: 384, 16: 512}
"""Scale → side of the validation crops in pixels, where maps are large enough."""


def crop_source(recipe: Recipe, share: Part = WHOLE) -> CropSource:
    """Return the source of a recipe's training crops.

    Args:
        recipe: The recipe.
        share: This process's share of each batch: maps that stream are divided between processes.

    Raises:
        DataError: If a folder is not what the recipe says.
    """
    return _mixture(recipe.maps, recipe.scenes, "train", share)


def validation_source(recipe: Recipe) -> CropSource:
    """Return the source of the crops that a recipe's network is validated on.

    It is the validation splits of the prepared folders that the network is trained on; where there
    is none, scenes that are the same for every recipe.

    Raises:
        DataError: If a folder is not what the recipe says.
    """
    return _mixture(_held_out(recipe), SceneConfig(ray_cast=0.5), "valid")


def validation_crop(recipe: Recipe, scale: int) -> int:
    """Return the side of the validation crops at a scale, in pixels.

    Raises:
        DataError: If a folder is not what the recipe says.
    """
    sides = [
        max(_side(maps, row) for row in read_index(Path(maps.folder), "valid"))
        for maps in _held_out(recipe)
        if maps.folder is not None
    ]
    return min([_VALIDATION_CROPS[scale], *(max(scale, side // scale * scale) for side in sides)])


def _side(maps: Maps, row: dict[str, str]) -> int:
    """Return the shorter side of a map in an index, of a pyramid that of its largest level."""
    shape = int(row["height"]), int(row["width"])
    return min(centre_window(shape)[2:] if maps.source == "pyramid" else shape)


def _held_out(recipe: Recipe) -> tuple[Maps, ...]:
    """Return the prepared folders that have a validation split, or else scenes."""
    prepared = tuple(
        maps
        for maps in recipe.maps
        if maps.source in ("shards", "pyramid") and has_maps(Path(maps.folder or ""), "valid")
    )
    return prepared or (Maps(),)


def described(recipe: Recipe) -> list[str]:
    """Return a line for each source of maps, and one about what is held out.

    Raises:
        DataError: If a folder is not what the recipe says.
    """
    total = sum(maps.share for maps in recipe.maps)
    lines = [
        f"{_counted(maps, 'train')}, {maps.share / total:.0%} of the crops" for maps in recipe.maps
    ]
    held_out = "; ".join(_counted(maps, "valid") for maps in _held_out(recipe))
    return [*lines, f"validated on {recipe.validation_maps} crops per scale: {held_out}"]


def _counted(maps: Maps, split: Split) -> str:
    """Return a source of maps and its number of maps in words."""
    if maps.folder is None:
        return "rendered scenes, one after another"
    if maps.source == "folder":
        count = len(folder_of_files(Path(maps.folder), maps.encoding, Splitting(rest=split)).frames)
        return f"{count} files in {maps.folder}"
    count = sum(1 for _ in read_index(Path(maps.folder), split))
    return f"{count} maps of the {split} split of {maps.folder} ({maps.source})"


def _mixture(
    chosen: tuple[Maps, ...], scenes: SceneConfig, split: Split, share: Part = WHOLE
) -> CropSource:
    sources = [_source(maps, scenes, split, share) for maps in chosen]
    if len(sources) == 1:
        return sources[0]
    return Mixture(sources, [maps.share for maps in chosen])


def _source(maps: Maps, scenes: SceneConfig, split: Split, share: Part) -> CropSource:
    if maps.folder is None:
        return Synthetic(scenes)
    folder = Path(maps.folder)
    if maps.source == "shards":
        return Shards(folder, split, share)
    if maps.source == "pyramid":
        return Pyramid(folder, split)
    return Folder(folder_of_files(folder, maps.encoding, Splitting(rest=split)), split)
