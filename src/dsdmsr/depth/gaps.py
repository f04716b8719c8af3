"""A scale of a map's values on which wide gaps are short, and what crowds together has room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["APART", "ValueScale", "value_scale"]

APART = 3.0
"""Pixels behind a gap of more than so many times the range that others cover may be wrong ones."""

_WIDE = 8.0
"""A gap is wide if it is more than so many times the range that values cover. Beside two flat
surfaces, resizing that rings leaves a seventh of their distance or more."""
_GAPS_MAX = 8
"""So many gaps are shortened at most."""
_SHORT = 0.5
"""How long they become, as a share of the range that values cover."""
_GUARD = 0.2
"""Of a shortened gap, the share at either end where values change as slowly as beside it. A little
too much or too little beside an edge stays a little, however wide the gap is."""
_CROWD_SHARE, _CROWD_WITHIN = 0.1, 1 / 50
"""A tenth of the pixels or more within a fiftieth of the range are a crowd."""
_CROWD_MIN = 16
"""With fewer different values it is a stair of whole numbers."""
_ROOM = 1 / 3
"""The share of the range that a crowd gets."""
_STEPS = 64
"""Steps between values become at most one in so many of the whole: whole numbers stay a fine
stair."""
_SAMPLE, _SURELY = 4096, 0.75
"""How many values are enough to see that there is neither, and which part of a crowd's share and of
its different values is then seen at least."""


class ValueScale(NamedTuple):
    """A piecewise linear scale of a map's values.

    A network errs by a share of the range that it sees. Where a wall at 2 m stands before a
    background at 1000 m, or beside a single wrong pixel at 65 m, that share would be metres.
    """

    values: NDArray[np.float64]
    """Ascending values of the map, n."""
    shares: NDArray[np.float64]
    """What they become: from 0 for the map's least value to 1 for its greatest."""

    def to_shares(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return values as shares, any shape."""
        return np.asarray(np.interp(values, self.values, self.shares))

    def to_values(self, shares: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return shares as values, any shape; beyond 0 and 1 the last pieces go on."""
        inside = np.asarray(np.interp(shares, self.shares, self.values))
        first, last = (
            (self.values[k + 1] - self.values[k]) / (self.shares[k + 1] - self.shares[k])
            for k in (0, -2)
        )
        beyond = first * np.minimum(shares, 0) + last * np.maximum(shares - 1, 0)
        return np.asarray(inside + beyond)


def value_scale(
    values: NDArray[np.floating],
    shares: NDArray[np.float32] | None = None,
    *,
    wide: float = _WIDE,
) -> ValueScale | None:
    """Return the scale for a map whose range is wide beside its surfaces; None for all others.

    Gaps between values are wide if each of them is more than eight times the range that is left
    without them; each becomes half as long as that range. A tenth of the pixels or more within a
    fiftieth of the rest get a third of it. Neither makes of the steps of whole numbers more than
    one in 64 of the whole.

    Args:
        values: The map's values, in any shape.
        shares: The same values in 0…1, if they are at hand.
        wide: From how many times the range besides on a gap is wide.

    Example:
        >>> scale = value_scale(np.array([2.0, 2.01, 2.3, 60.0]))
        >>> scale.to_shares(np.array([2.0, 2.3, 60.0])).round(3).tolist()
        [0.0, 0.469, 1.0]
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return None
    if shares is None:
        shares = ((values.astype(np.float64) - low) / (high - low)).astype(np.float32)
    if not _may_be_wide(shares.ravel(), wide):
        return None
    distinct, counts = np.unique(values, return_counts=True)
    ends = distinct.astype(np.float64)
    lengths = np.diff(ends)
    shortened = _shorten(lengths, wide)
    crowd = _crowd(lengths, counts)
    stretch = 1.0 if crowd is None else _give_room(lengths, crowd)
    if stretch == 1 and not shortened.size:
        return None
    gaps, slopes = set(shortened.tolist()), np.ones(len(lengths) + 2)
    if crowd is not None and stretch > 1:
        slopes[1:-1][crowd] = stretch
        gaps |= {crowd.start - 1, crowd.stop} & set(range(len(lengths)))
    return _with_guards(ends, lengths, np.array(sorted(gaps)), slopes)


def _may_be_wide(shares: NDArray[np.float32], wide: float) -> bool:
    """Return whether values in 0…1 may have wide gaps or crowds, by a sample of them.

    Gaps of a sample are at least as wide as those of all, and what crowds together in all does so
    in it, a little less at most.
    """
    # An odd step, so that it meets all columns of most maps.
    sample = shares[:: shares.size // _SAMPLE | 1]
    whole: NDArray[np.float64] = np.append(sample.astype(np.float64), (0.0, 1.0))
    distinct, counts = np.unique(whole, return_counts=True)
    lengths = np.diff(distinct)
    if _wide_gaps(lengths, wide)[1].size:
        return True
    return _crowd(lengths, counts, _CROWD_SHARE * _SURELY, round(_CROWD_MIN * _SURELY)) is not None


def _wide_gaps(
    lengths: NDArray[np.float64], factor: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the largest distances, which of them are wide, and what is left without each."""
    largest = np.argsort(lengths)[::-1][:_GAPS_MAX]
    whole = lengths.sum()
    left = whole - np.cumsum(lengths[largest])
    # Two values alone, as in a label map, have a gap but no range besides.
    return largest, np.flatnonzero((lengths[largest] > factor * left) & (left > 1e-9 * whole)), left


def _shorten(lengths: NDArray[np.float64], factor: float) -> NDArray[np.intp]:
    """Shorten the distances between values that are wide by a factor; return which they are."""
    largest, wide, left = _wide_gaps(lengths, factor)
    for last in wide[::-1]:
        gaps, covered = largest[: last + 1], float(left[last])
        length = max(_SHORT * covered, _STEPS * float(lengths.min()) - covered)
        if factor * length < float(lengths[gaps].min()):
            lengths[gaps] = length
            return gaps
    return wide[:0]


def _crowd(
    lengths: NDArray[np.float64],
    counts: NDArray[np.intp],
    share: float = _CROWD_SHARE,
    least: int = _CROWD_MIN,
) -> slice | None:
    """Return which distances lie within a crowd of pixels, if there is one.

    It grows from the narrowest window with so many pixels, by neighbours that are no further away
    than it is wide.
    """
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    before = np.concatenate([[0], np.cumsum(counts)])
    last = np.searchsorted(before, before[:-1] + share * before[-1]) - 1
    first = np.flatnonzero(last < len(ends))
    widths = ends[last[first]] - ends[first]
    widths[widths == 0] = np.inf
    start = int(first[widths.argmin()])
    end, most = int(last[start]), _CROWD_WITHIN * ends[-1]
    while (width := ends[end] - ends[start]) < most:
        down = start > 0 and ends[start] - ends[start - 1] <= width
        up = end + 1 < len(ends) and ends[end + 1] - ends[end] <= width
        if not (down or up):
            break
        start, end = start - down, end + up
    narrow = 0 < width < most
    return slice(start, end) if narrow and end - start >= least else None


def _give_room(lengths: NDArray[np.float64], crowd: slice) -> float:
    """Stretch the distances within a crowd, and the gaps beside it to a third of that.

    Return by how many times; 1 if it has its room.
    """
    width = lengths[crowd].sum()
    room = _ROOM / (1 - _ROOM) * (lengths.sum() - width)
    room = min(room, width / lengths[crowd].max() * lengths.sum() / _STEPS)
    if room <= width:
        return 1.0
    lengths[crowd] *= room / width
    for beside in (crowd.start - 1, crowd.stop):
        if 0 <= beside < len(lengths):
            lengths[beside] = max(lengths[beside], room / 3)
    return float(room / width)


def _with_guards(
    ends: NDArray[np.float64],
    lengths: NDArray[np.float64],
    gaps: NDArray[np.intp],
    slopes: NDArray[np.float64],
) -> ValueScale:
    """Return the scale of values at given distances, with guards at both ends of gaps.

    Args:
        ends: The values, n.
        lengths: The distances between them on the scale, n - 1.
        gaps: Which distances are gaps.
        slopes: By how many times each distance was stretched, 1 for gaps, with one more at either
            end: n + 1.
    """
    shares = np.concatenate([[0.0], np.cumsum(lengths)])
    guards = _GUARD * lengths[gaps]
    # Where a gap was stretched, too, its ends change no faster than its middle.
    most = _GUARD * (ends[gaps + 1] - ends[gaps])
    lower, upper = (np.minimum(guards / slopes[gaps + k], most) for k in (0, 2))
    inner = [ends[gaps] + lower, ends[gaps + 1] - upper]
    at = [shares[gaps] + guards, shares[gaps + 1] - guards]
    values, places = np.concatenate([ends, *inner]), np.concatenate([shares, *at])
    order = np.argsort(values, kind="stable")
    return ValueScale(values[order], places[order] / shares[-1])
