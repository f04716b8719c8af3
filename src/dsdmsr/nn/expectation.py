"""Which errors an answer is expected to have."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dsdmsr.nn.units import begin_small
from dsdmsr.nn.views import interleave

__all__ = ["ExpectedErrors"]

_LOG_ERRORS = (-12.0, 0.0)
"""Least and greatest logarithm of an expected error, as a share of the map's range."""
_LEAST_SIZE = 1e-5
"""Of features, below which they are taken for none."""


class ExpectedErrors(nn.Module):
    """Tell an answer's errors by the features that it is made from.

    Features grow with the differences of depth around a pixel, and so do errors. So it looks at
    features divided by their size, and at that size's logarithm, and tells how much larger than
    the size an error is.

    Args:
        features: Channels of the features.
        width: Channels of the layer between.
    """

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.hidden = nn.Conv2d(1 + features, width, 3, padding=1)
        self.ratios = nn.Conv2d(width, 4, 1)
        begin_small(self.ratios)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 2*h 2*w"]:
        """Return the natural logarithm of the absolute errors expected; see `StageOutput`."""
        # What the features are is for the answer alone to say.
        given = features.detach().to(self.hidden.weight.dtype)
        size = (given.square().mean(1, keepdim=True) + _LEAST_SIZE**2).sqrt()
        log_size = size.log()
        hidden = self.hidden(torch.cat([1 + log_size / 4, given / size], 1)).relu()
        views = self.ratios(hidden).to(log_size.dtype) + log_size
        return interleave(views.clamp(*_LOG_ERRORS))
