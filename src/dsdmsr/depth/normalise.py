"""Normalisation of maps as networks take them: no holes, range 0…1, mirrored at the border."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.gaps import APART, ValueScale, value_scale
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.depth.outliers import lone_pixels
from dsdmsr.depth.windows import ROWS_AT_ONCE

__all__ = ["Normalised", "normalise", "offset_and_span"]

_PIXELS_AT_ONCE = 1 << 14
"""Pixels whose 64-bit numbers stay in a processor's own cache."""


class Normalised(NamedTuple):
    """A normalised map, and the way back to its unit."""

    lr_depth: NDArray[np.float32]
    """1 1 h w, with the border."""
    low: float
    """Least value of the map."""
    high: float
    """Greatest value of the map."""
    border: int
    """Low-resolution pixels that it was mirrored outwards by."""
    scale: ValueScale | None = None
    """What its values became shares by, if its range is wide beside its surfaces."""
    lone: NDArray[np.bool_] | None = None
    """Which of its pixels stand alone, h×w, and were filled as holes are; None if none does."""

    def in_unit(self, pred: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return a network's prediction in the map's unit."""
        if self.scale is not None:
            return self.scale.to_values(pred)
        values = pred.astype(np.float64)
        values *= self.high - self.low
        values += self.low
        return values

    def put_in_unit(
        self,
        pred: NDArray[np.float32],
        values: NDArray[np.float32],
        allowed: tuple[float, float] | None = None,
    ) -> None:
        """Put a network's prediction in the map's unit into an array.

        Args:
            pred: The prediction, H×W.
            values: The array, H×W.
            allowed: The range that results are clipped to. Default: no clipping.
        """
        height, width = pred.shape
        step = max(1, _PIXELS_AT_ONCE // width)
        for top in range(0, height, step):
            part = self.in_unit(pred[top : top + step])
            if allowed is not None:
                np.clip(part, *allowed, out=part)
            values[top : top + step] = part

    def put_error_in_unit(
        self, error: NDArray[np.float32], pred: NDArray[np.float32], errors: NDArray[np.float32]
    ) -> None:
        """Put the error that is expected of a prediction, in the map's unit, into an array.

        Args:
            error: The error of `pred`, H×W.
            pred: The prediction, H×W.
            errors: The array, H×W.
        """
        if self.scale is None:
            np.multiply(error, self.high - self.low, out=errors)
        else:
            errors[...] = (self.in_unit(pred + error) - self.in_unit(pred - error)) / 2

    def restored(self, pred: NDArray[np.float32], scale: int) -> NDArray[np.float64]:
        """Return a prediction, 1 1 s·h s·w, in the map's unit and without the border."""
        inner = slice(self.border * scale, -self.border * scale or None)
        return self.in_unit(pred[0, 0, inner, inner])


def offset_and_span(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return the value that becomes 0, and the difference of values that becomes 1.

    The span is 1 where all values are equal; without values, offset 0 and span 1.

    Args:
        values: The values of a map's valid pixels, in any shape.

    Example:
        >>> offset_and_span(np.array([2.0, 3.0, 5.0]))
        (2.0, 3.0)
    """
    if not values.size:
        return 0.0, 1.0
    low = float(values.min())
    return low, (float(values.max()) - low) or 1.0


def normalise(
    values: NDArray[np.floating],
    valid: NDArray[np.bool_],
    border: int,
    *,
    rescale: bool = False,
) -> Normalised:
    """Normalise a map for a network.

    Args:
        values: The map, h×w.
        valid: Its valid pixels, h×w; holes are filled from the nearest.
        border: Pixels that it is mirrored outwards by.
        rescale: Whether surfaces get more of 0…1 where the map's range is wide; see `value_scale`.

    Raises:
        DepthError: If no pixel is valid.

    Example:
        >>> normalised = normalise(np.array([[2.0, 4.0, 6.0]]), np.ones((1, 3), bool), 0)
        >>> normalised.lr_depth.tolist()
        [[[[0.0, 0.5, 1.0]]]]
        >>> normalised.in_unit(normalised.lr_depth[0, 0]).tolist()
        [[2.0, 4.0, 6.0]]
    """
    filled, lone = fill_nearest(values, valid), None
    low, high, shares = _shares(filled)
    scale = value_scale(filled, shares, wide=APART) if rescale else None
    if scale is not None:
        lone = lone_pixels(scale.to_shares(filled), valid)
        if lone.any():
            filled = fill_nearest(values, valid & ~lone)
            low, high, shares = _shares(filled)
        scale = value_scale(filled, shares)
    if scale is not None:
        shares = scale.to_shares(filled).astype(np.float32)
    if border:
        shares = np.pad(shares, border, mode="symmetric")
    return Normalised(shares[None, None], low, high, border, scale, lone)


def _shares(filled: NDArray[np.floating]) -> tuple[float, float, NDArray[np.float32]]:
    """Return a map's least and greatest value, and where each value is between them, 0…1."""
    low, span = offset_and_span(filled)
    shares = np.empty(filled.shape, np.float32)
    # Part by part: 64-bit numbers take twice the map's memory.
    for top in range(0, len(filled), ROWS_AT_ONCE):
        part = slice(top, top + ROWS_AT_ONCE)
        shares[part] = (filled[part].astype(np.float64) - low) / span
    return low, float(filled.max()), shares
