"""Maps of a sequence, in which surfaces that hold still look so.

Each frame's answer is averaged with those before it where both show the same even surface: where
the errors that the network expects are small all around, and the answer has changed by no more
than they explain. How a surface moves as a whole, the mean change around a pixel, is taken over
from the newest answer; only what is left of a change, pixel by pixel, is averaged. Near edges,
where an average would drag behind, and in holes, answers stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dsdmsr.depth.map import DepthMap

__all__ = ["TemporalFilter"]

_EVEN = 0.01
"""Expected error, as a share of the map's range, below which a place is even."""
_BESIDE = 3
"""Pixels around that must be even, too."""
_EXPLAINED = 2.0
"""How many times the errors expected of two answers explain their difference."""
_FRAMES = 3
"""Frames over which is averaged at the most."""
_AROUND, _AROUND_NOISY = 4, 12
"""Pixels around that tell how a surface moves: under noise it takes more of them."""


class _Frame(NamedTuple):
    answer: NDArray[np.float32]
    steadied: NDArray[np.float32]
    expected: NDArray[np.float32]
    even: NDArray[np.bool_]
    averaged: NDArray[np.float32]
    """Frames of which each pixel is the mean."""


def _most_around(values: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    seen = torch.from_numpy(values)[None, None]
    most: NDArray[np.float32] = functional.max_pool2d(seen, 2 * radius + 1, 1, radius)[0, 0].numpy()
    return most


def _mean_around(
    values: NDArray[np.float32], counted: NDArray[np.bool_], radius: int
) -> NDArray[np.float32]:
    """Return the mean of what counts of the pixels around each; 0 where nothing does."""
    both = np.stack([np.where(counted, values, 0), counted.astype(np.float32)])
    total, share = functional.avg_pool2d(
        torch.from_numpy(both.astype(np.float32))[:, None], 2 * radius + 1, 1, radius
    )[:, 0].numpy()
    mean: NDArray[np.float32] = np.divide(total, share, np.zeros_like(total), where=share > 0)
    return mean


class TemporalFilter:
    """Take the flicker out of a sequence, frame after frame.

    A frame whose size is not the one before's begins anew.
    """

    def __init__(self) -> None:
        self._before: _Frame | None = None

    def __call__(
        self, depth: DepthMap, errors: NDArray[np.float32], *, noisy: bool = False
    ) -> DepthMap:
        """Return the next frame, steadied.

        Args:
            depth: An enlarged map, H×W.
            errors: The absolute errors expected of it, H×W, in its unit; NaN where it is invalid.
                See `Upscaler.with_errors`.
            noisy: Whether the map that it was made of is noisy; see
                `dsdmsr.depth.estimate.looks_noisy`.
        """
        values = depth.values.astype(np.float32)
        span = float(np.ptp(values[depth.valid])) if depth.valid.any() else 0.0
        expected = np.where(depth.valid, errors, np.inf).astype(np.float32)
        even = _most_around(expected, _BESIDE) < _EVEN * span
        before, averaged, steadied = self._before, np.ones_like(values), values
        if before is not None and before.answer.shape == values.shape:
            both = even & before.even
            explained = _EXPLAINED * np.where(both, expected + before.expected, 0)
            change = np.where(both, values - before.answer, 0)
            same = both & (np.abs(change) <= explained)
            around = _AROUND_NOISY if noisy else _AROUND
            moved = _mean_around(change, same, around)
            left = np.where(same, values - before.steadied - moved, 0)
            same &= np.abs(left) <= explained
            averaged = np.where(same, np.minimum(before.averaged + 1, _FRAMES), 1)
            steadied = values - np.where(same, left * (1 - 1 / averaged), 0)
        self._before = _Frame(values, steadied, expected, even, averaged)
        return replace(depth, values=steadied)
