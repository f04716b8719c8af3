"""A part of a map and of its result at full size, where there is most to see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap
from dsdmsr.pictures.reduce import ReducedMap

__all__ = ["Detail", "busiest_window"]

_LARGE_STEP = 0.02
"""The share of the map's range from which on a step counts in full."""


class Detail:
    """A window of a map, and what comes of its result and of an interpolation there.

    Args:
        lr_depth: The map.
        shape: Height and width of the result.
        size: Height and width of the window, in the result's pixels; at most those of the result.
    """

    def __init__(self, lr_depth: DepthMap, shape: tuple[int, int], size: tuple[int, int]) -> None:
        factors = [large / small for large, small in zip(shape, lr_depth.shape, strict=True)]
        height, width = (
            max(1, int(pixels / factor)) for pixels, factor in zip(size, factors, strict=True)
        )
        top, left = busiest_window(lr_depth, (height, width))
        self._rows = range(round(top * factors[0]), round((top + height) * factors[0]))
        self._columns = slice(round(left * factors[1]), round((left + width) * factors[1]))
        rows, columns = slice(top, top + height), slice(left, left + width)
        self.lr_depth = _as_it_is(lr_depth.values[rows, columns], lr_depth.valid[rows, columns])
        shape = len(self._rows), self._columns.stop - self._columns.start
        self._interpolated, self._values = np.zeros((2, *shape), np.float32)
        self._valid = np.zeros(shape, np.bool_)

    def add(
        self,
        first: int,
        interpolated: NDArray[np.float32],
        values: NDArray[np.float32],
        valid: NDArray[np.bool_],
    ) -> None:
        """Take rows of the interpolation and of the result, both n×W, from row `first` on."""
        begin = max(first, self._rows.start)
        end = min(first + len(values), self._rows.stop)
        if begin >= end:
            return
        here = slice(begin - self._rows.start, end - self._rows.start)
        of = slice(begin - first, end - first), self._columns
        self._interpolated[here], self._values[here] = interpolated[of], values[of]
        self._valid[here] = valid[of]

    @property
    def interpolated(self) -> ReducedMap:
        """The interpolation in the window, after the last rows."""
        return _as_it_is(self._interpolated, self._valid)

    @property
    def result(self) -> ReducedMap:
        """The result in the window, after the last rows."""
        return _as_it_is(self._values, self._valid)


def busiest_window(depth: DepthMap, size: tuple[int, int]) -> tuple[int, int]:
    """Return the top row and left column of the window in which a map has most steps.

    Args:
        depth: The map.
        size: Height and width of the window, at most those of the map.

    Example:
        >>> values = np.ones((6, 8))
        >>> values[4:, 5] = 2
        >>> busiest_window(DepthMap(values), (2, 3))
        (4, 4)
    """
    values = np.where(depth.valid, depth.values, 0).astype(np.float64)
    known = depth.values[depth.valid]
    large = _LARGE_STEP * float(known.max() - known.min()) if known.size else 0.0
    steps = np.zeros(depth.shape)
    for after, before in (
        (np.s_[1:], np.s_[:-1]),
        (np.s_[:, 1:], np.s_[:, :-1]),
    ):
        both = depth.valid[after] & depth.valid[before]
        step = np.abs(values[after] - values[before])
        steps[after] += np.where(both, np.minimum(step, large), 0)
    height, width = size
    sums = np.pad(steps, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    of_windows = sums[height:] - sums[:-height]
    of_windows = of_windows[:, width:] - of_windows[:, :-width]
    top, left = np.unravel_index(np.argmax(np.round(of_windows, 9)), of_windows.shape)
    return int(top), int(left)


def _as_it_is(values: NDArray[np.float32], valid: NDArray[np.bool_]) -> ReducedMap:
    """Return a map that is shown at full size."""
    rows, columns = (np.arange(pixels, dtype=np.float64) for pixels in values.shape)
    return ReducedMap(np.where(valid, values, 0), valid, rows, columns)
