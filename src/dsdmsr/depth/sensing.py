"""Occlusion between two cameras side by side, and rounding to steps; for NumPy and torch alike."""

from __future__ import annotations

from typing import Any, TypeVar

__all__ = ["occluded", "quantise"]

_Array = TypeVar("_Array", bound=Any)


def occluded(disparity: _Array, reach: int) -> _Array:
    """Return which pixels the second camera does not see, to the right of nearer ones.

    A pixel is occluded if one that lies s columns to its left has a disparity larger by s or more.

    Args:
        disparity: An array or tensor ... h w, in pixels of shift.
        reach: How many columns to look at.

    Returns:
        Booleans of the same shape.

    Example:
        >>> import numpy as np
        >>> occluded(np.array([[2.0, 2.0, 0.0, 0.0, 0.0]]), 3).astype(int)
        array([[0, 0, 1, 1, 0]])
    """
    hidden: _Array = disparity != disparity
    for shift in range(1, min(reach + 1, disparity.shape[-1])):
        hidden[..., shift:] |= disparity[..., :-shift] - disparity[..., shift:] >= shift
    return hidden


def quantise(values: _Array, step: Any = 1.0) -> _Array:
    """Round to whole steps, half up: grey levels, millimetres.

    Args:
        values: An array or tensor in any unit.
        step: In the same unit; a number, or what broadcasts with `values`.

    Example:
        >>> import numpy as np
        >>> quantise(np.array([0.2, 0.25, 1.1]), 0.5)
        array([0. , 0.5, 1. ])
    """
    rounded: _Array = (values / step + 0.5) // 1 * step
    return rounded
