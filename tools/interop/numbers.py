"""The numbers that files of the matrix hold: extremes, low bits that matter, holes, an odd size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAYOUTS", "SHAPE", "holes_of", "numbers_of"]

Array = NDArray[Any]

SHAPE = (13, 18)
"""Neither side is the other's, nor fills the rows of a PGM or TIFF evenly."""
_EXTREMES = {
    "uint8": (1, 2, 127, 128, 253, 254),
    "uint16": (1, 255, 256, 257, 32767, 32768, 65279, 65533),
    "int16": (-32000, -256, -255, -1, 1, 255, 256, 32767),
    "int32": (-70000, -1, 1, 65535, 65537, 16777217),
    "uint32": (1, 65535, 65537, 16777217, 2147483648, 2147483649, 4000000001),
    "float16": (0.0009765625, 0.1, 1.0, 1023.5),
    "float32": (1e-6, 0.1, 1.0, 3.1415927, 16777216.0, 123456.79),
    "float64": (1e-6, 0.1, 1.0, 3.1415927, 16777217.0, 123456.79),
}
"""Type → numbers that a cast, a rescaling or a swap of bytes changes."""
LAYOUTS: Mapping[str, Callable[[Array], Array]] = {
    "": np.ascontiguousarray,
    "cropped view": lambda numbers: np.pad(numbers, ((3, 2), (5, 4)), "edge")[3:-2, 5:-4],
    "transposed view": lambda numbers: np.ascontiguousarray(numbers.T).T,
    "reversed rows": lambda numbers: np.ascontiguousarray(numbers[::-1])[::-1],
    "big-endian": lambda numbers: numbers.astype(numbers.dtype.newbyteorder(">")),
}
"""Name → what lays the same numbers out in memory in another way."""


def numbers_of(dtype: str) -> Array:
    """Return the numbers of a type, H×W: a slope, extremes, and 24 holes.

    Holes are 0 in unsigned numbers, NaN in floats; signed numbers have none.

    Args:
        dtype: NumPy's name of the type.
    """
    height, width = SHAPE
    slope = np.arange(height * width, dtype=np.float64).reshape(SHAPE)
    floats = dtype.startswith("float")
    numbers = (1.5 + slope / 64 if floats else 3 + slope % 240).astype(dtype)
    extremes = np.array(_EXTREMES[dtype]).astype(dtype)
    numbers[-1, : len(extremes)] = extremes
    if dtype[0] in "uf":
        numbers[4:8, 6:12] = np.nan if floats else 0
    return numbers


def holes_of(numbers: Array) -> NDArray[np.bool_]:
    """Return where numbers have no surface: not finite, or 0 in whole numbers."""
    if numbers.dtype.kind == "f":
        return ~np.isfinite(numbers)
    return np.asarray(numbers == 0)
