"""Holes of depth maps: their filling for networks, their upscaling, and their sizes."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.windows import ROWS_AT_ONCE
from dsdmsr.errors import DepthError

__all__ = ["enlarge_valid", "fill_nearest", "hole_sizes"]

_Float = TypeVar("_Float", bound=np.floating)


def fill_nearest(values: NDArray[_Float], valid: NDArray[np.bool_]) -> NDArray[_Float]:
    """Give each invalid pixel the value of the valid pixel nearest to it (Euclidean).

    The nearest valid pixel of each column is found first, then the best over columns further and
    further away, until none can be nearer.

    Args:
        values: H×W; what stands under invalid pixels is not looked at.
        valid: Which pixels are valid, H×W.

    Raises:
        DepthError: If no pixel is valid.
    """
    if not valid.any():
        raise DepthError("no pixel of the map is valid: there is nothing to go by")
    if valid.all():
        return values
    height, width = valid.shape
    rows = np.arange(height, dtype=np.int32)[:, None]
    far = np.int32(4 * (height + width))
    above = np.maximum.accumulate(np.where(valid, rows, -far), axis=0)
    below = np.minimum.accumulate(np.where(valid, rows, far)[::-1], axis=0)[::-1]
    source_row = np.where(rows - above <= below - rows, above, below)
    filled = np.empty_like(values)
    # Part by part: what is squared and compared takes many times the map's memory.
    for top in range(0, height, ROWS_AT_ONCE):
        part = slice(top, top + ROWS_AT_ONCE)
        nearest = _nearest_column(source_row[part].astype(np.int64) - rows[part])
        filled[part] = values[np.take_along_axis(source_row[part], nearest, axis=1), nearest]
    return filled


def _nearest_column(away: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return in which column the valid pixel nearest to each pixel is.

    Args:
        away: By how many rows the nearest one of the pixel's own column is away, n×W.
    """
    width = away.shape[1]
    in_column = away**2
    best, best_column = in_column.copy(), np.broadcast_to(np.arange(width), away.shape).copy()
    for step in range(1, width):
        if step * step >= best.max():
            break
        for target, source in (
            (np.s_[:, step:], np.s_[:, :-step]),
            (np.s_[:, :-step], np.s_[:, step:]),
        ):
            distance = in_column[source] + step * step
            nearer = distance < best[target]
            best[target][nearer] = distance[nearer]
            shift = -step if target == np.s_[:, step:] else step
            columns = np.broadcast_to(np.arange(width), away.shape)[target] + shift
            best_column[target][nearer] = columns[nearer]
    return best_column


def enlarge_valid(
    valid: NDArray[np.bool_], scale: int, top: int = 0, bottom: int | None = None
) -> NDArray[np.bool_]:
    """Return which pixels of a map `scale` times as large are valid.

    The border of a hole runs half-way between the centres of valid and invalid pixels, and cuts
    corners: it is where the linear interpolation of 0 and 1 is one half. Each low-resolution
    pixel, valid or not, keeps some of its high-resolution ones.

    Args:
        valid: What is valid of the low-resolution map, H×W.
        scale: The factor.
        top: The first of its rows that is looked at.
        bottom: The one after the last. Default: all.
    """
    rows = (bottom if bottom is not None else valid.shape[0]) - top
    if valid.all() or not valid.any():
        return np.full((scale * rows, scale * valid.shape[1]), bool(valid.flat[0]))
    share = _interpolated(valid.astype(np.float32), 0, scale, top, rows)
    return np.asarray(_interpolated(share, 1, scale, 0, valid.shape[1]) > 0.5)


def _interpolated(
    values: NDArray[np.float32], axis: int, scale: int, first: int, count: int
) -> NDArray[np.float32]:
    """Return `count` values linearly interpolated along an axis; the outermost are repeated."""
    length = values.shape[axis]
    places = first + (np.arange(scale * count) + 0.5) / scale - 0.5
    below = np.floor(places).astype(np.int64)
    weight = (places - below).astype(np.float32)
    weight = weight[:, None] if axis == 0 else weight
    low, high = (values.take(np.clip(below + k, 0, length - 1), axis) for k in (0, 1))
    return np.asarray((1 - weight) * low + weight * high)


def hole_sizes(valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return of how many pixels the hole is that each pixel belongs to; 0 for valid pixels.

    Invalid pixels that share an edge belong to one hole.
    """
    # Each hole's pixels come to bear its least number: neighbours pass theirs on, and each takes
    # that of the pixel whose number it bears. Valid pixels bear none.
    rows, columns = np.nonzero(~valid)
    count = len(rows)
    number = np.full((valid.shape[0] + 2, valid.shape[1] + 2), count, np.int64)
    number[rows + 1, columns + 1] = np.arange(count)
    around = [
        number[rows + 1 + down, columns + 1 + right]
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1))
    ]
    label = np.arange(count + 1)
    while True:
        least = label.copy()
        for beside in around:
            np.minimum(least[:count], label[beside], out=least[:count])
        least = least[least]
        if np.array_equal(least, label):
            break
        label = least
    sizes = np.zeros(valid.shape, np.int64)
    sizes[rows, columns] = np.bincount(label[:count], minlength=count)[label[:count]]
    return sizes
