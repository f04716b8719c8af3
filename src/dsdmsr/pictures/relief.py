"""Shaded relief: a map as a surface lit from one side, which shows what its values hide."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.kinds import Kind
from dsdmsr.pictures.reduce import ReducedMap

__all__ = ["relief", "slopes", "steepness", "towards_viewer"]

Slopes: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""What a map rises by per pixel of the whole map, downwards and to the right, each H×W."""

_LIGHT = (-0.5, -0.5, math.sqrt(0.5))
"""Towards the light: x to the right, y down, z to the viewer; upper left, 45° high."""
_SHARE, _STEEP = 75, 0.6
"""The percentile of the slopes other than 0 that is shown as a slope of so much."""


def towards_viewer(kind: Kind) -> int:
    """Return 1 where larger values are nearer to the viewer, -1 where they are further away."""
    return -1 if kind == "depth" else 1


def slopes(shown: ReducedMap) -> Slopes:
    """Return the mean of the slopes to both neighbours; invalid ones do not count.

    Without a valid neighbour along an axis, and in holes, the slope is 0.
    """
    numbers = np.where(shown.valid, shown.values, 0).astype(np.float64)
    down = _slope(numbers, shown.valid, shown.rows)
    return down, _slope(numbers.T, shown.valid.T, shown.columns).T


def _slope(
    numbers: NDArray[np.float64], valid: NDArray[np.bool_], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the slopes along the first axis."""
    known = valid[1:] & valid[:-1]
    differences = np.where(known, np.diff(numbers, axis=0) / np.diff(places)[:, None], 0)
    total, count = np.zeros(numbers.shape), np.zeros(numbers.shape)
    for part in (slice(1, None), slice(None, -1)):
        total[part] += differences
        count[part] += known
    return np.asarray(total / np.maximum(count, 1))


def steepness(surface: Slopes) -> float:
    """Return by how much slopes are exaggerated, so that a map's typical ones show."""
    steep = np.hypot(*surface)
    steep = steep[steep > 0]
    return _STEEP / float(np.percentile(steep, _SHARE)) if steep.size else 1.0


def relief(surface: Slopes, exaggeration: float) -> NDArray[np.float64]:
    """Return how bright a surface is, 0…1, H×W; one that faces the viewer is at 0.71.

    Args:
        surface: Its slopes, of heights towards the viewer.
        exaggeration: What they are multiplied by.

    Source:
        Horn: "Hill shading and the reflectance map", Proceedings of the IEEE 69, 1981; the
        Lambertian surface.
    """
    down, right = (exaggeration * slope for slope in surface)
    x, y, z = _LIGHT
    bright = (z - right * x - down * y) / np.sqrt(1 + right**2 + down**2)
    return np.asarray(np.clip(bright, 0, 1))
