"""Extremes of the windows around pixels, in torch; `dsdmsr.depth.windows` has NumPy's."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["window_extreme"]


def window_extreme(
    values: Float[Tensor, "*b h w"], radius: int, pick: Literal["min", "max"]
) -> Float[Tensor, "*b h w"]:
    """Return the least or the greatest value of the square window around each pixel.

    Args:
        values: One map or several; ±inf in pixels that must not count.
        radius: Pixels to each side; windows end where the map does.
        pick: ``min`` or ``max``.

    Example:
        >>> import torch
        >>> window_extreme(torch.tensor([[1.0, 5.0, 2.0, 3.0]]), 1, "max")
        tensor([[5., 5., 5., 3.]])
    """
    sign, side = (1 if pick == "max" else -1), 2 * radius + 1
    most = (sign * values).reshape(-1, 1, *values.shape[-2:])
    most = functional.max_pool2d(most, (side, 1), 1, (radius, 0))
    most = functional.max_pool2d(most, (1, side), 1, (0, radius))
    return sign * most.reshape(values.shape)
