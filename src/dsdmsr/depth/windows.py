"""Windows around the pixels of a map, and what is found in them, with NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ROWS_AT_ONCE", "window_extreme", "window_sum"]

ROWS_AT_ONCE = 256
"""Rows of a map that are worked on at once where that takes many times their memory."""


def window_extreme(values: NDArray[np.float32], radius: int, pick: np.ufunc) -> NDArray[np.float32]:
    """Return the least or the greatest value of the square around each pixel.

    Args:
        values: H×W.
        radius: Pixels to each side; squares end where the map does.
        pick: `numpy.minimum` or `numpy.maximum`.
    """
    for axis in (0, 1):
        width = [(0, 0), (0, 0)]
        width[axis] = (radius, radius)
        padded, length = np.pad(values, width, mode="edge"), values.shape[axis]
        shifted = [padded.take(range(k, k + length), axis) for k in range(2 * radius + 1)]
        values = np.asarray(pick.reduce(shifted), np.float32)
    return values


def window_sum(values: NDArray[np.floating], radius: int) -> NDArray[np.float64]:
    """Return the sum of the square around each pixel.

    Args:
        values: H×W.
        radius: Pixels to each side; squares end where the map does.
    """
    total = values.astype(np.float64)
    for axis in (0, 1):
        length = total.shape[axis]
        ends = np.arange(length)
        sums = np.insert(np.cumsum(total, axis), 0, 0, axis)
        last, first = np.minimum(ends + radius + 1, length), np.maximum(ends - radius, 0)
        total = sums.take(last, axis) - sums.take(first, axis)
    return total
