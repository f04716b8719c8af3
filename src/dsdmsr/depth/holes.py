"""Holes of depth maps: their filling for networks, their upscaling, and their sizes."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.windows import ROWS_AT_ONCE
from dsdmsr.errors import DepthError

__all__ = ["enlarge_valid", "fill_nearest", "hole_sizes"]

_Float = TypeVar("_Float", bound=np.floating)
_NEAR_COLUMNS, _FEW_COLUMNS = 64, 8
"""Within so many columns the nearest valid pixel is looked for column by column; within so few
where most pixels have none as near."""


def fill_nearest(values: NDArray[_Float], valid: NDArray[np.bool_]) -> NDArray[_Float]:
    """Give each invalid pixel the value of the valid pixel nearest to it (Euclidean).

    The nearest valid pixel of each column is found first, then the best over columns further and
    further away, until none can be nearer; in large holes by the lower envelope of parabolas, whose
    time doesn't grow with the distance.

    Args:
        values: H×W; what stands under invalid pixels is not looked at.
        valid: Which pixels are valid, H×W.

    Raises:
        DepthError: If no pixel is valid.

    Source:
        Felzenszwalb, Huttenlocher: "Distance transforms of sampled functions", Theory of Computing
        8, 2012.
    """
    if not valid.any():
        raise DepthError("no pixel of the map is valid: there is nothing to go by")
    if valid.all():
        return values
    height, width = valid.shape
    rows = np.arange(height, dtype=np.int32)[:, None]
    far = np.int32(4 * (height + width))
    above, below = np.where(valid, rows, -far), np.where(valid, rows, far)
    # Whole rows at a time: np.maximum.accumulate goes down one column after the other.
    for number in range(1, height):
        np.maximum(above[number], above[number - 1], out=above[number])
        np.minimum(below[-number - 1], below[-number], out=below[-number - 1])
    source_row = np.where(rows - above <= below - rows, above, below)
    with_valid = np.flatnonzero(valid.any(axis=0))
    few = 2 * _FEW_COLUMNS * len(with_valid) <= width
    filled = values.copy()
    # Part by part: what is squared and compared takes many times the map's memory.
    for top in range(0, height, ROWS_AT_ONCE):
        part = slice(top, top + ROWS_AT_ONCE)
        away = (source_row[part] - rows[part]).astype(np.int64)
        if few:
            nearest = _lowest_parabolas(away**2, with_valid)
            # Of two that are as near, that of the own column, as `_nearest_column` takes it.
            nearest = np.where(abs(away) <= 1, np.arange(width), nearest)
            source = np.take_along_axis(source_row[part], nearest, axis=1)
            filled[part] = values[source, nearest]
        else:
            row, column = np.divmod(np.flatnonzero(~valid[part]), width)
            nearest = _nearest_column(away**2, row, column, with_valid)
            filled[top + row, column] = values[source_row[top + row, nearest], nearest]
    return filled


def _nearest_column(
    in_column: NDArray[np.int64],
    row: NDArray[np.intp],
    column: NDArray[np.intp],
    with_valid: NDArray[np.intp],
) -> NDArray[np.intp]:
    """Return in which column the valid pixel nearest to each of some pixels is.

    Args:
        in_column: Squared distance from each pixel to the nearest valid one of its column, n×W.
        row: The pixels' rows among these n.
        column: Their columns.
        with_valid: The columns that have valid pixels.
    """
    width = in_column.shape[1]
    distances, start = in_column.ravel(), row * width
    nearest, best = column.copy(), distances[start + column]
    which = np.arange(len(row))
    for step in range(1, width):
        # Those left may have a nearer one in columns that far away. For others no distance is less,
        # so they can stay until dropping them is worth it.
        left = np.flatnonzero(best > step * step)
        if not left.size:
            break
        if step > _NEAR_COLUMNS or (step > _FEW_COLUMNS and left.size > len(row) // 2):
            still, of_row = which[left], row[which[left]]
            rows = np.flatnonzero(np.bincount(of_row, minlength=len(in_column)))
            place = np.empty(len(in_column), np.intp)
            place[rows] = np.arange(len(rows))
            lowest = _lowest_parabolas(in_column[rows], with_valid)
            nearest[still] = lowest[place[of_row], column[left]]
            break
        if left.size < 0.8 * which.size:
            which, start, column, best = which[left], start[left], column[left], best[left]
        # Where the map ends its last column is looked at again, from further away: to no effect.
        for other in (np.maximum(column - step, 0), np.minimum(column + step, width - 1)):
            distance = distances[start + other] + step * step
            nearer = np.flatnonzero(distance < best)
            best[nearer] = distance[nearer]
            nearest[which[nearer]] = other[nearer]
    return nearest


def _lowest_parabolas(heights: NDArray[np.int64], vertices: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return which parabola is lowest at each column of each row, n×W.

    Args:
        heights: How high each column's parabola is at its vertex, which is in that column, n×W.
        vertices: The columns that have a parabola, at least one, ascending.
    """
    count, width = heights.shape
    every = np.arange(count)
    # Of each row, the columns whose parabolas are lowest somewhere so far, and from where on.
    columns = np.full((count, len(vertices)), vertices[0])
    begins = np.full((count, len(vertices)), -np.inf)
    top = np.zeros(count, np.intp)
    for column in vertices[1:]:
        row = every
        while row.size:
            last = columns[row, top[row]]
            risen = heights[row, column] + column**2 - heights[row, last] - last**2
            meets = risen / (2 * (column - last))
            hidden = meets <= begins[row, top[row]]
            kept = row[~hidden]
            top[kept] += 1
            columns[kept, top[kept]] = column
            begins[kept, top[kept]] = meets[~hidden]
            row = row[hidden]
            top[row] -= 1
    lowest = np.empty((count, width), np.intp)
    for number, of_row in enumerate(begins):
        known = of_row[: top[number] + 1]
        place = np.searchsorted(known, np.arange(width), side="right") - 1
        lowest[number] = columns[number, place]
    return lowest


def enlarge_valid(
    valid: NDArray[np.bool_],
    scale: int,
    top: int = 0,
    bottom: int | None = None,
    *,
    into: NDArray[np.bool_] | None = None,
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
        into: The array to use. Default: a new one.
    """
    bottom = len(valid) if bottom is None else bottom
    large = into
    if large is None:
        large = np.empty((scale * (bottom - top), scale * valid.shape[1]), np.bool_)
    # Part by part: what chooses among cases takes many times the map's memory.
    for first in range(top, bottom, ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, bottom)
        part = large[scale * (first - top) : scale * (last - top)]
        around = valid[max(0, first - 1) : last + 1]
        if around.all() or not around.any():
            part.fill(around.flat[0])
        else:
            edge = (int(first == 0), int(last == len(valid))), (1, 1)
            _enlarge_into(part, np.pad(around, edge, mode="edge"), scale)
    return large


def _enlarge_into(large: NDArray[np.bool_], padded: NDArray[np.bool_], scale: int) -> None:
    """Put what is valid of the larger map into an array, from a map with a border of one pixel."""
    # Between the centres of four pixels it depends on these four alone, which are one of 16 cases.
    ones = padded.view(np.uint8)
    case = ones[:-1, :-1] + 2 * ones[:-1, 1:] + 4 * ones[1:, :-1] + 8 * ones[1:, 1:]
    case = case.astype(np.intp)
    before = scale // 2  # of a pixel's rows and columns, those before its centre
    after = scale - before
    for row, shown in enumerate(_between_centres(scale)):
        between = shown.take(case, axis=0).reshape(len(case), -1)
        between = between[:, after : after + large.shape[1]]
        if row < after:
            large[before + row :: scale] = between[1:]
        else:
            large[row - after :: scale] = between[:-1]


@lru_cache
def _between_centres(scale: int) -> NDArray[np.bool_]:
    """Return what is valid of the pixels between the centres of four: scale × 16 × scale.

    The first axis is the row. The second is the case: the sum of 1, 2, 4 and 8 for the left and
    right one above and the left and right one below, if they are valid.
    """
    # Weights in units of 1 / (2·scale), so that halves are exact.
    after = 2 * (np.arange(scale) + scale // 2) + 1 - scale
    weights = np.stack([2 * scale - after, after])
    corners = (np.arange(16)[:, None] >> np.arange(4) & 1).reshape(16, 2, 2)
    share = np.einsum("cyx,yi,xj->icj", corners, weights, weights)
    return np.asarray(share > 2 * scale**2)


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
