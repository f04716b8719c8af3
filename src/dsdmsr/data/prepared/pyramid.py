"""Pyramids: the levels of a map, downsampled by masked area."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import DataError

__all__ = ["LEVELS", "Window", "centre_window", "levels_of", "level_name"]

LEVELS = ((1024, 1280), (512, 640), (256, 320), (128, 160), (64, 80))
"""Height and width of a pyramid's levels, those of the research code."""

Window = tuple[int, int, int, int]
"""First row, first column, height, width."""


def level_name(size: tuple[int, int]) -> str:
    """Return the folder of a level, height first."""
    return f"{size[0]}x{size[1]}"


def centre_window(shape: tuple[int, int]) -> Window:
    """Return the middle part of a map that is as large as the largest level that fits.

    Raises:
        DataError: If none fits.
    """
    for height, width in LEVELS:
        if height <= shape[0] and width <= shape[1]:
            return (shape[0] - height) // 2, (shape[1] - width) // 2, height, width
    raise DataError(
        f"the map is {shape[0]}×{shape[1]}: a pyramid needs {LEVELS[-1][0]}×{LEVELS[-1][1]} or more"
    )


def levels_of(numbers: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    """Return a map of a level's size, and all smaller levels, largest first.

    A pixel of a smaller level is the mean of the valid pixels that it covers in the largest one,
    rounded half up for whole numbers, and invalid where it covers none.

    Args:
        numbers: As in `dsdmsr.data.prepared.storage.StoredMap`.
    """
    whole = numbers.dtype.kind == "u"
    valid = numbers != 0 if whole else np.isfinite(numbers)
    # In whole numbers sums are exact: at most 256 pixels of 16 bits.
    kept = numbers if whole else np.where(valid, numbers, 0)
    total: NDArray[Any] = kept.astype(np.uint32 if whole else np.float64)
    count: NDArray[Any] = valid.astype(np.uint16)
    levels = [numbers]
    for _ in LEVELS[LEVELS.index(_size(numbers)) + 1 :]:
        total, count = _sum_of_four(total), _sum_of_four(count)
        some = np.maximum(count, 1)
        if whole:
            levels.append(((2 * total + some) // (2 * some)).astype(np.uint16))
        else:
            mean = np.where(count > 0, total / some, np.nan)
            levels.append(mean.astype(np.float32))
    return levels


def _size(numbers: NDArray[np.generic]) -> tuple[int, int]:
    return numbers.shape[0], numbers.shape[1]


def _sum_of_four(x: NDArray[Any]) -> NDArray[Any]:
    rows = x[::2] + x[1::2]
    total: NDArray[Any] = rows[:, ::2] + rows[:, 1::2]
    return total
