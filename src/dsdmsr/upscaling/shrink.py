"""The step from the network's size to a smaller one, without a blur across depth edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.phase import Phase
from dsdmsr.upscaling.rows import Rows, filter_bands

__all__ = ["shrink"]

_Scalar = TypeVar("_Scalar", bound=np.generic)


class _Places(NamedTuple):
    """Where the centres of the new pixels of one axis lie among the old ones."""

    first: NDArray[np.int64]
    """The pixel that holds the centre; of two that meet there, the first."""
    second: NDArray[np.int64]
    """The same pixel, or the second of the two."""
    offset: NDArray[np.float32]
    """How far the new centre is from that of `first`: -½…½ pixels."""


def _places(old: int, new: int, pixels: int, phase: Phase) -> _Places:
    """Return where the centres of `new` pixels lie among `old` ones, which cover the same length.

    Args:
        old: How many pixels the network gives.
        new: How many are wanted.
        pixels: How many the low-resolution map has.
        phase: Where its pixels sit among the new ones.
    """
    number, scale = np.arange(new, dtype=np.int64), old // pixels
    # The centres in whole units, of which an old pixel has as many as stand first.
    if phase == "corner":
        unit, centre = 2 * new, 2 * number * old + scale * new
    elif phase == "aligned" and min(pixels, new) > 1:
        unit = 2 * (new - 1)
        centre = 2 * number * scale * (pixels - 1) + scale * (new - 1)
    else:
        unit, centre = 2 * new, (2 * number + 1) * old
    # Nothing is known beyond the outermost centres.
    centre = np.minimum(centre, unit * old - unit // 2)
    second, rest = np.divmod(centre, unit)
    first = np.maximum(second - (rest == 0), 0)
    offset = (centre - unit * first) / unit - 0.5
    return _Places(first, second, offset.astype(np.float32))


def _slope(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return each pixel's slope along an axis by the minmod limiter; 0 for the outermost."""
    # Row behind row, so that neighbours along either axis are as far apart everywhere.
    apart = values.shape[1] if axis == 0 else 1
    flat, slope = values.ravel(), np.empty_like(values, order="C")
    steps = flat[apart:] - flat[:-apart]
    back, ahead = steps[:-apart], steps[apart:]
    # The smaller of two that rise, or of two that fall; the other of these is 0.
    rising, falling = np.minimum(back, ahead), np.maximum(back, ahead)
    np.maximum(rising, 0, out=rising)
    np.minimum(falling, 0, out=falling)
    np.add(rising, falling, out=slope.reshape(-1)[apart:-apart])
    outermost = slope if axis == 0 else slope.T
    outermost[0] = outermost[-1] = 0
    return slope


class _Side(NamedTuple):
    """New centres of one axis, and the old pixels that they lie in or touch."""

    new: NDArray[np.int64]
    """The new pixels."""
    old: NDArray[np.int64]
    """The old one of each."""
    beyond: NDArray[np.float32]
    """How far beyond the old one's centre the new one's lies."""


def _sides(places: _Places) -> tuple[_Side, _Side]:
    """Return the first old pixel of each new one, and the second of those between two."""
    # Where pixels meet, the second one's centre is half a pixel ahead.
    apart = np.flatnonzero(places.second > places.first)
    return (
        _Side(np.arange(len(places.first)), places.first, places.offset),
        _Side(apart, places.second[apart], places.offset[apart] - np.float32(1)),
    )


def _sampled(rows: Rows, down: _Places, across: _Places) -> Rows:
    """Return the map at the places of both axes.

    Where a new centre lies between two pixels, or four, the least of what they show is taken, so
    that a rotated or mirrored map gives the rotated or mirrored result; and the greatest of the
    expected errors.
    """
    slopes = _slope(rows.values, 0), _slope(rows.values, 1)
    sides = _sides(across)
    values, second = (_shown(rows.values, slopes, side, sides) for side in _sides(down))
    meet = _sides(down)[1].new
    values[meet] = np.minimum(values[meet], second)
    valid = _combined(np.logical_and, rows.valid, down, across)
    error = None if rows.error is None else _combined(np.maximum, rows.error, down, across)
    return Rows(values, valid, error)


def _shown(
    values: NDArray[np.float32],
    slopes: tuple[NDArray[np.float32], NDArray[np.float32]],
    down: _Side,
    across: tuple[_Side, _Side],
) -> NDArray[np.float32]:
    """Return what pixels of some rows show at new centres, the least where two columns meet."""
    held, along = values[down.old], slopes[1][down.old]
    rise = down.beyond[:, None] * slopes[0][down.old]
    shown, second = (
        held.take(side.old, 1) + (rise.take(side.old, 1) + side.beyond * along.take(side.old, 1))
        for side in across
    )
    meet = across[1].new
    shown[:, meet] = np.minimum(shown[:, meet], second)
    return shown


def _combined(
    pick: np.ufunc, values: NDArray[_Scalar], down: _Places, across: _Places
) -> NDArray[_Scalar]:
    """Return what a function of two makes of the pixels that new centres lie in or touch."""
    rows = pick(values[down.first], values[down.second])
    return np.asarray(pick(rows.take(across.first, 1), rows.take(across.second, 1)))


def shrink(
    bands: Iterator[Rows],
    old: tuple[int, int],
    new: tuple[int, int],
    lr: tuple[int, int] | None = None,
    phase: Phase = "centre",
) -> Iterator[Rows]:
    """Yield a map with fewer pixels, or as many, that covers the same.

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
        lr: Height and width of the low-resolution map, of which `old` is a multiple. Default:
            `old`.
        phase: Where its pixels sit among the new ones.

    Yields:
        The new rows, as soon as they can be computed.
    """
    small = lr or old
    down, across = (_places(old[k], new[k], small[k], phase) for k in (0, 1))
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
