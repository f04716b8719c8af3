"""Metrics over all valid pixels alike."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from dsdmsr.metrics.tally import Tally, check_positive, errors, tally

__all__ = ["bad_pixel_rate", "bad_pixels", "mae", "psnr", "rmse", "sizes", "squares"]


def squares(pred: Tensor, target: Tensor, valid: Tensor) -> Tally:
    """Return the tally of squared errors."""
    return tally(errors(pred, target, valid).square())


def sizes(pred: Tensor, target: Tensor, valid: Tensor) -> Tally:
    """Return the tally of absolute errors."""
    return tally(errors(pred, target, valid).abs())


def bad_pixels(pred: Tensor, target: Tensor, valid: Tensor, threshold: float) -> Tally:
    """Return the tally of errors that exceed `threshold`."""
    check_positive("threshold", threshold)
    return tally(errors(pred, target, valid).abs() > threshold)


def rmse(
    pred: Float[Tensor, "*shape"], target: Float[Tensor, "*shape"], valid: Bool[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the root of the mean squared error over valid pixels; NaN where none is valid.

    Raises:
        DepthError: If the shapes differ.

    Example:
        >>> pred, target = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([4.0, 6.0, 0.0])
        >>> round(float(rmse(pred, target, torch.tensor([True, True, False]))), 3)
        3.536
    """
    return squares(pred, target, valid).mean().sqrt()


def mae(
    pred: Float[Tensor, "*shape"], target: Float[Tensor, "*shape"], valid: Bool[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean absolute error (MAD in this literature) over valid pixels; NaN for none.

    Raises:
        DepthError: If the shapes differ.

    Example:
        >>> pred, target = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([4.0, 6.0, 0.0])
        >>> float(mae(pred, target, torch.tensor([True, True, False])))
        3.5
    """
    return sizes(pred, target, valid).mean()


def bad_pixel_rate(
    pred: Float[Tensor, "*shape"],
    target: Float[Tensor, "*shape"],
    valid: Bool[Tensor, "*shape"],
    threshold: float = 1.0,
) -> Float[Tensor, ""]:
    """Return the share of valid pixels whose error exceeds `threshold` (PE in this literature).

    Raises:
        DepthError: If the shapes differ, or the threshold is not positive.

    Example:
        >>> pred, target = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([1.5, 6.0, 0.0])
        >>> float(bad_pixel_rate(pred, target, torch.tensor([True, True, False]), threshold=1))
        0.5
    """
    return bad_pixels(pred, target, valid, threshold).mean()


def psnr(
    pred: Float[Tensor, "*shape"],
    target: Float[Tensor, "*shape"],
    valid: Bool[Tensor, "*shape"],
    data_range: float,
) -> Float[Tensor, ""]:
    """Return the peak signal-to-noise ratio in dB, ``20·log10(data_range / rmse)``.

    Raises:
        DepthError: If the shapes differ, or the range is not positive.

    Example:
        >>> target = torch.zeros(4)
        >>> valid = torch.ones(4, dtype=torch.bool)
        >>> round(float(psnr(target + 2.55, target, valid, data_range=255)), 6)
        40.0
    """
    check_positive("data_range", data_range)
    return 20 * torch.log10(data_range / rmse(pred, target, valid))
