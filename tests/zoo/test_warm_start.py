from __future__ import annotations

import dataclasses

import pytest
import torch

from dsdmsr.errors import ModelError
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.zoo.warm_start import load_fitting


@pytest.mark.parametrize("bias", [False, True])
def test_a_wider_and_deeper_network_begins_as_the_narrow_one(bias):
    narrow = ModelConfig(
        scale=4,
        unit="residual",
        sharing="shared",
        width=(6, 4),
        depth=(2, 1),
        carried=3,
        two_heads=True,
        fusion="none",
        bias=bias,
        differences=not bias,
    )
    wide = dataclasses.replace(narrow, width=(6, 9), depth=(3, 2), carried=5)
    torch.manual_seed(1)
    before, after = DSDMSR(narrow), DSDMSR(wide)
    for parameter in before.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    load_fitting(after, before.state_dict())
    small = torch.rand(2, 1, 9, 8)
    for scale in before.scales:
        torch.testing.assert_close(after(small, scale).fused, before(small, scale).fused)
    after(small, 4).fused.square().sum().backward()
    grown = after.stages[1].unit.features[1].conv2.weight
    assert grown.grad[:4, 4:].abs().max() > 0


@pytest.mark.parametrize("symmetric", [True, False])
def test_a_symmetric_network_begins_from_symmetric_weights_alone(symmetric):
    shape = ModelConfig(
        scale=4,
        unit="residual",
        sharing="shared",
        width=(8, 16),
        depth=(2, 1),
        carried=8,
        fusion="none",
        symmetric=symmetric,
    )
    given = DSDMSR(shape).half().float().state_dict()
    wide = DSDMSR(dataclasses.replace(shape, symmetric=True, width=(16, 16), depth=(3, 1)))
    if symmetric:
        load_fitting(wide, given)
        small = torch.rand(1, 1, 5, 6)
        turned = wide(small.rot90(1, (-2, -1))).fused
        torch.testing.assert_close(turned, wide(small).fused.rot90(1, (-2, -1)))
    else:
        with pytest.raises(ModelError, match="symmetric and the given weights are not"):
            load_fitting(wide, given)
