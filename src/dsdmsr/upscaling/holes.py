"""Holes: what the network sees in them, and what becomes of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import DepthError

__all__ = ["enlarge_valid", "fill_nearest", "hole_sizes"]


def fill_nearest(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
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
    rows = np.arange(height, dtype=np.int64)[:, None]
    far = 4 * (height + width)
    above = np.maximum.accumulate(np.where(valid, rows, -far), axis=0)
    below = np.minimum.accumulate(np.where(valid, rows, far)[::-1], axis=0)[::-1]
    source_row = np.where(rows - above <= below - rows, above, below)
    in_column = (source_row - rows) ** 2
    best, best_column = in_column.copy(), np.broadcast_to(np.arange(width), valid.shape).copy()
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
            columns = np.broadcast_to(np.arange(width), valid.shape)[target] + shift
            best_column[target][nearer] = columns[nearer]
    return np.asarray(values[np.take_along_axis(source_row, best_column, axis=1), best_column])


def enlarge_valid(valid: NDArray[np.bool_], scale: int) -> NDArray[np.bool_]:
    """Return which pixels of a map `scale` times as large are valid.

    The border of a hole runs half-way between the centres of valid and invalid pixels, and cuts
    corners: it is where the linear interpolation of 0 and 1 is one half. Each small pixel, valid
    or not, keeps some of its large ones.
    """
    if valid.all() or not valid.any():
        return np.full((scale * valid.shape[0], scale * valid.shape[1]), bool(valid.flat[0]))
    share = valid.astype(np.float32)
    for axis in (0, 1):
        share = _interpolated(share, axis, scale)
    return np.asarray(share > 0.5)


def _interpolated(values: NDArray[np.float32], axis: int, scale: int) -> NDArray[np.float32]:
    """Return values linearly interpolated along an axis; the outermost are repeated."""
    length = values.shape[axis]
    places = (np.arange(scale * length, dtype=np.float32) + 0.5) / scale - 0.5
    below = np.floor(places).astype(np.int64)
    weight = (places - below).astype(np.float32)
    weight = weight[:, None] if axis == 0 else weight
    low, high = (values.take(np.clip(below + k, 0, length - 1), axis) for k in (0, 1))
    return np.asarray((1 - weight) * low + weight * high)


def hole_sizes(valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return of how many pixels the hole is that each pixel belongs to; 0 for valid pixels.

    Invalid pixels that share an edge belong to one hole.
    """
    count = valid.size
    # Each hole's pixels come to bear its least number: neighbours pass theirs on, and each takes
    # that of the pixel whose number it bears.
    label = np.where(valid, count, np.arange(count).reshape(valid.shape))
    while True:
        padded = np.pad(label, 1, constant_values=count)
        around = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
        least = np.minimum.reduce([label, *around])
        least = np.where(valid, count, least)
        least = np.append(least.ravel(), count)[least]
        if np.array_equal(least, label):
            break
        label = least
    sizes = np.bincount(label.ravel(), minlength=count + 1)
    sizes[count] = 0
    return np.asarray(sizes[label])
