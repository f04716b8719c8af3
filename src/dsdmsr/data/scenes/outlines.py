"""Outlines to extrude: closed polygons within [-1, 1]², n×2, some with holes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["OUTLINES", "sample_outline"]

Polygon = NDArray[np.float64]

_LETTERS = {
    "E": [
        (0, 0),
        (4, 0),
        (4, 1),
        (1, 1),
        (1, 2),
        (3, 2),
        (3, 3),
        (1, 3),
        (1, 4),
        (4, 4),
        (4, 5),
        (0, 5),
    ],
    "F": [(0, 0), (4, 0), (4, 1), (1, 1), (1, 2), (3, 2), (3, 3), (1, 3), (1, 5), (0, 5)],
    "H": [
        (0, 0),
        (1, 0),
        (1, 2),
        (3, 2),
        (3, 0),
        (4, 0),
        (4, 5),
        (3, 5),
        (3, 3),
        (1, 3),
        (1, 5),
        (0, 5),
    ],
    "K": [(0, 0), (1, 0), (1, 2), (3, 0), (4, 0), (2, 2.5), (4, 5), (3, 5), (1, 3), (1, 5), (0, 5)],
    "L": [(0, 0), (1, 0), (1, 4), (4, 4), (4, 5), (0, 5)],
    "N": [(0, 0), (1, 0), (3, 3.4), (3, 0), (4, 0), (4, 5), (3, 5), (1, 1.6), (1, 5), (0, 5)],
    "T": [(0, 0), (4, 0), (4, 1), (2.5, 1), (2.5, 5), (1.5, 5), (1.5, 1), (0, 1)],
    "V": [(0, 0), (1, 0), (2, 3.6), (3, 0), (4, 0), (2.5, 5), (1.5, 5)],
    "Z": [(0, 0), (4, 0), (4, 1), (1.4, 4), (4, 4), (4, 5), (0, 5), (0, 4), (2.6, 1), (0, 1)],
}


def _around(radii: NDArray[np.float64], turn: float = 0.0) -> Polygon:
    """Return the polygon with these distances from the centre, at equal angles."""
    angle = turn + 2 * np.pi * np.arange(len(radii)) / len(radii)
    return np.stack([radii * np.cos(angle), radii * np.sin(angle)], 1)


def _letter(rng: np.random.Generator) -> list[Polygon]:
    corners = np.array(_LETTERS[str(rng.choice(list(_LETTERS)))], dtype=np.float64)
    return [(corners - (2, 2.5)) / 2.5]


def _gear(rng: np.random.Generator) -> list[Polygon]:
    teeth = int(rng.integers(5, 9))
    depth = rng.uniform(0.65, 0.85)
    wheel = _around(np.tile([1.0, 1.0, depth, depth], teeth), rng.uniform(0, 2 * np.pi))
    return [wheel, _around(np.full(7, depth * rng.uniform(0.3, 0.7)))] if teeth < 8 else [wheel]


def _leaf(rng: np.random.Generator) -> list[Polygon]:
    along = np.linspace(-1, 1, 10)
    half = rng.uniform(0.2, 0.5) * (1 - along**2) ** rng.uniform(0.6, 1.5)
    bow = np.clip(rng.normal(0, 0.15), -0.5, 0.5) * (1 - along**2)
    upper, lower = np.stack([along, bow + half], 1), np.stack([along, bow - half], 1)
    return [np.concatenate([upper, lower[-2:0:-1]])]


def _star(rng: np.random.Generator) -> list[Polygon]:
    points = int(rng.integers(4, 12))
    return [_around(np.tile([1.0, rng.uniform(0.3, 0.8)], points), rng.uniform(0, 2 * np.pi))]


def _pebble(rng: np.random.Generator) -> list[Polygon]:
    count = int(rng.integers(3, 15))
    return [_around(rng.uniform(rng.uniform(0.3, 1), 1, count), rng.uniform(0, 2 * np.pi))]


def _plate(rng: np.random.Generator) -> list[Polygon]:
    """A rectangle with holes or slots in a row."""
    ratio = rng.uniform(0.3, 1)
    plate = np.array([(-1, -ratio), (1, -ratio), (1, ratio), (-1, ratio)])
    holes = int(rng.integers(1, 6))
    cell = 2 / holes
    size = np.array([cell / 2, ratio]) * rng.uniform(0.3, 0.9, 2)
    corners = 4 if rng.random() < 0.6 else 7
    turn = np.pi / 4 if corners == 4 else 0.0
    hole = _around(np.full(corners, 1.4 if corners == 4 else 1.0), turn) * size
    hole = np.clip(hole, -0.95 * np.array([cell / 2, ratio]), 0.95 * np.array([cell / 2, ratio]))
    return [plate, *(hole + np.array([-1 + cell * (k + 0.5), 0]) for k in range(holes))]


OUTLINES: dict[str, Callable[[np.random.Generator], list[Polygon]]] = {
    "letter": _letter,
    "gear": _gear,
    "leaf": _leaf,
    "star": _star,
    "pebble": _pebble,
    "plate": _plate,
}
"""The outlines by name."""


def sample_outline(rng: np.random.Generator) -> list[Polygon]:
    """Sample one of the outlines: its polygons, those within another one being holes."""
    return OUTLINES[str(rng.choice(list(OUTLINES)))](rng)
