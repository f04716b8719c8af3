"""Candidates for each output pixel: a regressed value and the input's values around it."""

from __future__ import annotations

from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["SHARPNESS", "Candidates"]

_SPREAD = 0.5
"""Standard deviation, in pixels, of the initial weights of the values around."""
_REGRESSED = 2.0
"""Initial score of the regressed value, which gives it most of the weight."""
SHARPNESS = 5.0
"""Factor of the scores, so that small changes of the weights soon decide a choice."""


class Candidates(nn.Module):
    """Turn scores into views: each pixel is a weighted mean of its candidates.

    Candidates are a regressed value and the low-resolution values in a square around the pixel, one
    of which is often exact beside an edge. The weights are a softmax of the scores relative to the
    square's range, so that what is learned from a high step holds for a low one.

    Args:
        side: Width and height of the square, odd.

    Attributes:
        count: The number of candidates.

    Source:
        Distributions over a neighbourhood's depths instead of a regressed depth: Imran et al.,
        "Depth coefficients for depth completion", CVPR 2019.
    """

    prior: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side, self.count = side, side**2 + 1
        places = torch.arange(side) - side // 2
        rows, columns = torch.meshgrid(places, places, indexing="ij")
        offsets = torch.tensor([(r, c) for r in (-0.25, 0.25) for c in (-0.25, 0.25)])
        square = (rows.flatten() - offsets[:, :1]) ** 2 + (columns.flatten() - offsets[:, 1:]) ** 2
        prior = torch.cat([torch.full((4, 1), _REGRESSED), -square / (2 * _SPREAD**2)], 1)
        self.register_buffer("prior", prior[..., None, None], persistent=False)

    def forward(
        self,
        scores: Float[Tensor, "b k h w"],
        regressed: Float[Tensor, "b 4 h w"],
        depth: Float[Tensor, "b 1 h w"],
    ) -> Float[Tensor, "b 4 h w"]:
        """Return four views.

        Args:
            scores: ``count`` for each of the four views, channels ordered (view, candidate), the
                regressed value's first.
            regressed: The regressed views.
            depth: The low-resolution map.
        """
        margin = self.side // 2
        height, width = depth.shape[-2:]
        padded = functional.pad(depth, (margin,) * 4, mode="replicate")
        rows_and_columns = product(range(self.side), repeat=2)
        values = torch.cat(
            [padded[..., r : r + height, c : c + width] for r, c in rows_and_columns], 1
        )
        span = (values.amax(1, True) - values.amin(1, True)).detach()
        sharpness = SHARPNESS / torch.where(span > 0, span, 1.0)
        views = []
        # View by view, since scores and weights are the largest tensors of the network.
        for view, own in enumerate(torch.split(scores, self.count, 1)):
            scaled = own * sharpness + self.prior[view]
            # Softmax, whose division comes last, since there is one mean for all candidates.
            weights = (scaled - scaled.amax(1, True)).exp()
            chosen = torch.sum(weights[:, 1:] * values, 1, keepdim=True)
            chosen = chosen + weights[:, :1] * regressed[:, view : view + 1]
            views.append(chosen / weights.sum(1, keepdim=True))
        return torch.cat(views, 1)
