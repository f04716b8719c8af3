"""Cost of a recipe before it runs: parameters, multiply-accumulates and memory."""

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
"""Tensors per weight: itself, its gradient, its average, and the optimiser's state."""


@dataclass(frozen=True, kw_only=True)
class MixCost:
    """Cost of a step at one scale."""

    mix: CropMix
    """The scale and its crops."""
    share: float
    """Share of the steps, 0 to 1."""
    macs: int
    """Multiply-accumulate operations of the network for the batch, forward."""
    activations: int
    """Bytes that the forward pass keeps for the backward pass, in float32."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Cost of a recipe."""

    parameters: int
    """Number of parameters."""
    mixes: tuple[MixCost, ...]
    """A step at each scale."""
    state: int
    """Bytes of weights, gradients, averaged weights and the optimiser's state."""

    @property
    def macs_per_step(self) -> float:
        """Mean over the steps, forward and backward (counted as twice the forward pass)."""
        return 3 * sum(mix.share * mix.macs for mix in self.mixes)

    @property
    def memory(self) -> int:
        """Bytes at the largest step, without the libraries' workspaces."""
        return self.state + max(mix.activations for mix in self.mixes)


def explain(recipe: Recipe) -> Cost:
    """Count the cost of a recipe on torch's meta device, without computing anything."""
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
    saved: dict[int, tuple[Tensor, int]] = {}

    def record(tensor: Tensor) -> Tensor:
        # A reference to the tensor keeps its storage's address from being reused.
        storage = tensor.untyped_storage()
        saved[storage._cdata] = (tensor, storage.nbytes())
        return tensor

    counter: Any = FlopCounterMode(display=False)
    side = mix.crop // mix.scale
    lr_depth = torch.empty(mix.batch, 1, side, side, device="meta")
    with counter, torch.autograd.graph.saved_tensors_hooks(record, lambda tensor: tensor):
        model(lr_depth, mix.scale)
    own = {p.untyped_storage()._cdata for p in model.parameters()}
    activations = sum(size for key, (_, size) in saved.items() if key not in own)
    return MixCost(
        mix=mix, share=share, macs=counter.get_total_flops() // 2, activations=activations
    )
