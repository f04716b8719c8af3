"""Views: the four sub-grids of a ×2 larger map, and their interleaving."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["interleave", "repeat_views", "split_views"]


def interleave(views: Float[Tensor, "b c4 h w"]) -> Float[Tensor, "b c h2 w2"]:
    """Interleave views into a map of twice the size.

    View ``2·r + c`` of each output channel holds the pixels ``(2i + r, 2j + c)``.

    Args:
        views: Four views for every output channel, channels ordered (channel, view).

    Returns:
        The interleaved map, ``b c 2h 2w``.

    Raises:
        RuntimeError: If the number of channels is not a multiple of four.

    Source:
        Song, Dai, Qin: arXiv 1808.08688, section 3 (view synthesis).
    """
    return functional.pixel_shuffle(views, 2)


def split_views(depth: Float[Tensor, "b c h2 w2"]) -> Float[Tensor, "b c4 h w"]:
    """Split a map of even size into its four views; the inverse of `interleave`."""
    return functional.pixel_unshuffle(depth, 2)


def repeat_views(depth: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 4 h w"]:
    """Repeat a map four times: the views of its nearest-neighbour ×2 upsampling."""
    return depth.expand(-1, 4, -1, -1)
