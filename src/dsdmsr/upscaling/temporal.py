"""The temporal filter: sequences of maps in which surfaces that hold still look so.

Each frame is averaged with those before it where both show the same even surface: where the
expected errors are small all around, and the values have changed by no more than they explain.
How a surface moves as a whole, the mean change around a pixel, is taken over from the newest
frame; only what is left of a change, pixel by pixel, is averaged. Near edges, where an average
would drag behind, and in holes, frames stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.windows import window_extreme, window_sum
from dsdmsr.errors import DepthError

__all__ = ["TemporalFilter"]

_EVEN = 0.01
"""Expected error, as a share of the map's range, below which a place is even."""
_EVEN_RADIUS = 3
"""Pixels around that must be even, too."""
_EXPLAINED = 2.0
"""How many times the expected errors of two frames explain their difference."""
_FRAMES = 3
"""Frames over which is averaged at the most."""
_MOTION_RADIUS, _MOTION_RADIUS_NOISY = 4, 12
"""Pixels around that show how a surface moves: under noise it takes more of them."""


class _Frame(NamedTuple):
    values: NDArray[np.float32]
    """As they came."""
    filtered: NDArray[np.float32]
    error: NDArray[np.float32]
    """Expected, infinite where the frame is invalid."""
    even: NDArray[np.bool_]
    averaged: NDArray[np.float32]
    """Frames of which each pixel is the mean."""


class TemporalFilter:
    """Take the flicker out of a sequence, frame after frame.

    A frame whose size is not that of the one before begins a new sequence.

    Example:
        >>> from dsdmsr import DepthMap, TemporalFilter
        >>> steady = TemporalFilter()
        >>> frames = [DepthMap([[2.0 + 0.01 * k, 3.0]], error=[[0.02, 0.02]]) for k in range(3)]
        >>> [steady(frame).shape for frame in frames]
        [(1, 2), (1, 2), (1, 2)]
    """

    def __init__(self) -> None:
        self._before: _Frame | None = None

    def __call__(self, depth: DepthMap, *, noisy: bool = False) -> DepthMap:
        """Return the next frame, filtered; its expected error stays.

        Args:
            depth: An upscaled map with its `error`: see `Upscaler`.
            noisy: Whether the map that it comes from is noisy; see
                `dsdmsr.depth.estimate.looks_noisy`.

        Raises:
            DepthError: If the map has no expected error.
        """
        if depth.error is None:
            raise DepthError(
                "the map has no expected error, by which frames are compared: give one that was "
                "upscaled with errors=True"
            )
        values = depth.values
        span = float(np.ptp(values[depth.valid])) if depth.valid.any() else 0.0
        error = np.where(depth.valid, depth.error, np.float32(np.inf))
        even = window_extreme(error, _EVEN_RADIUS, np.maximum) < _EVEN * span
        frame = _Frame(values, values, error, even, np.ones_like(values))
        if self._before is not None and self._before.values.shape == values.shape:
            radius = _MOTION_RADIUS_NOISY if noisy else _MOTION_RADIUS
            frame = _filtered(frame, self._before, radius)
        self._before = frame
        return replace(depth, values=frame.filtered)


def _filtered(frame: _Frame, before: _Frame, radius: int) -> _Frame:
    """Return a frame averaged with those before it; `radius` is that of a surface's motion."""
    both = frame.even & before.even
    explained = _EXPLAINED * np.where(both, frame.error + before.error, 0)
    change = np.where(both, frame.values - before.values, 0)
    same = both & (np.abs(change) <= explained)
    motion = _mean_around(change, same, radius)
    left = np.where(same, frame.values - before.filtered - motion, 0)
    same &= np.abs(left) <= explained
    averaged = np.where(same, np.minimum(before.averaged + 1, _FRAMES), 1)
    filtered = frame.values - np.where(same, left * (1 - 1 / averaged), 0)
    return frame._replace(filtered=filtered, averaged=averaged)


def _mean_around(
    values: NDArray[np.float32], counted: NDArray[np.bool_], radius: int
) -> NDArray[np.float32]:
    """Return the mean of what counts of the pixels around each; 0 where nothing does."""
    total = window_sum(np.where(counted, values, 0), radius)
    count = window_sum(counted.astype(np.float32), radius)
    mean = np.divide(total, count, np.zeros_like(total), where=count > 0)
    return mean.astype(np.float32)
