"""Edges without depths between two surfaces, for points in space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.windows import window_extreme
from dsdmsr.upscaling.rows import Rows, filter_bands

__all__ = ["sharpen"]

_REACH = 2
"""Pixels to each side among which a pixel's surface is looked for."""
_ON_A_SURFACE = 0.2
"""Share of a jump's height within which a pixel counts as lying on a surface."""
_FLAT = 1.5
"""How much more than within `_REACH` values may differ within twice that, beside a jump: between
surfaces they hardly differ more; on a slope, twice as much."""
_CONTEXT = 3 * _REACH
"""Rows above and below on which a row depends."""


def sharpen(bands: Iterator[Rows], height: int) -> Iterator[Rows]:
    """Yield a map's rows with each pixel between two surfaces put on the nearer one.

    A pixel lies between two surfaces if it is further than a fifth of the range of the 5×5 pixels
    around from both ends of this range, and the 9×9 pixels around span little more: on a slope
    they would span twice as much. It gets the value nearest to its own among those of the 5×5
    that lie on a surface; where there is none, it stays.

    Args:
        bands: The rows, from the top to the bottom, in bands of any height.
        height: How many there are.
    """

    def compute(held: Rows, top: int, rows: range) -> Rows:
        sharp = held._replace(values=_sharpened(held.values))
        return sharp.part(slice(rows.start - top, rows.stop - top))

    return filter_bands(
        bands,
        compute,
        ready=lambda bottom: height if bottom == height else bottom - _CONTEXT,
        first_needed=lambda done: done - _CONTEXT,
    )


def _sharpened(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns, between = _between_surfaces(values)
    now = values[rows, columns]
    # Of the values on surfaces, the nearest so far, and how far it is from the pixel's own.
    best, distance = now.copy(), np.full(now.shape, np.inf, np.float32)
    padded, open_ = np.pad(values, _REACH, mode="edge"), np.pad(between, _REACH, mode="edge")
    for down in range(2 * _REACH + 1):
        for right in range(2 * _REACH + 1):
            place = rows + down, columns + right
            value = padded[place]
            away = np.where(open_[place], np.float32(np.inf), np.abs(value - now))
            # Of two that are equally near, the lesser, whichever side it is on.
            nearer = (away < distance) | ((away == distance) & (value < best))
            nearer &= np.isfinite(away)
            best[nearer], distance[nearer] = value[nearer], away[nearer]
    sharp = values.copy()
    sharp[rows, columns] = best
    return sharp


def _between_surfaces(
    values: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return rows and columns of the pixels between two surfaces, and the mask of them."""
    least = window_extreme(values, _REACH, np.minimum)
    most = window_extreme(values, _REACH, np.maximum)
    span = most - least
    wide = window_extreme(most, _REACH, np.maximum) - window_extreme(least, _REACH, np.minimum)
    margin = np.float32(_ON_A_SURFACE) * span
    between = (values - least > margin) & (most - values > margin) & (wide < _FLAT * span)
    rows, columns = np.nonzero(between)
    return rows, columns, between
