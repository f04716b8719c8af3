"""Normalisation: maps as networks see them, without holes, of range 0…1, mirrored outwards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.holes import fill_nearest

__all__ = ["Normalised", "normalise", "value_range"]


def value_range(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the least and the greatest valid value; 0 and 1 if no pixel is valid.

    Args:
        values: The map, of any shape and unit.
        valid: Which of its pixels are valid, of the same shape.

    Example:
        >>> value_range(np.array([3.0, 9.0, 5.0]), np.array([True, False, True]))
        (3.0, 5.0)
    """
    if not valid.any():
        return 0.0, 1.0
    usable = values[valid]
    return float(usable.min()), float(usable.max())


class Normalised(NamedTuple):
    """A map as a network sees it, and the way back."""

    lr_depth: NDArray[np.float32]
    """1 1 h w, with the border."""
    low: float
    """The least value of the map."""
    high: float
    """Its greatest."""
    border: int
    """By how many low-resolution pixels it was mirrored outwards."""

    def in_unit(self, pred: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a network's prediction in the map's unit."""
        return self.low + (self.high - self.low) * pred.astype(np.float64)

    def restored(self, pred: NDArray[np.float32], scale: int) -> NDArray[np.float64]:
        """Return a prediction, 1 1 s·h s·w, in the map's unit and without the border."""
        inner = slice(self.border * scale, -self.border * scale or None)
        return self.in_unit(pred[0, 0, inner, inner])


def normalise(values: NDArray[np.floating], valid: NDArray[np.bool_], border: int) -> Normalised:
    """Return a map as a network sees it.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w; holes are filled from the nearest.
        border: By how many pixels it is mirrored outwards.

    Raises:
        DepthError: If no pixel is valid.
    """
    filled = fill_nearest(values, valid)
    low, high = value_range(values, valid)
    span = (high - low) or 1.0
    padded = np.pad(filled, border, mode="symmetric")
    shares = np.empty(padded.shape, np.float32)
    for index, row in enumerate(padded):
        shares[index] = (row.astype(np.float64) - low) / span
    return Normalised(shares[None, None], low, high, border)
