"""From the network's size to a somewhat smaller one, without a blur across depth edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "reduced"]


class Rows(NamedTuple):
    """Some rows of a map, full width."""

    values: NDArray[np.float32]
    """n×W."""
    valid: NDArray[np.bool_]
    """n×W."""

    def followed_by(self, more: Rows) -> Rows:
        """Return these rows and those below them."""
        return Rows(
            np.concatenate([self.values, more.values]), np.concatenate([self.valid, more.valid])
        )


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


def _at(
    rows: Rows, pixels: NDArray[np.int64], offset: NDArray[np.float32], axis: int, last: int
) -> NDArray[np.float32]:
    """Return what stands `offset` beside the centres of pixels, going by their own surface."""
    before, here, after = (rows.values.take(np.clip(pixels + k, 0, last), axis) for k in (-1, 0, 1))
    back, ahead = here - before, after - here
    steepness = np.minimum(np.abs(back), np.abs(ahead))
    slope = 0.5 * (np.sign(back) + np.sign(ahead)) * steepness
    return np.asarray(here + (offset[:, None] if axis == 0 else offset) * slope)


def _sampled(rows: Rows, places: _Places, axis: int) -> Rows:
    """Return the map at the places of one axis."""
    last = rows.values.shape[axis] - 1
    values = np.minimum(
        _at(rows, places.first, places.offset, axis, last),
        # Where pixels meet, the second one's centre is half a pixel ahead. The lesser of the two
        # is taken, so that mirrored maps give mirrored results.
        _at(rows, places.second, places.offset - (places.second - places.first), axis, last),
    ).astype(np.float32)
    valid = rows.valid.take(places.first, axis) & rows.valid.take(places.second, axis)
    return Rows(values, valid)


def reduced(bands: Iterator[Rows], old: tuple[int, int], new: tuple[int, int]) -> Iterator[Rows]:
    """Yield a map with fewer pixels that covers the same.

    A new pixel gets what its centre shows, by the line through the old pixel there whose slope is
    the smaller of those to its two neighbours, or 0 if they rise to different sides (the minmod
    limiter: Roe, Annual Review of Fluid Mechanics 18, 1986), along columns and then along rows.
    Planes stay exact, and beside an edge the slope is that of the pixel's own surface, so that no
    value lies between two surfaces, nor outside of the old values' range.

    Args:
        bands: The map's rows, from the top to the bottom, in parts of any height.
        old: Its height and width.
        new: The height and width wanted, not larger.

    Yields:
        As soon as they can be made, the new rows.
    """
    down, across = _places(old[0], new[0]), _places(old[1], new[1])
    top, done = 0, 0
    held = Rows(np.empty((0, old[1]), np.float32), np.empty((0, old[1]), np.bool_))
    for band in bands:
        held = held.followed_by(band)
        bottom = top + len(held.values)
        # A new row needs the old ones around, as far as there are any.
        ready = np.searchsorted(np.minimum(down.second + 1, old[0] - 1), bottom)
        if ready == done:
            continue
        rows = slice(done, ready)
        here = _Places(down.first[rows] - top, down.second[rows] - top, down.offset[rows])
        yield _sampled(_sampled(held, here, 0), across, 1)
        done = int(ready)
        if done < new[0]:
            drop = max(int(down.first[done]) - 1 - top, 0)
            held, top = Rows(held.values[drop:], held.valid[drop:]), top + drop
