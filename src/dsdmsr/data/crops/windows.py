"""Windows of stored maps: the choice of one, and its values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.crops.source import MapCrop
from dsdmsr.data.prepared.storage import StoredMap, restore

__all__ = ["choose_window", "cut"]

_ENOUGH_VALID = 0.5
_WINDOWS_TRIED = 8


def choose_window(
    rng: np.random.Generator, numbers: NDArray[np.generic], size: int
) -> tuple[slice, slice]:
    """Return where to crop: the first of a few random windows with enough valid, or the best.

    Args:
        rng: Where the randomness comes from.
        numbers: As in `dsdmsr.data.prepared.storage.StoredMap`, `size` pixels a side or more.
        size: Pixels a side.
    """
    height, width = numbers.shape
    best, most = (slice(0, size), slice(0, size)), -1.0
    for _ in range(_WINDOWS_TRIED):
        top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
        window = (slice(top, top + size), slice(left, left + size))
        part = numbers[window]
        share = float((part != 0 if part.dtype.kind == "u" else np.isfinite(part)).mean())
        if share > most:
            best, most = window, share
        if share >= _ENOUGH_VALID:
            break
    return best


def cut(stored: StoredMap, window: tuple[slice, slice]) -> MapCrop:
    """Return a map's values in a window."""
    values, valid = restore(stored.numbers[window], stored.quantum, stored.offset)
    return MapCrop(values, valid, stored.kind, stored.name)
