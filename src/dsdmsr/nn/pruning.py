"""Pruning of residual blocks: hidden channels that hardly act are removed, and blocks without any.

A ReLU that training has driven below zero for every input passes nothing on; its channel costs time
and changes nothing. Channels of symmetric networks are removed by whole orbits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dsdmsr.errors import ConfigError
from dsdmsr.nn.blocks import ResidualBlock
from dsdmsr.nn.config import ORBIT
from dsdmsr.nn.model import DSDMSR

__all__ = ["channel_effects", "pruned"]

Effects = list[list[Tensor]]
"""For each stage and residual block, the effect of each group of hidden channels."""


class _Block(NamedTuple):
    stage: int
    number: int
    """0 is the stage's first."""
    block: ResidualBlock


def _blocks(model: DSDMSR) -> list[_Block]:
    return [
        _Block(k, number, layer)
        for k, stage in enumerate(model.stages)
        for number, layer in enumerate(stage.unit.features[1:])  # type: ignore[index, union-attr]
        if isinstance(layer, ResidualBlock)
    ]


@torch.inference_mode()
def channel_effects(model: DSDMSR, examples: Iterable[tuple[Tensor, int]]) -> Effects:
    """Return how much each group of hidden channels changes its block's output.

    Args:
        model: A network of residual blocks that share one trunk a stage.
        examples: Normalised low-resolution maps, b 1 h w, and the scale to run each at.

    Returns:
        For each stage and block, for each orbit of hidden channels (each channel, if the network
        is not symmetric), the mean energy of the channel's contribution over that of the block's
        output; zeros for stages that no example ran.

    Raises:
        ConfigError: If the network is of another form.
    """
    config = model.config
    if (config.unit, config.sharing, config.fusion) != ("residual", "shared", "none"):
        raise ConfigError(
            f"a network with unit: {config.unit}, sharing: {config.sharing} and fusion: "
            f"{config.fusion} cannot be pruned: it goes with residual, shared and none"
        )
    blocks = _blocks(model)
    energy = [torch.zeros(block.conv1.out_channels) for *_, block in blocks]
    total = [torch.zeros(()) for _ in blocks]

    def count(n: int, block: ResidualBlock) -> list[torch.utils.hooks.RemovableHandle]:
        def inner(_: nn.Module, __: object, hidden: Tensor) -> None:
            energy[n] += hidden.clamp(min=0).square().sum((0, 2, 3))

        def outer(_: nn.Module, __: object, output: Tensor) -> None:
            total[n] += output.square().sum()

        return [block.conv1.register_forward_hook(inner), block.register_forward_hook(outer)]

    handles = [handle for n, (*_, block) in enumerate(blocks) for handle in count(n, block)]
    try:
        for lr_depth, scale in examples:
            model(lr_depth, scale)
    finally:
        for handle in handles:
            handle.remove()
    group = ORBIT if model.config.symmetric else 1
    effects: Effects = [[] for _ in model.stages]
    for n, (stage, _, block) in enumerate(blocks):
        weights = block.conv2.weight.square().sum((0, 2, 3))
        share = energy[n] * weights / total[n].clamp(min=torch.finfo(torch.float32).tiny)
        effects[stage].append(share.view(-1, group).sum(1))
    return effects


def pruned(model: DSDMSR, effects: Effects, least: float) -> DSDMSR:
    """Return a network without the hidden channels whose effect is less than `least`.

    Args:
        model: A network of residual blocks that share one trunk a stage.
        effects: What `channel_effects` gives for it.
        least: The smallest effect that is kept; 0 removes channels that never act.

    Returns:
        A network with ``hidden`` in its configuration; each stage keeps a block at the least.
    """
    group = ORBIT if model.config.symmetric else 1
    dilated = len(model.config.dilations)
    keep = [[effect > least for effect in blocks] for blocks in effects]
    for flags, blocks in zip(keep, effects, strict=True):
        undilated = len(blocks) - (dilated if blocks is effects[0] else 0)
        if not any(bool(flag.any()) for flag in flags[:undilated]):
            # A stage without a block has no form: its strongest group stays.
            n = max(range(undilated), key=lambda n: float(blocks[n].max()))
            flags[n][blocks[n].argmax()] = True
    kept = [[flag.repeat_interleave(group).nonzero().flatten() for flag in flags] for flags in keep]
    return _with_channels(model, kept)


def _with_channels(model: DSDMSR, kept: list[list[Tensor]]) -> DSDMSR:
    """Return a network that has only some hidden channels of its blocks."""
    config, dilated = model.config, len(model.config.dilations)
    staying = [[n for n, channels in enumerate(blocks) if len(channels)] for blocks in kept]
    plain = len(kept[0]) - dilated
    dilations = tuple(config.dilations[n - plain] for n in staying[0] if n >= plain)
    counts = [len(blocks) for blocks in staying]
    smaller = DSDMSR(
        dataclasses.replace(
            config,
            width=tuple(config.width_of(k) for k in range(config.stages)),
            depth=(counts[0] - len(dilations), *counts[1:]),
            dilations=dilations,
            hidden=tuple(
                tuple(len(kept[k][n]) for n in numbers) for k, numbers in enumerate(staying)
            ),
        )
    )
    weights = model.state_dict()
    own = {}
    for name in smaller.state_dict():
        source, channels = name, None
        if ".conv1." in name or ".conv2." in name:
            _, stage, _, _, index, *rest = name.split(".")
            n = staying[int(stage)][int(index) - 1]
            source = ".".join(["stages", stage, "unit.features", str(n + 1), *rest])
            channels = kept[int(stage)][n]
        value = weights[source]
        if channels is not None:
            inner = 1 if ".conv2.weight" in name else 0
            value = value if ".conv2.bias" in name else value.index_select(inner, channels)
        own[name] = value
    _keep_biases(model, staying, own)
    smaller.load_state_dict(own)
    return smaller.to(next(model.parameters()).device).train(model.training)


def _keep_biases(model: DSDMSR, staying: list[list[int]], own: dict[str, Tensor]) -> None:
    """Add what removed blocks still give, their last bias, to the bias of the layer before."""
    for stage, n, block in _blocks(model):
        if n not in staying[stage] and block.conv2.bias is not None:
            before = sum(m < n for m in staying[stage])
            layer = f"{before}.conv2" if before else "0"
            name = f"stages.{stage}.unit.features.{layer}.bias"
            own[name] = own[name] + block.conv2.bias
