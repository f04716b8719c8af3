from __future__ import annotations

import dataclasses

import pytest
import yaml

from dsdmsr.errors import ConfigError
from dsdmsr.training.options import packaged_recipes
from dsdmsr.training.recipe import Maps, Recipe
from dsdmsr.training.recipe_files import (
    load_recipe,
    recipe_from_dict,
    recipe_to_dict,
)


@pytest.mark.parametrize("name", sorted(packaged_recipes()))
def test_packaged_recipes_load_and_survive_yaml(name):
    recipe = load_recipe(name)
    assert recipe_from_dict(yaml.safe_load(yaml.safe_dump(recipe_to_dict(recipe)))) == recipe


def test_rates_may_be_written_without_a_point():
    for text in ("1e-4", "1.0e-4", "1e-04", "0.0001"):
        given = yaml.safe_load(f"{{steps: 5, learning_rate: {text}}}")
        assert recipe_from_dict(given).learning_rate == 1e-4


def test_the_base_recipe_serves_every_factor():
    recipe = load_recipe("base")
    assert {mix.scale for mix in recipe.crops} == {2, 4, 8, 16}
    assert recipe.minutes is not None
    assert recipe.minutes <= 150


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"steps": 5, "colour": 1}, "recipe has an unknown key 'colour': allowed are"),
        ({"steps": 5, "model": {"unti": "srcnn"}}, "recipe.model has an unknown key 'unti'"),
        ({"steps": 5, "model": 3}, "recipe.model is 3"),
        ({"steps": "five"}, "recipe.steps is 'five': give a value of type int"),
        ({"steps": True}, "give a value of type int"),
        ({"steps": 5, "loss": "l2"}, "allowed are l1, mse, charbonnier, l1_mse, rmse"),
        (
            {"steps": 5, "degradations": [{"degradation": "blur"}]},
            "allowed are bicubic, area, interval",
        ),
        ({"steps": 5, "degradations": [{"share": 0}]}, "share is 0.0: give a positive"),
        ({"steps": 5, "degradations": []}, "degradations is empty"),
        ({"steps": 5, "precision": "fp8"}, "allowed are fp32, bf16, auto"),
        ({"steps": 5, "crops": []}, "crops is empty"),
        ({"steps": 5, "crops": [{"scale": 2}]}, "missing 2 required"),
        ({"steps": 5, "crops": [{"scale": 16, "crop": 64, "batch": 1}]}, "the model ends at 8"),
        ({"steps": 5, "scenes": {"cutouts": {"objects": [1, 2, 3]}}}, "give 2 values"),
        ({"steps": 5, "scenes": {"raycast": 1}}, "recipe.scenes has an unknown key 'raycast'"),
        ({"steps": 5, "optimizer": "lion"}, "allowed are adamw, adam, sgd, muon"),
        ({"steps": 5, "model": {"width": 8}}, "give a list"),
        ({"steps": 5, "minutes": 1.0}, "one of them"),
        ({}, "one of them"),
        ({"steps": -1}, "positive"),
        ({"steps": 5, "ema": 1.0}, "between 0 and 1"),
        ({"steps": 5, "learning_rate": 0}, "positive number"),
        ({"steps": 5, "stage_weights": [-1]}, "0 or more"),
        ({"steps": 5, "stage_weights": [1, 2]}, r"give one number, 0 or more, or 3 of them"),
        ({"steps": 5, "surface_weight": -1}, "give 0 or more"),
        ({"steps": 5, "schedule": "linear"}, "allowed are cosine, steps"),
        ({"steps": 5, "drops": -1}, "give 0 or more"),
        ({"steps": 5, "clip_by": "sign"}, "allowed are norm, value"),
        ([1], "give lines of 'key: value'"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(values, says):
    with pytest.raises(ConfigError, match=says) as caught:
        recipe_from_dict(values)
    assert len(str(caught.value).splitlines()) == 1


def test_unknown_and_damaged_recipes_are_refused(tmp_path):
    known = (
        "base, base-bicubic, base-errors, base-on, fast, fast-on, robust, robust-any, "
        "robust-bicubic, robust-on, smoke"
    )
    with pytest.raises(ConfigError, match=f"give a YAML file, or one of {known}"):
        load_recipe("bse")
    path = tmp_path / "a.yaml"
    for text in ("a: [", "\x00", "- 1", ""):
        path.write_text(text)
        with pytest.raises(ConfigError):
            load_recipe(str(path))


@pytest.mark.parametrize(
    "text",
    [
        # What YAML can say beyond plain values, and what is without end when it is written out.
        "a0: &a0 [x, x]\n" + "".join(f"a{k + 1}: &a{k + 1} [*a{k}, *a{k}]\n" for k in range(40)),
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{k + 1}: &a{k + 1} {{<<: [*a{k}, *a{k}]}}\n" for k in range(40)),
        "steps: &a [*a]\n",
        "steps: !!python/object/apply:print [hello]\n",
        "steps: !steps 5\n",
        "seed: -0x" + "f" * 9000,
        "steps: " + "9" * 9000,
        "steps: '" + "x" * 900_000 + "'",
        "? [a, b]\n: 5\n",
        "[" * 5000,
        "x" * 2_000_000,
    ],
)
def test_a_recipe_of_odd_yaml_is_refused_in_one_short_line(tmp_path, text):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_recipe(str(path))
    assert len(str(error.value)) < 1000
    assert len(str(error.value).splitlines()) == 1


def test_a_length_given_replaces_the_recipes():
    recipe = Recipe(minutes=5.0)
    assert recipe.lasting() == recipe
    longer = recipe.lasting(steps=7)
    assert (longer.steps, longer.minutes) == (7, None)


@pytest.mark.parametrize("name", [n for n in packaged_recipes() if n.endswith("legacy")])
def test_a_legacy_recipe_differs_in_its_fusion_what_its_units_add_and_its_bound_alone(name):
    legacy, paper = load_recipe(name), load_recipe(name.removesuffix("-legacy"))
    assert (legacy.model.fusion, paper.model.fusion) == ("legacy", "mean")
    assert legacy.model.skip == "nearest"
    model = dataclasses.replace(legacy.model, fusion="mean", skip=paper.model.skip)
    assert dataclasses.replace(legacy, model=model, clip=paper.clip) == paper


def test_the_papers_recipes_are_the_papers_networks():
    for name in ("srcnn-x8", "vdsr-x8", "srcnn-x16", "vdsr-x16"):
        recipe = load_recipe(name)
        unit, _, scale = name.partition("-x")
        model = recipe.model
        assert (model.unit, model.scale, model.sharing) == (unit, int(scale), "independent")
        assert (model.carried, model.two_heads, model.candidates, model.bias) == (0, False, 0, True)
        # 0.1, 0.2, 0.3 and, for the answer, 0.4; further stages go on by as much.
        ratios = [0.1 * (k + 1) / 0.4 for k in range(model.stages)]
        assert recipe.stage_weights == pytest.approx(ratios)


def test_in_brief_a_recipe_keeps_its_network_and_its_road():
    for name in packaged_recipes():
        recipe = load_recipe(name)
        brief = recipe.in_brief()
        assert brief.model == recipe.model
        assert [mix.scale for mix in brief.crops] == [mix.scale for mix in recipe.crops]
        assert (brief.steps, brief.minutes) == (20, None)


def test_a_recipe_learns_from_a_folder_that_was_prepared(tmp_path):
    with pytest.raises(ConfigError, match="is not a folder written by dsdmsr prepare: No such"):
        load_recipe("smoke").learning_from(tmp_path)
    for column, source in (("shard_path", "shards"), ("image_80x64_path", "pyramid")):
        (tmp_path / "train.csv").write_text(f"key,scene,{column}\n")
        maps = load_recipe("smoke").learning_from(tmp_path).maps
        assert maps == (Maps(source=source, folder=str(tmp_path)),)
