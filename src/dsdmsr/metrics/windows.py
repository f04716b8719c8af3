"""Extremes of windows around pixels, in torch."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["window_extreme"]


def window_extreme(
    values: Float[Tensor, "b c h w"], side: int | tuple[int, int], *, least: bool = False
) -> Float[Tensor, "b c h w"]:
    """Return the largest value of the window around each pixel, as far as the map goes.

    Args:
        values: The map, of any unit.
        side: The window's side, or height and width, in pixels; odd.
        least: Return the smallest value instead.
    """
    sides = (side, side) if isinstance(side, int) else side
    sign = -1 if least else 1
    padding = (sides[0] // 2, sides[1] // 2)
    return sign * functional.max_pool2d(sign * values, sides, 1, padding)
