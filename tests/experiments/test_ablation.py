from __future__ import annotations

import dataclasses

from dsdmsr.training.recipe_files import recipe_to_dict
from experiments import ablation


def test_every_variant_changes_the_reference_in_what_it_says_and_nothing_else():
    base = ablation.reference(10)
    names = [name for variants in ablation.VARIANTS.values() for name in variants]
    assert len(set(names)) == len(names)
    for variants in ablation.VARIANTS.values():
        for changes in variants.values():
            recipe = ablation.changed(base, changes)
            for key, value in changes.items():
                assert _at(recipe, key) == value
            back = {key: _at(base, key) for key in changes}
            assert ablation.changed(recipe, back) == base


def _at(recipe: object, key: str) -> object:
    for part in key.split("."):
        recipe = getattr(recipe, part)
    return recipe


def test_rows_are_kept_under_the_same_reference_only():
    base = ablation.reference(10)
    rows = {name: {"name": name} for name in ("L1", "reference")}
    results = {"reference": recipe_to_dict(base), "rows": ablation.in_order(rows)}
    assert list(ablation.kept_rows(results, base)) == ["reference", "L1"]
    assert ablation.kept_rows(results, ablation.reference(11)) == {}


def test_a_run_gets_as_many_steps_as_take_the_references_time(monkeypatch):
    base = ablation.reference(10)
    monkeypatch.setattr(ablation, "step_seconds", lambda recipes: [0.5, 0.2])
    assert ablation.in_equal_time(base, {"model.carried": 0}).steps == 4
    assert ablation.in_equal_time(base, {"loss": "l1"}).steps == 10


def test_steps_are_timed():
    base = ablation.reference(10)
    crops = tuple(dataclasses.replace(mix, crop=32) for mix in base.crops)
    small = ablation.changed(base, {"crops": crops, "model.width": (8,), "model.depth": (1,)})
    assert all(seconds > 0 for seconds in ablation.step_seconds([small, small], rounds=1))
