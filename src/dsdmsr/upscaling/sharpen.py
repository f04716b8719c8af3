"""Edges without depths between two surfaces, for points in space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.shrink import Rows

__all__ = ["Edges", "check_edges", "sharp"]

Edges = Literal["smooth", "sharp"]

_REACH = 2
"""Pixels to each side among which a pixel's surface is looked for."""
_ON_A_SURFACE = 0.2
"""Share of a jump's height within which a pixel counts as lying on a surface."""
_FLAT = 1.5
"""How much more than within `_REACH` values may differ within twice that, beside a jump: between
surfaces they hardly differ more; on a slope, twice as much."""
_CONTEXT = 3 * _REACH


def check_edges(edges: Edges) -> Edges:
    """Return what edges shall be.

    Raises:
        ConfigError: If it is neither smooth nor sharp.
    """
    if edges not in get_args(Edges):
        raise ConfigError(f"edges are {edges!r}: allowed are {', '.join(get_args(Edges))}")
    return edges


def sharp(bands: Iterator[Rows], height: int) -> Iterator[Rows]:
    """Yield a map's rows with each pixel between two surfaces put on the nearer one.

    A pixel lies between two surfaces if it is further than a fifth of the range of the 5×5 pixels
    around from both ends of this range, and the 9×9 pixels around span little more: on a slope
    they would span twice as much. It gets the value nearest to its own among those of the 5×5
    that lie on a surface; where there is none, it stays.

    Args:
        bands: The rows, from the top to the bottom, in parts of any height.
        height: How many there are.
    """
    held: Rows | None = None
    top, done = 0, 0
    for band in bands:
        held = band if held is None else held.followed_by(band)
        bottom = top + len(held.values)
        ready = height if bottom == height else bottom - _CONTEXT
        if ready <= done:
            continue
        rows = slice(done - top, ready - top)
        yield held._replace(values=_sharpened(held.values)).part(rows)
        done = ready
        drop = max(done - _CONTEXT - top, 0)
        held, top = held.part(slice(drop, None)), top + drop


def _sharpened(values: NDArray[np.float32]) -> NDArray[np.float32]:
    least, most = _extreme(values, np.minimum), _extreme(values, np.maximum)
    span = most - least
    wide = _extreme(most, np.maximum) - _extreme(least, np.minimum)
    margin = np.float32(_ON_A_SURFACE) * span
    between = (values - least > margin) & (most - values > margin) & (wide < _FLAT * span)
    rows, columns = np.nonzero(between)
    now = values[rows, columns]
    made, nearest = now.copy(), np.full(now.shape, np.inf, np.float32)
    around, open_ = np.pad(values, _REACH, mode="edge"), np.pad(between, _REACH, mode="edge")
    for down in range(2 * _REACH + 1):
        for right in range(2 * _REACH + 1):
            place = rows + down, columns + right
            found = around[place]
            away = np.where(open_[place], np.float32(np.inf), np.abs(found - now))
            # Of two that are equally near, the lesser, whichever side it is on.
            nearer = (away < nearest) | ((away == nearest) & (found < made))
            nearer &= np.isfinite(away)
            made[nearer], nearest[nearer] = found[nearer], away[nearer]
    sharpened = values.copy()
    sharpened[rows, columns] = made
    return sharpened


def _extreme(values: NDArray[np.float32], pick: np.ufunc) -> NDArray[np.float32]:
    """Return the least or the greatest value of each pixel's 5×5, as far as the map goes."""
    for axis in (0, 1):
        width = [(0, 0), (0, 0)]
        width[axis] = (_REACH, _REACH)
        padded, length = np.pad(values, width, mode="edge"), values.shape[axis]
        shifted = [padded.take(range(k, k + length), axis) for k in range(2 * _REACH + 1)]
        values = np.asarray(pick.reduce(shifted), np.float32)
    return values
