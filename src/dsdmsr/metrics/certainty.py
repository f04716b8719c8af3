"""Metrics of expected errors: how well they describe the actual ones."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = [
    "WITHIN_90",
    "WITHIN_90_NOISY",
    "ause",
    "coverage",
    "reliability",
    "rounded_off",
    "sparsification",
]

WITHIN_90 = 1.5
"""About 90 % of the errors lie within so many times the expected absolute errors.

For Laplace distributed errors, it would be log 10 = 2.3; most are smaller, and a few much larger.
Rendered scenes need less, other maps more: ``python -m benchmarks confidence`` measures it.
"""
WITHIN_90_NOISY = 2.2
"""The same for noisy maps: what is left of noise is spread more evenly."""


def _counted(
    error: Float[Tensor, "b 1 h w"],
    expected: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> tuple[Tensor, Tensor]:
    return error[valid].abs().double(), expected[valid].double()


def coverage(
    error: Float[Tensor, "b 1 h w"],
    expected: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    times: float = WITHIN_90,
) -> Float[Tensor, ""]:
    """Return the share of errors that lie within so many times the expected ones.

    Args:
        error: Prediction minus target.
        expected: The expected absolute errors.
        valid: Which pixels count.
        times: How many times.

    Example:
        >>> error = torch.tensor([[[[0.1, -0.2, 0.3, 0.9]]]])
        >>> expected = torch.full((1, 1, 1, 4), 0.25)
        >>> float(coverage(error, expected, torch.ones_like(error, dtype=torch.bool)))
        0.75
    """
    actual, scale = _counted(error, expected, valid)
    return (actual <= times * scale).double().mean()


def rounded_off(expected: Float[Tensor, "b 1 h w"], step: float) -> Float[Tensor, "b 1 h w"]:
    """Return the expected absolute differences from a ground truth that is rounded itself.

    Rounding errs by step/4 in the mean, and independently; so the two add as squares do.

    Args:
        expected: The expected absolute errors.
        step: The step that the ground truth is rounded to; 0 if it isn't rounded.

    Example:
        >>> float(rounded_off(torch.full((1, 1, 1, 1), 3.0), step=16.0))
        5.0
    """
    return torch.hypot(expected, torch.as_tensor(step / 4).to(expected))


def reliability(
    error: Float[Tensor, "b 1 h w"],
    expected: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    bins: int = 20,
) -> tuple[Float[Tensor, " bins"], Float[Tensor, " bins"]]:
    """Return the expected and the actual mean absolute error of groups of equally many pixels.

    Args:
        error: Prediction minus target.
        expected: The expected absolute errors.
        valid: Which pixels count; at least `bins`.
        bins: Number of groups; pixels are sorted into them by expected error.

    Example:
        >>> error = torch.tensor([[[[1.0, -2.0, 4.0, -4.0]]]])
        >>> expected = torch.tensor([[[[2.0, 2.0, 3.0, 4.0]]]])
        >>> valid = torch.ones_like(error, dtype=torch.bool)
        >>> [curve.tolist() for curve in reliability(error, expected, valid, bins=2)]
        [[2.0, 3.5], [1.5, 4.0]]
    """
    actual, scale = _counted(error, expected, valid)
    groups = torch.tensor_split(scale.argsort(), bins)
    return (
        torch.stack([scale[group].mean() for group in groups]),
        torch.stack([actual[group].mean() for group in groups]),
    )


def sparsification(
    error: Float[Tensor, "b 1 h w"],
    ranking: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    steps: int = 50,
) -> Float[Tensor, " steps"]:
    """Return the mean absolute error that is left when 0, 1/steps, … of the pixels are left out.

    The curve begins with 1, the error of all; those that rank highest are left out first.

    Args:
        error: Prediction minus target.
        ranking: What pixels are ranked by, such as expected errors; ranked by the actual errors,
            no curve is lower.
        valid: Which pixels count; at least `steps`.
        steps: Points of the curve.

    Example:
        >>> error = torch.tensor([[[[1.0, 1.0, 2.0, 4.0]]]])
        >>> valid = torch.ones_like(error, dtype=torch.bool)
        >>> [round(left, 3) for left in sparsification(error, error, valid, steps=4).tolist()]
        [1.0, 0.667, 0.5, 0.5]

    Source:
        Ilg et al.: "Uncertainty estimates and multi-hypotheses networks for optical flow", ECCV
        2018.
    """
    actual, rank = _counted(error, ranking, valid)
    sums = actual[rank.argsort()].cumsum(0)
    kept = len(actual) - torch.arange(steps, device=actual.device) * len(actual) // steps
    left = sums[kept - 1] / kept
    return left / left[0] if float(left[0]) > 0 else torch.ones_like(left)


def ause(
    error: Float[Tensor, "b 1 h w"],
    expected: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float[Tensor, ""]:
    """Return the area between the sparsification curves by expected and by actual errors (AUSE).

    0 if expected errors rank the pixels as the actual ones do. See `sparsification`.

    Example:
        >>> error = torch.linspace(-1, 1, 100).reshape(1, 1, 10, 10)
        >>> valid = torch.ones_like(error, dtype=torch.bool)
        >>> float(ause(error, 2 * error.abs(), valid))
        0.0
        >>> float(ause(error, 1 - error.abs(), valid)) > 0.5
        True
    """
    by_expected = sparsification(error, expected, valid)
    by_error = sparsification(error, error.abs(), valid)
    return (by_expected - by_error).mean()
