"""Whether a map looks as if averages had made it small, or samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["looks_averaged", "softness"]

_LEAST = 0.05
"""Of the map's range, what counts as a step."""
_ALONE = 0.2
"""Of a step, what the surfaces beside it may change by from one pixel to the next."""
_BETWEEN = (0.2, 0.8)
"""Of a step, what is between its sides."""
_FEWEST = 30
"""Below so many steps nothing is said."""
_AVERAGED = 0.5
"""Share of soft steps from which a map looks averaged."""


def softness(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> float | None:
    """Return the share of a map's steps with a value in between; None if there are too few.

    A step is where two pixels with one between them, in a row or a column, differ by a twentieth
    of the map's range or more, and by five times what each differs from the pixel beyond. It is
    soft if the one between lies in the middle three fifths of it. Averages, as resizing with
    antialiasing takes them, leave half of all steps soft or more; samples, few.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w; steps beside others do not count.
    """
    if not valid.any():
        return None
    span = float(np.ptp(values[valid]))
    known = np.where(valid, values, 0.0).astype(np.float64)
    steps = soft = 0
    for axis in (0, 1):
        line, whole = np.moveaxis(known, axis, 0), np.moveaxis(valid, axis, 0)
        count = len(line) - 4
        if count < 1 or span == 0:
            continue
        beyond, first, middle, last, after = (line[k : k + count] for k in range(5))
        height = np.abs(last - first)
        beside = np.maximum(np.abs(first - beyond), np.abs(after - last))
        here = (height >= _LEAST * span) & (beside <= _ALONE * height)
        for k in range(5):
            here = here & whole[k : k + count]
        share = (middle - first)[here] / (last - first)[here]
        steps += share.size
        soft += int(((share > _BETWEEN[0]) & (share < _BETWEEN[1])).sum())
    return soft / steps if steps >= _FEWEST else None


def looks_averaged(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> bool:
    """Return whether half of a map's steps are soft, or more; see `softness`."""
    found = softness(values, valid)
    return found is not None and found >= _AVERAGED
