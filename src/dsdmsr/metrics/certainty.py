"""How well the errors that a network expects describe those that it makes."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

__all__ = ["ause", "coverage", "reliability", "sparsification"]


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
    share: float = 0.9,
) -> Float[Tensor, ""]:
    """Return how many errors lie within the interval that should hold `share` of them.

    Args:
        error: The errors made.
        expected: The absolute errors expected, as the means of Laplace distributions around 0.
        valid: Which pixels count.
        share: Of the interval, 0…1.
    """
    made, scale = _counted(error, expected, valid)
    return (made <= -math.log(1 - share) * scale).double().mean()


def reliability(
    error: Float[Tensor, "b 1 h w"],
    expected: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    bins: int = 20,
) -> tuple[Float[Tensor, " bins"], Float[Tensor, " bins"]]:
    """Return the mean absolute error expected, and the one made, of equally many pixels each.

    Args:
        error: The errors made.
        expected: The absolute errors expected.
        valid: Which pixels count; at least `bins`.
        bins: Into how many groups, by what is expected, pixels are put.
    """
    made, scale = _counted(error, expected, valid)
    groups = torch.tensor_split(scale.argsort(), bins)
    return (
        torch.stack([scale[group].mean() for group in groups]),
        torch.stack([made[group].mean() for group in groups]),
    )


def sparsification(
    error: Float[Tensor, "b 1 h w"],
    ranking: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    steps: int = 50,
) -> Float[Tensor, " steps"]:
    """Return the mean absolute error left when 0, 1/steps, … of the pixels are left out.

    The curve begins with 1, the error of all; those that rank highest are left out first.

    Args:
        error: The errors made.
        ranking: What pixels are ranked by, such as the errors expected; by the errors made
            themselves, no curve is lower.
        valid: Which pixels count; at least `steps`.
        steps: Points of the curve.

    Source:
        Ilg et al.: "Uncertainty estimates and multi-hypotheses networks for optical flow", ECCV
        2018.
    """
    made, rank = _counted(error, ranking, valid)
    sums = made[rank.argsort()].cumsum(0)
    kept = len(made) - torch.arange(steps, device=made.device) * len(made) // steps
    left = sums[kept - 1] / kept
    return left / left[0] if float(left[0]) > 0 else torch.ones_like(left)


def ause(
    error: Float[Tensor, "b 1 h w"],
    expected: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
) -> Float[Tensor, ""]:
    """Return the area between the curves by expected errors and by those made.

    0 if what is expected ranks the pixels as their errors do. See `sparsification`.
    """
    by_expected = sparsification(error, expected, valid)
    by_error = sparsification(error, error.abs(), valid)
    return (by_expected - by_error).mean()
