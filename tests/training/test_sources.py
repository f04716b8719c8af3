from __future__ import annotations

import dataclasses

import pytest

from dsdmsr import DepthMap
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.data.sources.folder import folder_of_files
from dsdmsr.errors import DataError
from dsdmsr.io import write_depth
from dsdmsr.training.recipe import Maps
from dsdmsr.training.recipe_files import load_recipe
from dsdmsr.training.sources import described, validation_crop, validation_source


@pytest.fixture
def files(tmp_path, rng):
    for k in range(10):
        (tmp_path / "files" / f"room{k}").mkdir(parents=True)
        for name in ("a.npy", "b.npy"):
            path = tmp_path / "files" / f"room{k}" / name
            write_depth(path, DepthMap(rng.uniform(1, 2, (20, 24))))
    return tmp_path / "files"


def test_a_recipe_says_where_its_maps_come_from(tmp_path, files):
    scenes = load_recipe("smoke")
    assert described(scenes) == [
        "rendered scenes, one after another, 100% of the crops",
        "validated on 6 crops per scale: rendered scenes, one after another",
    ]
    prepared = tmp_path / "prepared"
    forms = Forms(pyramid=False, shards=True)
    prepare(folder_of_files(files, None, Splitting()), prepared, forms, workers=0)
    indices = [(prepared / f"{split}.csv").read_text() for split in ("train", "valid")]
    counts = [len(index.splitlines()) - 1 for index in indices]
    assert min(counts) > 0
    mixed = (
        Maps(),
        Maps(source="shards", folder=str(prepared), share=2),
        Maps(source="folder", folder=str(files)),
    )
    assert described(dataclasses.replace(scenes, maps=mixed, validation_maps=3)) == [
        "rendered scenes, one after another, 25% of the crops",
        f"{counts[0]} maps of the train split of {prepared} (shards), 50% of the crops",
        f"20 files in {files}, 25% of the crops",
        f"validated on 3 crops per scale: {counts[1]} maps of the valid split of {prepared} "
        "(shards)",
    ]
    with pytest.raises(DataError, match="missing: give a folder that dsdmsr prepare has made"):
        described(dataclasses.replace(scenes, maps=(Maps(source="shards", folder=str(files)),)))


@pytest.mark.parametrize(("form", "side"), [("shards", 70), ("pyramid", 64)])
def test_validation_looks_at_no_more_than_maps_have(tmp_path, rng, form, side):
    recipe = load_recipe("base")
    assert [validation_crop(recipe, scale) for scale in (2, 4, 8, 16)] == [256, 256, 384, 512]
    for k in range(10):
        (tmp_path / "files" / f"room{k}").mkdir(parents=True)
        depth = DepthMap(rng.uniform(1, 2, (70, 90)))
        write_depth(tmp_path / "files" / f"room{k}" / "a.npy", depth)
    made = tmp_path / "made"
    forms = Forms(pyramid=form == "pyramid", shards=form == "shards")
    prepare(folder_of_files(tmp_path / "files", None, Splitting()), made, forms, workers=0)
    recipe = recipe.learning_from(made)
    assert recipe.maps == (Maps(source=form, folder=str(made)),)
    for scale in (2, 4, 8, 16):
        size = validation_crop(recipe, scale)
        assert size == side // scale * scale
        assert validation_source(recipe).crops(1, [0, 1], size).hr_depth.shape[-2:] == (size, size)
