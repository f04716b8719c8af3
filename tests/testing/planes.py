"""Slanted planes with holes, seen by a pinhole camera, and how far an upscaled map is off them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr import Intrinsics

__all__ = ["CAMERA", "SHAPE", "Plane", "holes", "inside"]

SHAPE = (72, 96)
CAMERA = Intrinsics(fx=90.0, fy=90.0, cx=47.3, cy=35.8)
"""Of maps of that shape; pixel centres at whole numbers."""


@dataclass(frozen=True)
class Plane:
    """The points X in front of the camera with `normal`·X = `offset`, in metres."""

    normal: tuple[float, float, float] = (0.15, -0.1, 0.95)
    offset: float = 2.0

    def depth(self, shape: tuple[int, int], camera: Intrinsics) -> NDArray[np.float64]:
        """Return its depth at each pixel's centre."""
        rows, columns = np.indices(shape)
        x, y = (columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy
        a, b, c = self.normal
        return self.offset / (a * x + b * y + c)

    def distances(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Return how far points, N×3, are off it, with their side's sign."""
        normal = np.array(self.normal)
        return (np.asarray(points, float) @ normal - self.offset) / np.linalg.norm(normal)


def holes(shape: tuple[int, int] = SHAPE) -> NDArray[np.bool_]:
    """Return what is valid of a map with holes of several sizes, one in a corner."""
    valid = np.ones(shape, np.bool_)
    valid[12:24, 20:36] = valid[50, 9:17] = valid[40, 60] = valid[:6, :8] = False
    return valid


def inside(valid: NDArray[np.bool_], shape: tuple[int, int], rings: int = 2) -> NDArray[np.bool_]:
    """Return which pixels of a map of `shape` lie in low-resolution ones far from any border.

    Args:
        valid: What is valid of the low-resolution map.
        shape: Height and width of the upscaled map.
        rings: How many pixels lie between them and a hole or the end of the map.
    """
    kept = valid.copy()
    for _ in range(rings):
        around = np.pad(kept, 1)
        kept = np.logical_and.reduce(
            [around[i : i + len(kept), j : j + kept.shape[1]] for i in range(3) for j in range(3)]
        )
    rows, columns = (
        (np.arange(large) + 0.5) * small // large
        for small, large in zip(kept.shape, shape, strict=True)
    )
    return kept[np.ix_(rows.astype(int), columns.astype(int))]
