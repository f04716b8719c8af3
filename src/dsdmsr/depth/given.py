"""What callers give where numbers or a map are wanted: as an array, and described in errors."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsdmsr.errors import DepthError

__all__ = ["as_array", "described", "filled", "without_mask"]


def as_array(values: ArrayLike) -> NDArray[Any]:
    """Return what may be numbers as an array.

    Raises:
        DepthError: If it can't be one.
    """
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        # Lists of unequal rows; torch's tensors on a GPU, or with a gradient.
        reason = " ".join(str(error).split())
        raise DepthError(f"{described(values)} is no array: give H×W numbers ({reason})") from error


def without_mask(values: ArrayLike) -> tuple[ArrayLike, NDArray[np.bool_] | None]:
    """Return a masked array's numbers and which of them can be seen; others as they are."""
    # NumPy loads its masked arrays when they are first used: where they aren't, this is none.
    masked = sys.modules.get("numpy.ma")
    if masked is None:
        return values, None
    if isinstance(values, list | tuple) and any(map(masked.isMaskedArray, values)):
        # NumPy itself would drop the masks of rows.
        values = masked.array(values)
    if isinstance(values, masked.MaskedArray):
        return values.data, ~masked.getmaskarray(values)
    return values, None


def filled(values: ArrayLike, number: float) -> NDArray[Any]:
    """Return a masked array with a number where nothing can be seen; others as arrays."""
    given, seen = without_mask(values)
    array = np.asarray(given)
    return array if seen is None else np.where(seen, array, number)


def described(given: object) -> str:
    """Return what something is, for errors: "a numpy.ndarray of shape (480, 640)"."""
    kind = type(given)
    place = kind.__module__.partition(".")[0]
    name = kind.__name__ if place == "builtins" else f"{place}.{kind.__name__}"
    article = "an" if name[0] in "aeioAEIO" else "a"
    shape = None if isinstance(given, type) else getattr(given, "shape", None)
    text = f" {given!r}" if isinstance(given, str | int | float) else ""
    return f"{article} {name}{text}" + ("" if shape is None else f" of shape {tuple(shape)}")
