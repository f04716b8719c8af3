"""Bicubic interpolation of maps with holes, some rows at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.holes import fill_nearest
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.phase import Axis, Phase, axis
from dsdmsr.depth.resize import cubic

__all__ = ["Bicubic"]

_LARGEST = float(np.finfo(np.float32).max)


class Bicubic:
    """Interpolate a map by bicubic convolution (a = -0.5), as MATLAB's ``imresize`` does.

    Holes are filled with their nearest valid values first, so that none takes part; in a map
    without a valid pixel, all is 0. Rows are computed when they are asked for: the whole result
    need not be in memory.

    Args:
        depth: The low-resolution map, h×w.
        shape: Height and width of the result, at least those of the map.
        phase: Where the map's pixels sit among those of the result.

    Example:
        >>> depth = DepthMap([[1.0, 2.0, 3.0, 4.0]], [[True, True, True, False]])
        >>> Bicubic(depth, (1, 4)).rows(0, 1).tolist()
        [[1.0, 2.0, 3.0, 3.0]]
    """

    def __init__(self, depth: DepthMap, shape: tuple[int, int], phase: Phase = "centre") -> None:
        self._filled = depth.values
        if depth.valid.any():
            self._filled = fill_nearest(depth.values, depth.valid)
        down, right = (
            axis(pixels, larger, phase) for pixels, larger in zip(depth.shape, shape, strict=True)
        )
        self._down = down
        self._columns, self._column_weights = _taps(right, np.arange(shape[1]), depth.shape[1])

    def rows(self, first: int, end: int) -> NDArray[np.float32]:
        """Return the rows from `first` to before `end` of the result, n×W."""
        rows, weights = _taps(self._down, np.arange(first, end), len(self._filled))
        top = rows.min()
        used = self._filled[top : rows.max() + 1].astype(np.float64)
        across = sum(
            weight * used[:, column]
            for column, weight in zip(self._columns, self._column_weights, strict=True)
        )
        down = sum(
            weight[:, None] * across[row - top] for row, weight in zip(rows, weights, strict=True)
        )
        # It overshoots, if need be beyond the largest float32.
        return np.asarray(np.clip(down, -_LARGEST, _LARGEST), np.float32)


def _taps(
    along: Axis, places: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which four pixels of an axis each place is interpolated from, and their weights.

    Beyond the border lies the mirrored map, its edge pixel repeated.

    Returns:
        Twice 4×n.
    """
    centre = (places - along.offset) / along.factor
    index = np.floor(centre).astype(np.int64) + np.arange(-1, 3)[:, None]
    weights = cubic(centre - index)
    folded = index % (2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded), weights / weights.sum(0)
