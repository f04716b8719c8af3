from __future__ import annotations

import dataclasses

import pytest
import torch

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.nn.units import Unit

SHARED = ModelConfig(
    scale=4,
    unit="residual",
    sharing="shared",
    width=(8,),
    depth=(2,),
    carried=8,
    fusion="none",
    bias=False,
)


def network(config: ModelConfig) -> DSDMSR:
    torch.manual_seed(0)
    model = DSDMSR(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def test_as_many_inner_channels_as_a_stage_is_wide_is_the_plain_form():
    plain = network(SHARED)
    same = network(dataclasses.replace(SHARED, hidden=((8, 8), (8, 8))))
    assert plain.state_dict().keys() == same.state_dict().keys()
    depth = torch.rand(1, 1, 5, 6)
    assert torch.equal(plain(depth).fused, same(depth).fused)


@pytest.mark.parametrize("copies", [1, 4])
def test_blocks_have_the_inner_channels_given(copies):
    unit = Unit(
        "residual",
        in_channels=1,
        width=8,
        depth=2,
        copies=copies,
        outputs=1,
        bias=True,
        dilations=(3,),
        hidden=(2, 12, 5),
    )
    shapes = [(b.conv1.out_channels, b.conv2.in_channels) for b in unit.features[1:]]
    assert shapes == [(copies * n, copies * n) for n in (2, 12, 5)]
    assert [block.conv1.dilation for block in unit.features[1:]] == [(1, 1), (1, 1), (3, 3)]
    assert unit(torch.rand(1, 1, 4, 3)).shape == (1, 8 * copies, 4, 3)


@pytest.mark.parametrize("differences", [False, True])
def test_features_are_added_to_what_the_first_layer_gives_for_the_map(differences):
    config = dataclasses.replace(SHARED, carried_into="features", differences=differences)
    model = network(config)
    stage = model.stages[1]
    first, *blocks = stage.unit.features
    assert first.in_channels == 1
    depth, carried = torch.rand(2, 1, 5, 6), torch.rand(2, 8, 5, 6)
    expected = first(depth) + carried
    for block in blocks:
        expected = block(expected)
    torch.testing.assert_close(stage.unit(depth, carried), expected)
    # The first stage has none.
    torch.testing.assert_close(stage.unit(depth), stage.unit(depth, torch.zeros_like(carried)))


def test_the_layer_of_carried_features_is_saved():
    beside = network(SHARED)
    added = network(dataclasses.replace(SHARED, carried_into="features"))
    sizes = [sum(p.numel() for p in model.parameters()) for model in (beside, added)]
    assert sizes[0] - sizes[1] == 8 * 8 * 9
