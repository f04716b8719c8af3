"""Frames of solids: axes and origins, rotations, and their placing in the world."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.scenes.solids import Solid

__all__ = [
    "ORIGIN",
    "TO_VERTICAL",
    "diagonal",
    "frame",
    "place",
    "random_rotation",
    "vertical_rotation",
]

ORIGIN = np.zeros(3)
TO_VERTICAL = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Turns the local z axis up, which is -y."""


def frame(axes: NDArray[np.float64], origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a solid's frame: its axes are the columns of `axes`."""
    return np.concatenate([axes, np.reshape(origin, (3, 1))], 1)


def diagonal(*sizes: float) -> NDArray[np.float64]:
    """Return axes scaled by `sizes`."""
    return np.diag(np.array(sizes, dtype=np.float64))


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """Sample a rotation, uniform over all of them."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def vertical_rotation(angle: float) -> NDArray[np.float64]:
    """Return the rotation by `angle` about the vertical."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def place(
    solids: Iterable[Solid], axes: NDArray[np.float64], origin: NDArray[np.float64]
) -> list[Solid]:
    """Return the solids moved by ``p → axes·p + origin``."""
    moved = []
    for solid in solids:
        where = axes @ solid.frame
        where[:, 3] += origin
        moved.append(solid._replace(frame=where))
    return moved
