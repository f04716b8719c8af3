"""Normalisation of maps as networks take them: no holes, range 0…1, mirrored at the border."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.holes import fill_nearest

__all__ = ["Normalised", "normalise", "offset_and_span"]


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

    def in_unit(self, pred: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a network's prediction in the map's unit."""
        return self.low + (self.high - self.low) * pred.astype(np.float64)

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


def normalise(values: NDArray[np.floating], valid: NDArray[np.bool_], border: int) -> Normalised:
    """Normalise a map for a network.

    Args:
        values: The map, h×w.
        valid: Its valid pixels, h×w; holes are filled from the nearest.
        border: Pixels that it is mirrored outwards by.

    Raises:
        DepthError: If no pixel is valid.

    Example:
        >>> normalised = normalise(np.array([[2.0, 4.0, 6.0]]), np.ones((1, 3), bool), 0)
        >>> normalised.lr_depth.tolist()
        [[[[0.0, 0.5, 1.0]]]]
        >>> normalised.in_unit(normalised.lr_depth[0, 0]).tolist()
        [[2.0, 4.0, 6.0]]
    """
    filled = fill_nearest(values, valid)
    low, span = offset_and_span(filled)
    padded = np.pad(filled, border, mode="symmetric")
    shares = np.empty(padded.shape, np.float32)
    for index, row in enumerate(padded):
        shares[index] = (row.astype(np.float64) - low) / span
    return Normalised(shares[None, None], low, float(filled.max()), border)
