from __future__ import annotations

import dataclasses

import pytest

from dsdmsr.data.batches import CropMix
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.training.cost import explain
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe, packaged_recipes


def test_the_operations_of_a_small_network_are_those_counted_by_hand():
    model = ModelConfig(
        scale=2, unit="vdsr", sharing="shared", width=(8,), depth=(3,), fusion="none", bias=False
    )
    recipe = Recipe(model=model, crops=(CropMix(scale=2, crop=32, batch=5),), steps=1)
    cost = explain(recipe)
    # Layers 1→8, 8→8 and the head 8→4, all 3×3, on five maps of 16×16.
    assert cost.mixes[0].macs == 9 * (8 + 64 + 32) * 5 * 16 * 16
    assert cost.parameters == 9 * (8 + 64 + 32)
    assert cost.macs_per_step == 3 * cost.mixes[0].macs
    # What the backward pass needs: the input of each convolution, and where each ReLU was open.
    kept = 4 * 5 * 16 * 16 * (1 + 8 + 8)
    assert kept <= cost.mixes[0].activations <= 3 * kept
    assert cost.memory == cost.state + cost.mixes[0].activations


@pytest.mark.parametrize("name", packaged_recipes())
def test_every_packaged_recipe_is_explained(name):
    cost = explain(load_recipe(name))
    assert cost.macs_per_step > 1e8
    assert cost.memory > cost.state > 4 * cost.parameters


def test_shares_weigh_the_mean():
    recipe = load_recipe("base")
    cost = explain(recipe)
    assert cost.parameters == sum(p.numel() for p in DSDMSR(recipe.model).parameters())
    assert sum(mix.share for mix in cost.mixes) == pytest.approx(1)
    twice = tuple(dataclasses.replace(mix, batch=2 * mix.batch) for mix in recipe.crops)
    doubled = explain(dataclasses.replace(recipe, crops=twice))
    assert doubled.macs_per_step == pytest.approx(2 * cost.macs_per_step)
    assert doubled.mixes[0].activations == pytest.approx(2 * cost.mixes[0].activations, rel=0.01)
