from __future__ import annotations

from typing import Any

import pytest

from dsdmsr.errors import ConfigError
from dsdmsr.nn import ModelConfig

BLOCKS: dict[str, Any] = {"scale": 4, "unit": "residual", "width": (16, 8), "depth": (2, 1)}
SYMMETRIC: dict[str, Any] = {"sharing": "shared", "fusion": "none", "symmetric": True}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"unit": "gated", "hidden": ((8, 8), (8,))}, "hidden goes with unit: residual"),
        ({"hidden": ((8, 8),)}, r"\[\[8, 8\]\]: give a list for each of 2 stages, of 2, 1 numbers"),
        ({"hidden": ((8,), (8,))}, "of 2, 1 numbers"),
        ({"hidden": ((8, 8), (8,)), "dilations": (2, 4)}, "of 4, 1 numbers"),
        ({"hidden": ((8, 0), (8,))}, "a number below 1: give 1 or more each"),
        (
            {**SYMMETRIC, "hidden": ((8, 12), (8,))},
            r"hidden \[8, 12, 8\] .*: a symmetric network's are multiples of 8",
        ),
    ],
)
def test_inner_channels_are_given_for_every_block(values, says):
    with pytest.raises(ConfigError, match=says):
        ModelConfig(**{**BLOCKS, **values})


def test_inner_channels_are_as_given_or_as_many_as_a_stage_is_wide():
    given = ModelConfig(**BLOCKS, hidden=((8, 3, 5), (4,)), dilations=(2,))
    assert [given.hidden_of(k) for k in (0, 1)] == [(8, 3, 5), (4,)]
    plain = ModelConfig(**BLOCKS, dilations=(2,))
    assert [plain.hidden_of(k) for k in (0, 1)] == [(16, 16, 16), (8,)]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"carried_into": "output"}, "carried_into is 'output': allowed are input, features"),
        ({"carried": 16}, r"carried is 16 and width \[16, 8\]: carried_into: features goes with"),
        ({"carried": 0}, "as many carried channels as the later stages are wide"),
        ({"carried": 8, "scale": 8, "width": (8, 8, 4), "depth": (1,)}, "later stages are wide"),
        ({"carried": 8, "sharing": "independent"}, "features goes with sharing: shared"),
    ],
)
def test_features_are_added_to_as_many(values, says):
    given = {**BLOCKS, "sharing": "shared", "carried_into": "features", **values}
    with pytest.raises(ConfigError, match=says):
        ModelConfig(**given)


def test_a_single_stage_has_nothing_to_add_to():
    shape = {"scale": 2, "unit": "residual", "sharing": "shared", "width": (16,)}
    assert ModelConfig(**shape, carried_into="features").stages == 1
