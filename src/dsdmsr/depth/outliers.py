"""Pixels of which no more is known than their value: lone ones, and those of flat ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.windows import window_extreme

__all__ = ["flat_ends", "flat_rims", "lone_pixels"]

_APART = 0.1
"""A lone pixel differs from all around it by this much, as a share of the map's scale."""
_AROUND_MIN = 3
"""Valid pixels around it."""
_MOST = 0.05
"""With a larger share of such pixels they are the map's surface."""
_END_SHARE = 0.01
"""Of a map's pixels, what has to have its least or greatest value for these to be looked at."""
_RIM = 0.1
"""What differs from a flat end by less than this share of the step beside it is the end itself."""


def lone_pixels(shares: NDArray[np.floating], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which pixels differ by a tenth or more from each of the eight around them.

    These are wrong pixels, as depth cameras give them.

    Args:
        shares: A map's values in 0…1, h×w; see `dsdmsr.depth.gaps.value_scale`.
        valid: Which of its pixels are valid, h×w. Others are never lone, nor looked at. If more
            than a twentieth are lone, none is.
    """
    padded = np.pad(np.where(valid, shares, np.nan), 1, constant_values=np.nan)
    height, width = valid.shape
    lone, around = valid.copy(), np.zeros(valid.shape, np.uint8)
    for down in range(3):
        for right in range(3):
            if down == right == 1:
                continue
            beside = padded[down : down + height, right : right + width]
            apart = np.abs(shares - beside)
            around += np.isfinite(beside)
            lone &= ~(apart < _APART)
    lone &= around >= _AROUND_MIN
    return lone if lone.sum() <= _MOST * valid.sum() else np.zeros_like(lone)


def flat_ends(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which pixels have a map's least or greatest value, as all eight around them do.

    The sea of an elevation model, a clipped background, the sky: they stay exactly flat.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w; others count as alike.
    """
    flat, used = np.zeros(valid.shape, np.bool_), values if valid.all() else values[valid]
    for end in (used.min(), used.max()) if used.size else ():
        here = valid & (values == end)
        if np.count_nonzero(here) >= _END_SHARE * here.size:
            alike = np.pad(here | ~valid, 1, mode="edge")
            alike = alike[:-2] & alike[1:-1] & alike[2:]
            flat |= here & alike[:, :-2] & alike[:, 1:-1] & alike[:, 2:]
    return flat


def flat_rims(
    values: NDArray[np.floating], valid: NDArray[np.bool_], flat: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return how far from a flat end, at its rim, a prediction may be and is the end all the same.

    The rim is the end's outermost pixels: they have its value, and another one beside them. An
    edge may run through them, but what is nearly the end's value there is the end.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w.
        flat: What `flat_ends` returns for it.

    Returns:
        A tenth of the least step to another value beside each pixel of a rim; 0 for all others.
    """
    height, width = valid.shape
    around = window_extreme(flat.astype(np.float32), 1, np.maximum) > 0
    row, column = np.nonzero(around & valid & ~flat)
    own, step = values[row, column], np.full(len(row), np.inf)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            beside = (np.clip(row + down, 0, height - 1), np.clip(column + right, 0, width - 1))
            other = valid[beside] & (values[beside] != own)
            step = np.minimum(step, np.where(other, np.abs(values[beside] - own), np.inf))
    limits = np.zeros(valid.shape, np.float32)
    limits[row, column] = _RIM * step
    return limits
