"""Losses over valid pixels, and their sum over all stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from dsdmsr.metrics.edges import edge_distance
from dsdmsr.metrics.surfaces import SURFACE, grain, smooth_surfaces
from dsdmsr.metrics.windows import window_extreme
from dsdmsr.nn.model import Prediction

__all__ = [
    "LossKind",
    "deep_supervision_loss",
    "expectation_loss",
    "masked_loss",
    "of_one_process",
    "surface_loss",
]

LossKind = Literal["l1", "mse", "charbonnier", "l1_mse", "rmse", "edge_l1", "sse"]

_FLAT = 1 / 512
"""RMSE below which a crop of range 1 loses weight under `rmse`: half a grey level."""
_EDGE_WEIGHT = 10.0
"""Weight that a step of a crop's whole range adds to the pixels beside it."""
_LEVEL = 1 / 255
"""A grey level of a crop of range 1."""
_STEP = 4 * _LEVEL
"""What neighbours differ by at least where an edge is."""
_UNSEEN = 1e-4
"""Roughness below which a crop of range 1 loses weight under `surface_loss`."""


def of_one_process(count: Tensor) -> Tensor:
    """Return a number of pixels or maps unchanged: its mean over one process."""
    return count


def masked_loss(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    kind: LossKind,
    *,
    mse_weight: float = 1.0,
    mean: Callable[[Tensor], Tensor] = of_one_process,
) -> Float[Tensor, ""]:
    """Return the mean loss over the valid pixels; 0 where none is valid.

    ``rmse`` is each map's own RMSE, averaged over the maps, as benchmarks average scenes: an easy
    map counts as much as a hard one, and uncertain edges get their mean rather than their mode.

    Args:
        pred: The prediction.
        target: The ground truth; its values at invalid pixels are ignored.
        valid: Which pixels count.
        kind: ``l1``, ``mse``, ``charbonnier`` (√(e² + 10⁻⁶)), ``l1_mse`` (|e| + mse_weight·e²),
            ``rmse`` (√(mean e² + 512⁻²) − 512⁻¹ of each map), ``edge_l1`` (|e|·(1 + 10·the
            target's range over the 3×3 pixels around)) or ``sse`` (half the sum of each map's e²,
            as VDSR was trained).
        mse_weight: The weight of e² in ``l1_mse``.
        mean: The mean over processes of a number of pixels or of maps. Processes that share a
            batch divide by it, so that the mean of their losses is the loss of the batch.
    """
    error = torch.where(valid, pred.float() - target, 0.0)
    if kind == "rmse":
        return _mean_of_roots(error, valid, _FLAT, mean)
    if kind == "sse":
        return error.square().sum() / 2 / mean(error.new_tensor(len(error)))
    values = _pixel_losses(error, target, valid, kind, mse_weight)
    count = mean(valid.sum().float())
    return values.sum() / torch.where(count > 0, count, 1.0)


def _mean_of_roots(
    error: Float[Tensor, "b 1 h w"],
    counts: Bool[Tensor, "b 1 h w"],
    least: float,
    mean: Callable[[Tensor], Tensor],
) -> Float[Tensor, ""]:
    """Return the mean of the maps' RMSE, less below `least`; errors not counted are 0."""
    each = error.square().sum((1, 2, 3)) / counts.sum((1, 2, 3)).clamp(min=1)
    return ((each + least**2).sqrt() - least).sum() / mean(each.new_tensor(len(each)))


def _pixel_losses(
    error: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    kind: LossKind,
    mse_weight: float,
) -> Float[Tensor, "b 1 h w"]:
    """Return each pixel's loss of a kind that is a mean over pixels; 0 where not valid."""
    if kind == "l1":
        return error.abs()
    if kind == "edge_l1":
        return error.abs() * (1 + _EDGE_WEIGHT * _range_around(target, valid))
    if kind == "mse":
        return error.square()
    if kind == "charbonnier":
        return torch.where(valid, (error.square() + 1e-6).sqrt(), 0.0)
    return error.abs() + mse_weight * error.square()


def _range_around(
    target: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"]
) -> Float[Tensor, "b 1 h w"]:
    """Return the largest less the smallest valid value of the 3×3 pixels around each pixel."""
    high = window_extreme(torch.where(valid, target, -torch.inf), 1, "max")
    low = window_extreme(torch.where(valid, target, torch.inf), 1, "min")
    return torch.where(valid, high - low, 0.0)


def expectation_loss(
    log_error: Float[Tensor, "b 1 h w"],
    error: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    *,
    mean: Callable[[Tensor], Tensor] = of_one_process,
) -> Float[Tensor, ""]:
    """Return how badly the errors that a network expects describe its actual ones.

    It is the mean negative log-likelihood of the errors under Laplace distributions whose mean
    absolute values are the expected ones, less log 2: least where those are the errors' means.

    Args:
        log_error: The logarithm of the expected absolute errors.
        error: The errors; no gradient goes there.
        valid: Which pixels count.
        mean: See `masked_loss`.

    Source:
        Kendall, Gal: "What uncertainties do we need in Bayesian deep learning for computer
        vision?", NeurIPS 2017.
    """
    each = torch.where(valid, log_error + error.detach().abs() * (-log_error).exp(), 0.0)
    count = mean(valid.sum().float())
    return each.sum() / torch.where(count > 0, count, 1.0)


def surface_loss(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    *,
    mean: Callable[[Tensor], Tensor] = of_one_process,
) -> Float[Tensor, ""]:
    """Return how much grain a prediction has on smooth surfaces that its ground truth has not.

    It is the RMS of the error less its own mean over 3×3 pixels, √(mean + 10⁻⁸) − 10⁻⁴ of each
    map, averaged over the maps. What an RMSE hardly shows beside edges' errors, normals and meshes
    do.

    Args:
        pred: The prediction, of range 1.
        target: The ground truth.
        valid: Which pixels count, of those that `dsdmsr.metrics.surfaces.smooth_surfaces` finds.
        mean: See `masked_loss`.
    """
    with torch.no_grad():
        distance = edge_distance(target, valid, _STEP, SURFACE[0])
        counts = smooth_surfaces(target, valid, _LEVEL, distance)
    error = torch.where(valid, pred.float() - target, 0.0)
    return _mean_of_roots(torch.where(counts, grain(error), 0.0), counts, _UNSEEN, mean)


def deep_supervision_loss(
    prediction: Prediction,
    targets: Sequence[Float[Tensor, "b 1 ? ?"]],
    valids: Sequence[Bool[Tensor, "b 1 ? ?"]],
    *,
    kind: LossKind,
    mse_weight: float,
    stage_weights: Sequence[float],
    mean: Callable[[Tensor], Tensor] = of_one_process,
) -> Float[Tensor, ""]:
    """Return the final prediction's loss plus the weighted losses of all other outputs.

    Args:
        prediction: The network's outputs.
        targets: The ground truth at each stage's size, smallest first.
        valids: Which pixels of each target count.
        kind: See `masked_loss`.
        mse_weight: See `masked_loss`.
        stage_weights: The weight of each stage's output that is not the final prediction, smallest
            first; one for all, or one for each stage that the network has.
        mean: See `masked_loss`.
    """
    of = partial(masked_loss, kind=kind, mse_weight=mse_weight, mean=mean)
    total = of(prediction.fused, targets[-1], valids[-1])
    for k, (depth, target) in enumerate(zip(prediction.stages, targets, strict=True)):
        if depth is not prediction.fused:
            total = total + stage_weights[k % len(stage_weights)] * of(depth, target, valids[k])
    return total
