"""Estimates from a depth map alone: its noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOISY_FROM", "estimate_noise", "looks_noisy"]

_PLACES_MIN = 64
"""Below so many places no noise is estimated."""
NOISY_FROM = 0.006
"""Estimated noise, as a share of a map's range, from which it is better removed than kept."""
_QUARTILE = 0.3186393639643752
"""What a quarter of the absolute values of a standard normal distribution lie below."""
_GAIN = 6.0
"""Root of the sum of the squares of the difference's nine weights."""


def estimate_noise(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> float | None:
    """Return the standard deviation of a map's noise, in its unit; None if there is too little.

    Planes, and all that is linear along rows or along columns, leave nothing of the 3×3 difference
    1 -2 1, -2 4 -2, 1 -2 1; what it leaves is noise, and surfaces that bend or end. Of its
    absolute values the lower quartile is taken, since even at low resolution a quarter of the
    places see neither. Noise that isn't alike everywhere gives a value between its least and its
    most.

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
