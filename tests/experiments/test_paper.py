from __future__ import annotations

import dataclasses

from dsdmsr.training.recipe_files import load_recipe
from experiments import paper


def test_bounded_recipes_differ_in_batch_precision_and_validation_alone(tmp_path):
    for name in paper.RECIPES:
        whole = load_recipe(name)
        cut = load_recipe(str(paper.bounded(name, 2, tmp_path)))
        assert {mix.batch for mix in cut.crops} == {2}
        again = dataclasses.replace(
            cut, crops=whole.crops, precision=whole.precision, validate_every=whole.validate_every
        )
        assert again == whole
