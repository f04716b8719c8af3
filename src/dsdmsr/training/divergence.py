"""Divergence: the loss that ends a run, and an error message that names its cause."""

from __future__ import annotations

import torch
from torch import Tensor

from dsdmsr.training.examples import Examples
from dsdmsr.training.recipe import Recipe

__all__ = ["describe_divergence", "divergence_threshold"]

_DIVERGED = 1e4
"""A mean loss of crops normalised to 0…1 that only diverging weights reach."""


def divergence_threshold(recipe: Recipe, target: Tensor) -> float:
    """Return the loss that only diverging weights reach; ``sse`` is a sum over each map."""
    return _DIVERGED * (target[0].numel() if recipe.loss == "sse" else 1)


def describe_divergence(examples: Examples, pred: Tensor, loss: float, threshold: float) -> str:
    """Say where a loss that is not finite or absurdly large comes from.

    Args:
        examples: This process's share of the batch.
        pred: Its predictions, b 1 H W.
        loss: Its loss.
        threshold: See `divergence_threshold`.
    """
    if loss < threshold:
        return "in another process's part of the batch"
    target, names = examples.targets[-1], examples.names
    not_finite = ~torch.isfinite(target).all(dim=(1, 2, 3))
    errors = (pred.detach() - target).abs().amax((1, 2, 3))
    if bool(not_finite.any()):
        return f"{names[int(not_finite.int().argmax())]} holds values that are not finite"
    if bool(torch.isfinite(errors).all()):
        return f"worst in {names[int(errors.argmax())]}: lower the learning rate"
    return (
        f"in all crops from {names[0]} to {names[-1]}: the weights have diverged, lower "
        "the learning rate"
    )
