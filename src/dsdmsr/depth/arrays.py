"""Checks of the arrays that a depth map is built of."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsdmsr.depth.given import as_array, filled, without_mask
from dsdmsr.depth.kinds import Kind
from dsdmsr.errors import DepthError

__all__ = ["checked_error", "checked_values"]


def _real_numbers(given: NDArray[np.generic], name: str, copy: bool) -> NDArray[np.float32]:
    """Return an array as float32; what is too large for that becomes infinite."""
    if given.dtype.kind not in "fiub":
        raise DepthError(f"{name} are of type {given.dtype}: give real numbers")
    with np.errstate(over="ignore"):
        return given.astype(np.float32, order="C", copy=copy)


def checked_values(
    values: ArrayLike, valid: ArrayLike | None, kind: Kind, copy: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a map's values, 0 where they are invalid, and which are valid."""
    values, seen = without_mask(values)
    if seen is not None:
        valid = seen if valid is None else seen & filled(valid, False)
    given = as_array(values)
    numbers = _real_numbers(given, "values", copy)
    if given.ndim != 2 or 0 in given.shape:
        raise DepthError(f"values have shape {given.shape}: give H×W, both at least 1")
    # The least and the greatest number say in two passes what most maps need to have checked.
    least = numbers.min()
    finite = bool(np.isfinite(least) and np.isfinite(numbers.max()))
    usable = _usable(numbers, valid, finite, copy)
    if not usable.all():
        # All bits times 0 or 1: several times as fast as a choice, and right for NaN.
        bits = numbers.view(np.uint32)
        np.multiply(bits, usable, out=bits)
    if kind == "depth" and not least >= 0 and (negative := int((numbers < 0).sum())):
        # OpenGL, VTK and Blender's cameras look along -z.
        advice = "mark them invalid"
        if negative == np.count_nonzero(numbers):
            advice = "if z points away from what is seen, as in OpenGL and VTK, give -z"
        raise DepthError(
            f"{negative} pixels are negative, which a depth can't be: {advice}, or give another "
            "kind (disparity, inverse_depth, height)"
        )
    return numbers, usable


def _usable(
    numbers: NDArray[np.float32], valid: ArrayLike | None, finite: bool, copy: bool
) -> NDArray[np.bool_]:
    """Return which of a map's numbers are valid; `finite` if all of them are finite."""
    if valid is None:
        return np.ones(numbers.shape, np.bool_) if finite else np.isfinite(numbers)
    mask = filled(valid, False)
    if mask.shape != numbers.shape or mask.dtype != np.bool_:
        raise DepthError(f"valid is {mask.dtype} of shape {mask.shape}: give bool, {numbers.shape}")
    if finite:
        return mask.astype(np.bool_, order="C", copy=copy)
    return mask & np.isfinite(numbers)


def checked_error(error: ArrayLike, valid: NDArray[np.bool_], copy: bool) -> NDArray[np.float32]:
    """Return expected errors, NaN where the map is invalid."""
    given = filled(error, np.nan)
    if given.shape != valid.shape:
        raise DepthError(f"error has shape {given.shape}: give that of the map, {valid.shape}")
    numbers = _real_numbers(given, "errors", copy)
    if not numbers.min() >= 0 and (wrong := int((valid & ~(numbers >= 0)).sum())):
        raise DepthError(
            f"the error of {wrong} valid pixels is negative or NaN: give an absolute error, 0 or "
            "more, or mark them invalid"
        )
    if not valid.all():
        np.copyto(numbers, np.float32(np.nan), where=~valid)
    return numbers
