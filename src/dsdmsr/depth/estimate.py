"""Estimates from a depth map alone: its noise, and its degradation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOISY_FROM", "edge_softness", "estimate_noise", "looks_averaged", "looks_noisy"]

_PLACES_MIN = 64
"""Below so many places nothing is said."""
NOISY_FROM = 0.006
"""Estimated noise, as a share of a map's range, from which it is better removed than kept."""
_QUARTILE = 0.3186393639643752
"""What a quarter of the absolute values of a standard normal distribution lie below."""
_GAIN = 6.0
"""Root of the sum of the squares of the difference's nine weights."""
_STEP_MIN = 0.05
"""Of the map's range, what counts as a step."""
_FLANK_MAX = 0.2
"""Of a step, what the surfaces beside it may change by from one pixel to the next."""
_MIDDLE = (0.2, 0.8)
"""Of a step, what is between its sides."""
_STEPS_MIN = 30
"""Below so many steps nothing is said."""
_AVERAGED_FROM = 0.5
"""Share of soft steps from which a map looks averaged."""


def estimate_noise(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> float | None:
    """Return the standard deviation of a map's noise, in its unit; None if there is too little.

    Planes, and all that is linear along rows or along columns, leave nothing of the 3×3 difference
    1 -2 1, -2 4 -2, 1 -2 1; what it leaves is noise, and surfaces that bend or end. Of its
    absolute values the lower quartile is taken, since even in small maps a quarter of the places
    see neither. Noise that isn't alike everywhere gives a value between its least and its most.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w; places that see others do not count.

    Source:
        The difference is Immerkær's, "Fast noise variance estimation", Computer Vision and Image
        Understanding 64(2), 1996, who takes the mean of its absolute values.
    """
    height, width = values.shape
    if min(height, width) < 3:
        return None
    whole = valid
    twice = np.where(valid, values, 0.0).astype(np.float64)
    for axis in (0, 1):
        parts = (slice(0, -2), slice(1, -1), slice(2, None))
        before, here, after = ((part, slice(None)) if not axis else (..., part) for part in parts)
        twice = twice[before] - 2 * twice[here] + twice[after]
        whole = whole[before] & whole[here] & whole[after]
    left = np.abs(twice[whole])
    if left.size < _PLACES_MIN:
        return None
    return float(np.quantile(left, 0.25) / (_QUARTILE * _GAIN))


def looks_noisy(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> bool:
    """Return whether a map's noise is estimated as `NOISY_FROM` of its range, or more.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w.
    """
    noise = estimate_noise(values, valid)
    if noise is None:
        return False
    span = float(np.ptp(values[valid]))
    return span > 0 and noise / span >= NOISY_FROM


def edge_softness(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> float | None:
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
        here = (height >= _STEP_MIN * span) & (beside <= _FLANK_MAX * height)
        for k in range(5):
            here = here & whole[k : k + count]
        share = (middle - first)[here] / (last - first)[here]
        steps += share.size
        soft += int(((share > _MIDDLE[0]) & (share < _MIDDLE[1])).sum())
    return soft / steps if steps >= _STEPS_MIN else None


def looks_averaged(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> bool:
    """Return whether half of a map's steps are soft, or more; see `edge_softness`."""
    found = edge_softness(values, valid)
    return found is not None and found >= _AVERAGED_FROM
