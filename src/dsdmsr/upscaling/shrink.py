"""The step from the network's size to a smaller one, without a blur across depth edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.upscaling.rows import Rows, filter_bands

__all__ = ["shrink"]


class _Places(NamedTuple):
    """Where the centres of the new pixels of one axis lie among the old ones."""

    first: NDArray[np.int64]
    """The pixel that holds the centre; of two that meet there, the first."""
    second: NDArray[np.int64]
    """The same pixel, or the second of the two."""
    offset: NDArray[np.float32]
    """How far the new centre is from that of `first`: -½…½ pixels."""


def _places(old: int, new: int) -> _Places:
    """Return where `new` pixels that cover the same length as `old` ones have their centres."""
    centre = (2 * np.arange(new, dtype=np.int64) + 1) * old  # in units of 1 / (2·new)
    second, rest = np.divmod(centre, 2 * new)
    first = second - (rest == 0)
    offset = (centre - 2 * new * first) / (2 * new) - 0.5
    return _Places(first, second, offset.astype(np.float32))


def _slope(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return each pixel's slope along an axis by the minmod limiter; 0 for the outermost."""
    steps = np.diff(values, axis=axis)
    slope = np.zeros_like(values)
    inner = (slice(1, -1), slice(None)) if axis == 0 else (slice(None), slice(1, -1))
    back, ahead = (steps.take(range(k, steps.shape[axis] - 1 + k), axis) for k in (0, 1))
    smaller = np.minimum(np.abs(back), np.abs(ahead))
    slope[inner] = 0.5 * (np.sign(back) + np.sign(ahead)) * smaller
    return slope


def _sampled(rows: Rows, down: _Places, across: _Places) -> Rows:
    """Return the map at the places of both axes.

    Where a new centre lies between two pixels, or four, the least of what they show is taken, so
    that a rotated or mirrored map gives the rotated or mirrored result; and the greatest of the
    expected errors.
    """
    slopes = _slope(rows.values, 0), _slope(rows.values, 1)
    values: NDArray[np.float32] | None = None
    error: NDArray[np.float32] | None = None
    valid = np.ones((len(down.first), len(across.first)), np.bool_)
    for y, beyond_y in _sides(down):
        for x, beyond_x in _sides(across):
            at = np.ix_(y, x)
            shown = rows.values[at] + (
                (beyond_y[:, None] * slopes[0][at]) + (beyond_x * slopes[1][at])
            )
            values = shown if values is None else np.minimum(values, shown)
            valid &= rows.valid[at]
            if rows.error is not None:
                error = rows.error[at] if error is None else np.maximum(error, rows.error[at])
    return Rows(np.asarray(values, np.float32), valid, error)


def _sides(places: _Places) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return the pixels that new centres lie in or touch, and how far beyond theirs they are."""
    apart = places.second - places.first
    first = places.first, places.offset
    if not apart.any():
        return [first]
    # Where pixels meet, the second one's centre is half a pixel ahead.
    return [first, (places.second, (places.offset - apart).astype(np.float32))]


def shrink(bands: Iterator[Rows], old: tuple[int, int], new: tuple[int, int]) -> Iterator[Rows]:
    """Yield a map with fewer pixels that covers the same.

    A new pixel gets what its centre shows: the value on the plane through the old pixel there,
    whose slope along columns and along rows is the smaller of those to the two neighbours, or 0 if
    they rise to different sides (the minmod limiter: Roe, Annual Review of Fluid Mechanics 18,
    1986) or the pixel is an outermost one. Planes stay exact but for their outermost pixels, and
    beside an edge the slope is that of the pixel's own surface, so that no value lies between two
    surfaces, nor outside of the old values' range.

    Args:
        bands: The map's rows, from the top to the bottom, in bands of any height.
        old: Its height and width.
        new: The height and width wanted, not larger.

    Yields:
        The new rows, as soon as they can be computed.
    """
    down, across = _places(old[0], new[0]), _places(old[1], new[1])
    # A new row needs the old ones around, as far as there are any.
    last_needed = np.minimum(down.second + 1, old[0] - 1)

    def compute(held: Rows, top: int, rows: range) -> Rows:
        part = slice(rows.start, rows.stop)
        here = _Places(down.first[part] - top, down.second[part] - top, down.offset[part])
        return _sampled(held, here, across)

    return filter_bands(
        bands,
        compute,
        ready=lambda bottom: int(np.searchsorted(last_needed, bottom)),
        first_needed=lambda done: int(down.first[done]) - 1 if done < new[0] else 0,
    )
