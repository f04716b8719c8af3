"""Estimates from a depth map alone: its noise, and its degradation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOISY_FROM", "edge_ramp_share", "estimate_noise", "looks_averaged", "looks_noisy"]

_PLACES_MIN = 64
"""Below so many places no noise is estimated."""
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
"""Below so many steps no share is given."""
_AVERAGED_FROM = 0.5
"""Share of ramps among steps from which a map looks averaged."""


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


def edge_ramp_share(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> float | None:
    """Return the share of a map's steps that are ramps; None if there are too few steps.

    A step is where two pixels with one between them, in a row or a column, differ by a twentieth
    of the map's range or more, and by five times what each differs from the pixel beyond. It is
    a ramp if the one between lies in the middle three fifths of it. Where antialiased resizing
    averaged pixels, half of all steps are ramps or more; where pixels are samples, few.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w; steps beside others do not count.
    """
    if not valid.any():
        return None
    span = float(np.ptp(values[valid]))
    if span == 0:
        return None
    known = np.where(valid, values, 0.0).astype(np.float64)
    shares = np.concatenate([_steps(known, valid, span), _steps(known.T, valid.T, span)])
    if len(shares) < _STEPS_MIN:
        return None
    ramps = int(((shares > _MIDDLE[0]) & (shares < _MIDDLE[1])).sum())
    return ramps / len(shares)


def _steps(
    known: NDArray[np.float64], valid: NDArray[np.bool_], span: float
) -> NDArray[np.float64]:
    """Return where between its sides the middle pixel of each step down a column is, 0…1."""
    count = len(known) - 4
    if count < 1:
        return np.empty(0)
    beyond, first, middle, last, after = (known[k : k + count] for k in range(5))
    height = np.abs(last - first)
    flank = np.maximum(np.abs(first - beyond), np.abs(after - last))
    here = (height >= _STEP_MIN * span) & (flank <= _FLANK_MAX * height)
    for k in range(5):
        here = here & valid[k : k + count]
    return np.asarray((middle - first)[here] / (last - first)[here])


def looks_averaged(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> bool:
    """Return whether half of a map's steps are ramps, or more; see `edge_ramp_share`."""
    share = edge_ramp_share(values, valid)
    return share is not None and share >= _AVERAGED_FROM
