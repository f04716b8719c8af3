"""Answers that are chosen among the small map's own values, instead of being regressed."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Candidates"]

_SPREAD = 0.5
"""Standard deviation, in pixels, of the weights that the choice begins with."""
_DECISIVENESS = 5.0
"""By what scores are multiplied, so that small changes of the weights soon decide a choice."""


class Candidates(nn.Module):
    """Turn scores into views: each pixel a weighted mean of the values around it.

    The weights are a softmax of the scores, which are taken relative to the neighbourhood's
    range, so that a low step is told from a high one by nothing but its height. Before anything
    is learned, weights fall off with the distance from the view's pixel.

    Args:
        side: Width and height of the neighbourhood, odd.

    Source:
        Distributions over a neighbourhood's depths instead of a regressed depth: Imran et al.,
        "Depth coefficients for depth completion", CVPR 2019.
    """

    prior: Tensor

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        places = torch.arange(side) - side // 2
        rows, columns = torch.meshgrid(places, places, indexing="ij")
        offsets = torch.tensor([(r, c) for r in (-0.25, 0.25) for c in (-0.25, 0.25)])
        square = (rows.flatten() - offsets[:, :1]) ** 2 + (columns.flatten() - offsets[:, 1:]) ** 2
        self.register_buffer("prior", -square / (2 * _SPREAD**2), persistent=False)

    def forward(
        self, scores: Float[Tensor, "b k h w"], depth: Float[Tensor, "b 1 h w"]
    ) -> Float[Tensor, "b 4 h w"]:
        """Return four views.

        Args:
            scores: ``side²`` for each of the four views, channels ordered (view, candidate).
            depth: The map whose values are the candidates.
        """
        margin = self.side // 2
        b, _, height, width = depth.shape
        padded = functional.pad(depth, (margin,) * 4, mode="replicate")
        values = functional.unfold(padded, self.side).reshape(b, 1, -1, height, width)
        span = (values.amax(2, True) - values.amin(2, True)).detach()
        relative = _DECISIVENESS * scores.reshape(b, 4, -1, height, width)
        relative = relative / torch.where(span > 0, span, 1.0)
        weights = (relative + self.prior[..., None, None]).softmax(2)
        return torch.sum(weights * values, 2)
