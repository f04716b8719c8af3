"""Rows of a map, and the filtering of maps that come in bands of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap
from dsdmsr.upscaling.sizes import Goal

__all__ = ["Buffers", "Rows", "collect", "empty_map", "filter_bands", "new_rows"]


class Rows(NamedTuple):
    """Some rows of a map, full width."""

    values: NDArray[np.float32]
    """n×W."""
    valid: NDArray[np.bool_]
    """n×W."""
    error: NDArray[np.float32] | None = None
    """The absolute error that is expected of the values, n×W."""

    def followed_by(self, more: Rows) -> Rows:
        """Return these rows and those below them."""
        error = None
        if self.error is not None and more.error is not None:
            error = np.concatenate([self.error, more.error])
        return Rows(
            np.concatenate([self.values, more.values]),
            np.concatenate([self.valid, more.valid]),
            error,
        )

    def as_map(self, depth: DepthMap, goal: Goal, *, copy: bool = True) -> DepthMap:
        """Return these rows of what a map becomes as a map with all that it is and says.

        Args:
            depth: The low-resolution map.
            goal: The size that it becomes.
            copy: Whether arrays are copied; see `DepthMap`.
        """
        x, y = goal.axes(*depth.shape)
        return DepthMap(
            self.values,
            self.valid,
            kind=depth.kind,
            unit=depth.unit,
            intrinsics=depth.intrinsics and depth.intrinsics.mapped(x, y),
            stereo=depth.stereo,
            encoding=depth.encoding,
            error=self.error,
            metadata=depth.metadata.mapped(x, y),
            copy=copy,
        )

    def part(self, which: slice) -> Rows:
        """Return some of the rows."""
        error = None if self.error is None else self.error[which]
        return Rows(self.values[which], self.valid[which], error)


class Buffers:
    """Arrays for one map after the other: each map overwrites the one before, if it is as large."""

    def __init__(self) -> None:
        self._rows: Rows | None = None

    def rows(self, height: int, width: int, *, errors: bool) -> Rows:
        """Return the arrays for a map, with anything in them; see `new_rows`."""
        held = self._rows
        if (
            held is None
            or held.values.shape != (height, width)
            or (held.error is not None) != errors
        ):
            held = self._rows = new_rows(height, width, errors=errors)
        # Views, since a map makes its arrays read-only.
        return held.part(slice(None))


def new_rows(height: int, width: int, *, errors: bool) -> Rows:
    """Return arrays for rows, with anything in them.

    Args:
        height: How many rows there are.
        width: Their width.
        errors: Whether they have expected errors.
    """
    shape = height, width
    error = np.empty(shape, np.float32) if errors else None
    return Rows(np.empty(shape, np.float32), np.empty(shape, np.bool_), error)


def empty_map(depth: DepthMap, goal: Goal, *, errors: bool = False) -> DepthMap:
    """Return what a map without a valid pixel becomes: a larger one without any.

    Args:
        depth: The map.
        goal: The size that it becomes.
        errors: Whether the result has expected errors, none of them known.
    """
    rows = new_rows(goal.height, goal.width, errors=errors)
    rows.valid.fill(False)
    rows.values.fill(0)
    if rows.error is not None:
        rows.error.fill(np.nan)
    return rows.as_map(depth, goal, copy=False)


def collect(bands: Iterator[Rows], into: Rows) -> Rows:
    """Return all rows of a map in arrays that are given.

    Args:
        bands: The rows, from the top to the bottom, in bands of any height.
        into: The arrays; see `new_rows`.
    """
    values, valid, error = into
    top = 0
    for band in bands:
        here = slice(top, top + len(band.values))
        values[here], valid[here] = band.values, band.valid
        if error is not None and band.error is not None:
            error[here] = band.error
        top = here.stop
    return into


def filter_bands(
    bands: Iterator[Rows],
    compute: Callable[[Rows, int, range], Rows],
    *,
    ready: Callable[[int], int],
    first_needed: Callable[[int], int],
) -> Iterator[Rows]:
    """Yield the rows of a filtered map, each as soon as the rows that it depends on have come.

    Input rows are held until no output row needs them any more, so that memory stays bounded.

    Args:
        bands: The input's rows, from the top to the bottom, in bands of any height.
        compute: Input rows that are held, the number of the first of them, and the numbers of
            output rows → these output rows.
        ready: Number of input rows that have come → number of output rows that can be computed.
        first_needed: Number of output rows that are done → the first input row that others need.
    """
    held: Rows | None = None
    top, done = 0, 0
    for band in bands:
        held = band if held is None else held.followed_by(band)
        end = ready(top + len(held.values))
        if end <= done:
            continue
        yield compute(held, top, range(done, end))
        done = end
        drop = min(max(first_needed(done) - top, 0), len(held.values))
        held, top = held.part(slice(drop, None)), top + drop
