"""How well the errors that a network expects describe those that it makes."""

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
"""Within how many times the expected absolute errors about 90 % of the errors lie.

If they were Laplace distributed, it would be log 10 = 2.3; most are smaller, and a few much larger.
Rendered scenes need less, other maps more: ``python -m benchmarks confidence`` measures it.
"""
WITHIN_90_NOISY = 2.2
"""The same where maps are noisy: what is left of noise is spread more evenly."""


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
        error: The errors made.
        expected: The absolute errors expected.
        valid: Which pixels count.
        times: How many times.
    """
    made, scale = _counted(error, expected, valid)
    return (made <= times * scale).double().mean()


def rounded_off(expected: Float[Tensor, "b 1 h w"], step: float) -> Float[Tensor, "b 1 h w"]:
    """Return the absolute differences expected from a truth that is rounded itself.

    Rounding errs by step/4 in the mean, and independently; so the two add as squares do.

    Args:
        expected: The absolute errors expected.
        step: What the truth's values are whole multiples of; 0 if it isn't rounded.
    """
    return torch.hypot(expected, torch.as_tensor(step / 4).to(expected))


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
