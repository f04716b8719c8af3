"""What a recipe will take, before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from dsdmsr.data.batches import CropMix
from dsdmsr.nn import DSDMSR
from dsdmsr.training.recipe import Recipe

__all__ = ["Cost", "MixCost", "explain"]

_COPIES = {"adamw": 5, "adam": 5, "sgd": 4, "muon": 4}
"""The weights, their gradients and average, and what the optimiser keeps for each."""


@dataclass(frozen=True, kw_only=True)
class MixCost:
    """What a step of one factor takes."""

    mix: CropMix
    """The factor and its crops."""
    share: float
    """How often it is drawn, 0 to 1."""
    macs: int
    """Multiply-accumulate operations of the network for the batch, forward."""
    activations: int
    """Bytes that the forward pass keeps for the backward pass, in float32."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a recipe takes."""

    parameters: int
    """Numbers to train."""
    mixes: tuple[MixCost, ...]
    """Each factor's step."""
    state: int
    """Bytes of weights, gradients, averaged weights and the optimiser's state."""

    @property
    def macs_per_step(self) -> float:
        """Mean of a step, forward and backward (taken as twice the forward pass)."""
        return 3 * sum(mix.share * mix.macs for mix in self.mixes)

    @property
    def memory(self) -> int:
        """Bytes at the largest step, without what libraries need to work in."""
        return self.state + max(mix.activations for mix in self.mixes)


def explain(recipe: Recipe) -> Cost:
    """Count what a recipe takes, without computing anything."""
    with torch.device("meta"):
        model = DSDMSR(recipe.model)
    parameters = sum(p.numel() for p in model.parameters())
    total = sum(mix.share for mix in recipe.crops)
    return Cost(
        parameters=parameters,
        mixes=tuple(_mix_cost(model, mix, mix.share / total) for mix in recipe.crops),
        state=4 * _COPIES[recipe.optimizer] * parameters,
    )


def _mix_cost(model: DSDMSR, mix: CropMix, share: float) -> MixCost:
    kept: dict[int, tuple[Tensor, int]] = {}

    def keep(tensor: Tensor) -> Tensor:
        # Holding the tensor keeps its storage's identity from being used again.
        storage = tensor.untyped_storage()
        kept[storage._cdata] = (tensor, storage.nbytes())
        return tensor

    counter: Any = FlopCounterMode(display=False)
    small = torch.empty(mix.batch, 1, mix.crop // mix.scale, mix.crop // mix.scale, device="meta")
    with counter, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(small, mix.scale)
    own = {p.untyped_storage()._cdata for p in model.parameters()}
    activations = sum(size for key, (_, size) in kept.items() if key not in own)
    return MixCost(
        mix=mix, share=share, macs=counter.get_total_flops() // 2, activations=activations
    )
