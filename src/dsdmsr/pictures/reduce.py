"""Maps reduced to a size while their rows come in."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Reduced", "ReducedMap", "enlarged", "fitted"]

_Number = TypeVar("_Number", bound=np.generic)


class ReducedMap(NamedTuple):
    """A map at no more than the size at which it is shown."""

    values: NDArray[np.float32]
    """h×w, 0 under invalid pixels."""
    valid: NDArray[np.bool_]
    """h×w: where half the area is valid."""
    rows: NDArray[np.float64]
    """Where each row lies among those of the whole map: the mean of what is in it."""
    columns: NDArray[np.float64]
    """The same for each column."""


class Reduced:
    """Gather the rows of a map; keep the mean of the valid area under each pixel of a smaller one.

    Args:
        shape: Height and width of the map.
        size: Height and width of what is kept, none of them larger.
    """

    def __init__(self, shape: tuple[int, int], size: tuple[int, int]) -> None:
        self._rows, self._columns = (
            np.linspace(0, many, few + 1) for many, few in zip(shape, size, strict=True)
        )
        self._sums, self._areas = np.zeros(size), np.zeros(size)
        self._come = 0

    def add(self, values: NDArray[np.floating], valid: NDArray[np.bool_]) -> None:
        """Take the next rows of the map.

        Args:
            values: n×W; what stands under invalid pixels is not looked at.
            valid: n×W.
        """
        top, self._come = self._come, self._come + len(values)
        edges = self._rows
        first = np.searchsorted(edges, top, "right") - 1
        end = int(np.searchsorted(edges, self._come, "left"))
        # How much of each row that came lies in each row that is kept.
        rows = np.arange(top, self._come)
        above = np.maximum(edges[first:end, None], rows)
        below = np.minimum(edges[first + 1 : end + 1, None], rows + 1)
        share = np.clip(below - above, 0, None)
        for kept, numbers in (
            (self._sums, np.where(valid, values, 0).astype(np.float64)),
            (self._areas, valid.astype(np.float64)),
        ):
            kept[first:end] += share @ _sums_between(self._columns, numbers)

    def result(self) -> ReducedMap:
        """Return the reduced map, after the last rows."""
        area = (self._rows[1] - self._rows[0]) * (self._columns[1] - self._columns[0])
        valid = self._areas >= area * (0.5 - 1e-9)
        means = np.where(valid, self._sums, 0) / np.where(valid, self._areas, 1)
        return ReducedMap(
            means.astype(np.float32), valid, *(map(_centres, (self._rows, self._columns)))
        )


def _sums_between(edges: NDArray[np.float64], numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of each row between edges, pixels cut where these are.

    Args:
        edges: From 0 to the rows' width, at least 1 apart.
        numbers: n×W.
    """
    whole = np.floor(edges).astype(np.int64)
    cut = edges - whole
    sums = np.add.reduceat(numbers, whole[:-1], axis=1)
    sums -= numbers[:, whole[:-1]] * cut[:-1]
    sums[:, :-1] += numbers[:, whole[1:-1]] * cut[1:-1]
    return np.asarray(sums)


def _centres(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean place of what is between edges."""
    places = np.arange(round(float(edges[-1])), dtype=np.float64)
    return np.asarray(_sums_between(edges, places[None])[0] / np.diff(edges))


def fitted(shape: tuple[int, int], box: tuple[int, int], least: int = 1) -> tuple[int, int]:
    """Return the size at which a map fits a box: a whole number of times as large, or reduced.

    Args:
        shape: Height and width of the map.
        box: The largest height and width.
        least: The least height and width, even if the map gets another shape.
    """
    factor = min(most / pixels for most, pixels in zip(box, shape, strict=True))
    if factor >= 1:
        factor = math.floor(factor)
    height, width = (max(least, round(factor * pixels)) for pixels in shape)
    return height, width


def enlarged(array: NDArray[_Number], size: tuple[int, int]) -> NDArray[_Number]:
    """Return an array with its pixels repeated to a size, H×W or H×W×C."""
    rows, columns = (
        ((np.arange(many) + 0.5) * few / many).astype(np.int64)
        for many, few in zip(size, array.shape, strict=False)
    )
    large: NDArray[_Number] = array[rows][:, columns]
    return large
