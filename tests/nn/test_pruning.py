from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest
import torch
from testing.networks import SHARED
from torch import Tensor

from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR
from dsdmsr.nn.blocks import ResidualBlock
from dsdmsr.nn.pruning import channel_effects, pruned
from dsdmsr.nn.symmetry import init_symmetric, is_symmetric
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained

PLAIN = dataclasses.replace(SHARED, confidence=4)
SYMMETRIC: dict[str, Any] = {"symmetric": True, "width": (16, 8), "carried": 8, "confidence": 8}
SILENT = {(0, 0): [1, 6], (0, 2): range(8), (1, 1): [0]}
"""Stage and block → hidden channels that never act."""


def network(silent: dict[tuple[int, int], Any] = SILENT, **changes: Any) -> DSDMSR:
    """A network of random weights, some of whose hidden channels never act."""
    torch.manual_seed(0)
    config = dataclasses.replace(PLAIN, **changes)
    model = DSDMSR(config)
    for parameter in model.parameters():
        # Small biases, so that no channel is silent by them.
        torch.nn.init.normal_(parameter, std=0.2 if parameter.dim() > 1 else 0.02)
    if config.symmetric:
        init_symmetric(model)
    with torch.no_grad():
        for (stage, number), channels in silent.items():
            block = blocks(model, stage)[number]
            for channel in channels:
                block.conv1.weight[channel] = 0
                if block.conv1.bias is not None:
                    block.conv1.bias[channel] = -1
    return model.eval()


def blocks(model: DSDMSR, stage: int) -> list[ResidualBlock]:
    layers = model.stages[stage].unit.features
    return [layer for layer in layers if isinstance(layer, ResidualBlock)]


def examples() -> list[tuple[Tensor, int]]:
    torch.manual_seed(1)
    return [(torch.rand(2, 1, 7, 6), scale) for scale in (2, 4)]


def assert_same_outputs(model: DSDMSR, other: DSDMSR) -> None:
    torch.manual_seed(2)
    depth = torch.rand(2, 1, 9, 8, dtype=torch.float64)
    model, other = (copy.deepcopy(each).double() for each in (model, other))
    for scale in model.scales:
        with torch.no_grad():
            expected, found = model(depth, scale), other(depth, scale)
        for one, both in zip(found, expected, strict=True):
            # Sums of biases are rounded to single precision.
            torch.testing.assert_close(one, both, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [{}, {"differences": False, "bias": True}, {"supersampled": True, "candidates": 3}],
    ids=["plain", "bias", "supersampled"],
)
def test_channels_that_never_act_go_and_outputs_stay(changes):
    model = network(**changes)
    smaller = pruned(model, channel_effects(model, examples()), 0)
    assert smaller.config.hidden == ((6, 8), (8, 7))
    assert smaller.config.depth == (2, 2)
    assert not smaller.training
    assert_same_outputs(model, smaller)


def test_a_first_block_that_goes_leaves_its_bias():
    silent = {(0, 0): range(8), (0, 1): range(8), (1, 1): range(8)}
    model = network(silent, differences=False, bias=True)
    smaller = pruned(model, channel_effects(model, examples()), 0)
    assert smaller.config.hidden == ((8,), (8,))
    assert_same_outputs(model, smaller)


def test_an_effect_is_the_share_of_a_channel_in_its_block():
    model = network()
    block = blocks(model, 0)[1]
    outputs: list[Tensor] = []
    kept = block.register_forward_hook(lambda *given: outputs.append(given[-1]))
    hidden: list[Tensor] = []
    inner = block.conv1.register_forward_hook(lambda *given: hidden.append(given[-1].clone()))
    with torch.no_grad():
        for depth, scale in examples():
            model(depth, scale)
    kept.remove()
    inner.remove()
    energy = sum(each.relu().square().sum((0, 2, 3)) for each in hidden)
    share = energy * block.conv2.weight.detach().square().sum((0, 2, 3))
    share /= sum(each.square().sum() for each in outputs)
    effects = channel_effects(model, examples())
    torch.testing.assert_close(effects[0][1], share)
    assert [len(each) for each in effects] == [3, 2]
    # Channels that act less go first.
    least = float(share.median())
    assert pruned(model, effects, least).config.hidden[0][1] == int((share > least).sum()) == 4


def test_no_hook_is_left_behind():
    model = network()
    with pytest.raises(RuntimeError):
        channel_effects(model, [(torch.rand(1, 2, 3, 3), 2)])
    assert not any(module._forward_hooks for module in model.modules())


def test_stages_that_no_example_runs_have_no_effect_and_keep_a_block():
    model = network({})
    effects = channel_effects(model, [(torch.rand(1, 1, 6, 6), 2)])
    assert all(effect.eq(0).all() for effect in effects[1])
    assert all(effect.gt(0).all() for effect in effects[0])
    assert pruned(model, effects, 0).config.hidden == ((8, 8, 8), (1,))


def test_a_stage_keeps_its_strongest_channel():
    model = network({})
    effects = channel_effects(model, examples())
    smaller = pruned(model, effects, float("inf"))
    assert smaller.config.hidden == ((1,), (1,))
    for k, (each,) in enumerate(zip(effects, strict=True)):
        n = max(range(len(each)), key=lambda n: float(each[n].max()))
        own = blocks(model, k)[n].conv1.weight[each[n].argmax()]
        assert torch.equal(blocks(smaller, k)[0].conv1.weight[0], own)


def test_dilated_blocks_go_with_their_dilations_and_do_not_stand_for_a_stage():
    silent = {(0, 3): range(8), (0, 4): [0]}
    model = network(silent, dilations=(2, 3, 5))
    effects = channel_effects(model, examples())
    smaller = pruned(model, effects, 0)
    assert smaller.config.dilations == (3, 5)
    assert smaller.config.hidden[0] == (8, 8, 8, 7, 8)
    assert smaller.receptive_radius(4) < model.receptive_radius(4)
    assert_same_outputs(model, smaller)
    undilated = [[torch.zeros(8)] * 3 + effects[0][3:], effects[1]]
    assert pruned(model, undilated, 0).config.depth[0] == 1
    assert pruned(model, undilated, 0).config.dilations == (3, 5)


def test_symmetric_networks_lose_whole_orbits_and_stay_symmetric():
    silent = {(0, 0): range(8, 16), (0, 1): range(16)}
    model = network(silent, **SYMMETRIC, candidates=3)
    effects = channel_effects(model, examples())
    assert [len(effect) for effect in effects[0]] == [2, 2, 2]
    smaller = pruned(model, effects, 0)
    assert smaller.config.hidden == ((8, 16), (8, 8))
    assert is_symmetric(smaller)
    assert_same_outputs(model, smaller)
    depth = torch.rand(1, 1, 5, 6)
    with torch.no_grad():
        turned, plain = smaller(depth.rot90(1, (2, 3)), 4).fused, smaller(depth, 4).fused
    torch.testing.assert_close(turned, plain.rot90(1, (2, 3)), rtol=1e-4, atol=1e-4)


def test_a_pruned_network_is_saved_loaded_and_pruned_again(tmp_path):
    model = network()
    smaller = pruned(model, channel_effects(model, examples()), 0)
    save_pretrained(smaller, tmp_path, "card")
    loaded = from_pretrained(str(tmp_path))
    assert loaded.config == smaller.config
    again = pruned(loaded, channel_effects(loaded, examples()), 0)
    assert again.config == loaded.config
    assert_same_outputs(loaded, again)


@pytest.mark.parametrize(
    "changes",
    [
        {"unit": "vdsr"},
        {"sharing": "independent"},
        {"fusion": "mean", "two_heads": False, "confidence": 0, "differences": False},
    ],
)
def test_networks_of_other_forms_are_refused(changes):
    model = network({}, **changes)
    with pytest.raises(ConfigError, match=r"cannot be pruned: .* residual, shared and none"):
        pruned(model, channel_effects(model, []), 0)
