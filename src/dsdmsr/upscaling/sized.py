"""The way from the size that a network gives to the size that is wanted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.holes import enlarge_valid
from dsdmsr.upscaling.checks import Edges
from dsdmsr.upscaling.enlarge import split_rows
from dsdmsr.upscaling.rows import Rows
from dsdmsr.upscaling.sizes import Goal

__all__ = ["sized", "sized_valid"]


def sized(
    rows: Iterator[Rows], lr_shape: tuple[int, int], goal: Goal, edges: Edges = "smooth"
) -> Iterator[Rows]:
    """Yield the rows of a map of the size wanted, from those of the network's size."""
    computed = goal.factor * lr_shape[0], goal.factor * lr_shape[1]
    if edges == "sharp":
        from dsdmsr.upscaling.sharpen import sharpen

        rows = sharpen(rows, computed[0])
    if goal.exact(*lr_shape):
        return rows
    from dsdmsr.upscaling.shrink import shrink

    return shrink(rows, computed, (goal.height, goal.width), lr_shape, goal.phase)


def sized_valid(valid: NDArray[np.bool_], goal: Goal) -> NDArray[np.bool_]:
    """Return what is valid of the larger map, from what is valid of the low-resolution one."""
    height, width = valid.shape
    if goal.exact(height, width):
        return enlarge_valid(valid, goal.factor)
    nothing = np.broadcast_to(np.float32(0), (goal.factor * height, goal.factor * width))
    rows = split_rows(nothing, valid, goal.factor)
    return np.concatenate([part.valid for part in sized(rows, (height, width), goal)])
