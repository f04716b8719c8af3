"""Errors over valid pixels: functions, and torchmetrics classes that add up sums and counts."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torchmetrics import Metric

from dsdmsr.errors import DepthError

__all__ = ["MaskedMAE", "MaskedRMSE", "mae", "rmse"]


def _errors(pred: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Return the errors at the valid pixels, in float64."""
    if pred.shape != target.shape or pred.shape != valid.shape:
        raise DepthError(
            f"pred {tuple(pred.shape)}, target {tuple(target.shape)} and valid "
            f"{tuple(valid.shape)} differ in shape"
        )
    return pred[valid].double() - target[valid].double()


def rmse(
    pred: Float[Tensor, "*shape"], target: Float[Tensor, "*shape"], valid: Bool[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the root of the mean squared error over valid pixels; NaN where none is valid.

    Raises:
        DepthError: If the shapes differ.
    """
    return _errors(pred, target, valid).square().mean().sqrt()


def mae(
    pred: Float[Tensor, "*shape"], target: Float[Tensor, "*shape"], valid: Bool[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean absolute error (MAD in this literature) over valid pixels; NaN for none.

    Raises:
        DepthError: If the shapes differ.
    """
    return _errors(pred, target, valid).abs().mean()


class _MaskedMean(Metric):
    """Keep the sum of a function of the errors, and the count of valid pixels."""

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        zero = torch.tensor(0.0, dtype=torch.float64)
        self.add_state("total", zero, dist_reduce_fx="sum")
        self.add_state("count", zero.clone(), dist_reduce_fx="sum")

    def update(self, pred: Tensor, target: Tensor, valid: Tensor) -> None:
        """Add the valid pixels of a batch."""
        self.total += self._powers(_errors(pred, target, valid)).sum()
        self.count += valid.sum()

    def _powers(self, errors: Tensor) -> Tensor:
        raise NotImplementedError


class MaskedRMSE(_MaskedMean):
    """The root of the mean squared error over all valid pixels of all batches."""

    def _powers(self, errors: Tensor) -> Tensor:
        return errors.square()

    def compute(self) -> Tensor:
        """Return the error; NaN before the first valid pixel."""
        return (self.total / self.count).sqrt()


class MaskedMAE(_MaskedMean):
    """The mean absolute error over all valid pixels of all batches."""

    def _powers(self, errors: Tensor) -> Tensor:
        return errors.abs()

    def compute(self) -> Tensor:
        """Return the error; NaN before the first valid pixel."""
        return self.total / self.count
