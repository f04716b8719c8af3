"""Sums and counts of metrics, from which means are taken last."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from dsdmsr.errors import DepthError

__all__ = ["Tally", "check_positive", "check_shapes", "errors", "tally"]


class Tally(NamedTuple):
    """Hold a mean as a sum and a count."""

    total: Float[Tensor, ""]
    """Sum over the pixels that count, float64."""
    pixels: Int[Tensor, ""]
    """Number of the pixels that count."""

    def mean(self) -> Tensor:
        """Return the mean; NaN where no pixel counts."""
        return self.total / self.pixels


def check_shapes(pred: Tensor, target: Tensor, valid: Tensor) -> None:
    """Refuse tensors of different shapes.

    Raises:
        DepthError: If they differ.
    """
    if pred.shape != target.shape or pred.shape != valid.shape:
        raise DepthError(
            f"pred {tuple(pred.shape)}, target {tuple(target.shape)} and valid "
            f"{tuple(valid.shape)} differ in shape"
        )


def check_positive(name: str, value: float) -> None:
    """Refuse a number that is not positive.

    Raises:
        DepthError: If it is not.
    """
    if not value > 0:
        raise DepthError(f"{name} is {value}: give a positive number, in the map's unit")


def tally(values: Tensor) -> Tally:
    """Return the tally of values, one for each pixel that counts."""
    return Tally(values.double().sum(), torch.tensor(values.numel(), device=values.device))


def errors(pred: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Return the errors at the valid pixels, in float64."""
    check_shapes(pred, target, valid)
    if not bool(valid.all()):
        pred, target = pred[valid], target[valid]
    return pred.double() - target.double()
