"""Values for invalid pixels while the network looks at a map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import DepthError

__all__ = ["fill_nearest"]


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
