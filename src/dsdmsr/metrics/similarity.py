"""Structural similarity over valid pixels."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from dsdmsr.metrics.tally import Tally, check_positive, check_shapes, tally

__all__ = ["similarities", "ssim"]

_SSIM_RADIUS = 5
_SSIM_DEVIATION = 1.5
_SSIM_CONSTANTS = 0.01, 0.03
"""The 11×11 window, its Gaussian and the constants of Wang et al. 2004."""


def similarities(pred: Tensor, target: Tensor, valid: Tensor, data_range: float) -> Tally:
    """Return the tally of similarities; see `ssim`."""
    check_shapes(pred, target, valid)
    check_positive("data_range", data_range)
    size = 2 * _SSIM_RADIUS + 1
    if min(pred.shape[-2:]) < size:
        return tally(pred[:0])
    x, y = (torch.where(valid, z, 0).double() for z in (pred, target))
    low, high = (k * data_range for k in _SSIM_CONSTANTS)
    x_mean, y_mean, x_square, y_square, product = map(_window_means, (x, y, x * x, y * y, x * y))
    variances = x_square - x_mean**2 + y_square - y_mean**2
    covariance = product - x_mean * y_mean
    alike = (2 * x_mean * y_mean + low**2) / (x_mean**2 + y_mean**2 + low**2)
    alike = alike * (2 * covariance + high**2) / (variances + high**2)
    whole = -functional.max_pool2d(-valid.float(), size, 1) > 0
    return tally(alike[whole])


def _window_means(values: Tensor) -> Tensor:
    """Return the Gaussian mean of every whole window.

    Sums of shifted maps: torch's convolution takes a hundred times as long in float64.
    """
    places = torch.arange(-_SSIM_RADIUS, _SSIM_RADIUS + 1, dtype=torch.float64)
    weights = torch.exp(-((places / _SSIM_DEVIATION) ** 2) / 2)
    for axis in (-2, -1):
        length = values.shape[axis] - 2 * _SSIM_RADIUS
        means = torch.zeros_like(values.narrow(axis, 0, length))
        for k, weight in enumerate((weights / weights.sum()).tolist()):
            means.add_(values.narrow(axis, k, length), alpha=weight)
        values = means
    return values


def ssim(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    data_range: float,
) -> Float[Tensor, ""]:
    """Return the structural similarity, averaged over the 11×11 windows that are wholly valid.

    Returns:
        At most 1; NaN where no window is wholly valid.

    Raises:
        DepthError: If the shapes differ, or the range is not positive.

    Example:
        >>> target = torch.linspace(0, 255, 256).reshape(1, 1, 16, 16)
        >>> valid = torch.ones_like(target, dtype=torch.bool)
        >>> round(float(ssim(target, target, valid, data_range=255)), 6)
        1.0
        >>> float(ssim(255 - target, target, valid, data_range=255)) < 0
        True

    Source:
        Wang et al., TIP 2004.
    """
    return similarities(pred, target, valid, data_range).mean()
