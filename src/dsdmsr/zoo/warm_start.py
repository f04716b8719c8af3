"""Starts of networks from the weights of others."""

from __future__ import annotations

import torch

from dsdmsr.errors import ModelError
from dsdmsr.nn import DSDMSR
from dsdmsr.nn.symmetry import is_symmetric

__all__ = ["load_fitting"]


def load_fitting(model: DSDMSR, weights: dict[str, torch.Tensor]) -> None:
    """Load the weights whose names fit, so that the network begins as the one they come from.

    Blocks that `weights` lack keep their start, the identity. Where a layer of a shared trunk is
    wider than in `weights`, its first channels are theirs and look at no new channel, and new
    channels keep their random start; so the output is the narrower network's, and new channels
    have a gradient.

    Raises:
        ModelError: If none fits, or the network is symmetric and the weights are not.
    """
    own = model.state_dict()
    wider = model.config.sharing == "shared"
    fitting = {
        name: _begun_as(own[name], given)
        for name, given in weights.items()
        if name in own and (own[name].shape == given.shape or (wider and _holds(own[name], given)))
    }
    if not fitting:
        raise ModelError("none of the given weights fits this network: give weights of its shape")
    model.load_state_dict({**own, **fitting})
    if model.config.symmetric and not is_symmetric(model):
        raise ModelError(
            "the recipe's network is symmetric and the given weights are not: begin from others, "
            "or from nothing"
        )


def _begun_as(wide: torch.Tensor, narrow: torch.Tensor) -> torch.Tensor:
    """Return `wide` with `narrow` as its first channels, which look at no other."""
    begun = wide.clone()
    begun[: len(narrow)] = 0
    begun[tuple(slice(n) for n in narrow.shape)] = narrow.float()
    return begun


def _holds(wide: torch.Tensor, narrow: torch.Tensor) -> bool:
    """Return whether `wide` has more channels than `narrow`, and the same kernel."""
    return (
        wide.ndim == narrow.ndim
        and wide.shape[2:] == narrow.shape[2:]
        and all(w >= n for w, n in zip(wide.shape, narrow.shape, strict=True))
    )
