from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
import torch
from testing.prepared_sets import SCENES

from dsdmsr.data.batches import Batches, CropMix
from dsdmsr.data.crops import Pyramid, Synthetic
from dsdmsr.errors import ConfigError, EncodingError
from dsdmsr.training.recipe import Maps, Recipe
from dsdmsr.training.recipe_files import load_recipe, recipe_from_dict, recipe_to_dict
from dsdmsr.training.sources import crop_source, validation_source


def test_a_recipe_names_its_maps(shards, maps, pyramid):
    assert isinstance(crop_source(Recipe(steps=1)), Synthetic)
    recipe = Recipe(
        steps=1,
        crops=(CropMix(scale=2, crop=64, batch=2),),
        maps=(
            Maps(share=2),
            Maps(source="shards", folder=str(shards)),
            Maps(source="pyramid", folder=str(pyramid)),
            Maps(source="folder", folder=str(maps), encoding="disparity"),
        ),
    )
    assert recipe_from_dict(recipe_to_dict(recipe)) == recipe
    source = crop_source(recipe)
    kinds = Counter(source.crops(0, range(100), 16).kinds)
    assert set(kinds) == {"inverse_depth", "disparity", "depth"}
    assert kinds["disparity"] > kinds["depth"]
    assert isinstance(next(iter(Batches(0, recipe.crops, source))).hr_depth, torch.Tensor)


@pytest.mark.parametrize(
    ("maps", "told"),
    [
        ([{"source": "shards"}], "need one"),
        ([{"folder": "x"}], "scenes have none"),
        ([{"source": "shards", "folder": "x", "encoding": "mm"}], "encoding is for a folder"),
        ([{"share": 0}], "give a positive number"),
        ([{"source": "web"}], "allowed are scenes, shards, pyramid, folder"),
        ([], "maps is empty"),
    ],
)
def test_maps_that_cannot_be_are_told(maps, told):
    with pytest.raises(ConfigError, match=told):
        recipe_from_dict({"steps": 1, "maps": maps})


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_validation_is_on_what_the_folders_hold_apart(pyramid, shards, tmp_path):
    plain, folders = Recipe(steps=1), Maps(source="pyramid", folder=str(pyramid))
    assert isinstance(validation_source(plain), Synthetic)
    # All of these scenes train, and so does every scan of the pyramid but 1.
    unsplit = dataclasses.replace(plain, maps=(folders, Maps(source="shards", folder=str(shards))))
    assert isinstance(validation_source(unsplit), Synthetic)
    head, *rows = (pyramid / "train.csv").read_text().splitlines(keepends=True)
    (pyramid / "train.csv").write_text(head + "".join(rows[:-1]))
    (pyramid / "valid.csv").write_text(head + rows[-1])
    source = validation_source(unsplit)
    assert isinstance(source, Pyramid)
    held_apart = source.crops(0, range(8), 64).hr_depth
    assert {int(10 * crop.max()) for crop in held_apart} == {8}


def test_what_is_wrong_with_maps_is_one_line_and_no_run(shards, maps, tmp_path, capsys):
    from dsdmsr.app.cli import main

    (tmp_path / "recipe.yaml").write_text(
        "{steps: 2, workers: 1, crops: [{scale: 2, crop: 32, batch: 2}], "
        "model: {scale: 2, width: [4]}, maps: [{source: shards, folder: nowhere}]}"
    )
    command = ["train", "--recipe", str(tmp_path / "recipe.yaml"), "--run-dir", str(tmp_path / "r")]
    assert main(command) == 2
    assert "nowhere/train.csv is missing" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
    first = min(shards.glob("*.tar"))
    first.write_bytes(b"\xff" * first.stat().st_size)
    assert main([*command, "--maps", str(shards)]) == 2
    error = capsys.readouterr().err
    assert "train-00000.tar is damaged" in error
    assert "Traceback" not in error
    with pytest.raises(EncodingError, match="'bogus' is unknown"):
        Maps(source="folder", folder=str(maps), encoding="bogus")


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_a_network_trains_on_shards_and_its_card_says_so(shards, tmp_path):
    from dsdmsr.training.fit import fit
    from dsdmsr.training.run import package_run

    recipe = dataclasses.replace(
        load_recipe("smoke").lasting(steps=3),
        maps=(Maps(source="shards", folder=str(shards)), Maps()),
        scenes=SCENES,
        workers=2,
    )
    fit(recipe, tmp_path / "run", device="cpu")
    card = (package_run("mine", tmp_path / "run") / "README.md").read_text()
    assert "no real map" not in card
    assert f"`{shards.name}`, and scenes rendered by the package" in card
    assert "bind" in card
