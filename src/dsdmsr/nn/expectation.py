"""Error estimates: the absolute error that a stage expects of its prediction."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dsdmsr.nn.units import init_near_zero

__all__ = ["LOG_ERRORS", "MIN_MAGNITUDE", "ExpectedErrors"]

LOG_ERRORS = (-12.0, 0.0)
"""Smallest and largest logarithm of an expected error, as a share of the map's range."""
MIN_MAGNITUDE = 1e-5
"""Magnitude below which features count as zero."""


class ExpectedErrors(nn.Module):
    """Estimate a prediction's errors from the features that it is computed from.

    Features grow with the differences of depth around a pixel, and so do errors. The inputs are
    therefore the features divided by their magnitude, and the logarithm of that magnitude; the
    output is the ratio of error to magnitude.

    Args:
        features: Channels of the features.
        width: Channels of the hidden layer.
    """

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.hidden = nn.Conv2d(1 + features, width, 3, padding=1)
        self.ratios = nn.Conv2d(width, 4, 1)
        init_near_zero(self.ratios)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 4 h w"]:
        """Return views of the natural logarithm of the absolute errors expected."""
        # Only the prediction's loss trains the features.
        given = features.detach().to(self.hidden.weight.dtype)
        magnitude = (given.square().mean(1, keepdim=True) + MIN_MAGNITUDE**2).sqrt()
        log_magnitude = magnitude.log()
        hidden = self.hidden(torch.cat([1 + log_magnitude / 4, given / magnitude], 1)).relu()
        views = self.ratios(hidden).to(log_magnitude.dtype) + log_magnitude
        return torch.clamp(views, *LOG_ERRORS)
