"""Simple objects: one solid, or a few of one kind.

Each function samples an object about the origin, of radius about 1, with y pointing down.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.scenes.frames import ORIGIN, TO_VERTICAL, diagonal, frame, random_rotation
from dsdmsr.data.scenes.outlines import sample_outline
from dsdmsr.data.scenes.sampling import log_uniform
from dsdmsr.data.scenes.solids import WAVES, Solid, outlined

__all__ = [
    "SIMPLE_OBJECTS",
    "Sampler",
    "random_waves",
    "rod",
    "sample_cloth",
    "sample_rods",
    "sample_wire",
]

Vector = NDArray[np.float64]
Sampler = Callable[[np.random.Generator], list[Solid]]

_PIECES = 6


def rod(start: Vector, end: Vector, radius: float, taper: float = 1.0) -> list[Solid]:
    """Return a round rod from start to end, in pieces, so that each fills a small rectangle."""
    axis = end - start
    length = float(np.linalg.norm(axis))
    side = np.cross(axis, [1.0, 0, 0] if abs(axis[0]) < 0.7 * length else [0, 1.0, 0])
    side /= np.linalg.norm(side)
    other = np.cross(axis / length, side)
    pieces = int(np.clip(length / (8 * radius), 1, _PIECES))
    ends = 1 + (taper - 1) * np.arange(pieces + 1) / pieces
    solids = []
    for k in range(pieces):
        thick = radius * ends[k]
        axes = np.stack([side * thick, other * thick, axis / (2 * pieces)], 1)
        middle = start + axis * (k + 0.5) / pieces
        solids.append(Solid("frustum", frame(axes, middle), (float(ends[k + 1] / ends[k]),)))
    return solids


def random_waves(rng: np.random.Generator, waviness: float) -> tuple[float, ...]:
    """Sample the shape of a height field: waves longer or shorter by `waviness`."""
    strengths = rng.dirichlet(np.ones(WAVES))
    numbers: list[float] = []
    for k in range(WAVES):
        u, v = rng.normal(0, 1, 2) * 2 * waviness * log_uniform(rng, 1, 4)
        numbers += [strengths[k], u, v, rng.uniform(0, 2 * np.pi)]
    return tuple(float(n) for n in numbers)


def sample_block(rng: np.random.Generator) -> list[Solid]:
    return [Solid("box", frame(diagonal(*rng.uniform(0.2, 1, 3)), ORIGIN))]


def sample_ball(rng: np.random.Generator) -> list[Solid]:
    even = rng.random() < 0.5
    sizes = np.ones(3) if even else rng.uniform(0.3, 1, 3)
    return [Solid("ellipsoid", frame(diagonal(*sizes), ORIGIN))]


def sample_pot(rng: np.random.Generator) -> list[Solid]:
    """A cylinder, a cone, a cup, a lamp's shade."""
    taper = float(rng.choice([0.0, 1.0, rng.uniform(0.2, 1), rng.uniform(0.6, 1)]))
    wide = rng.uniform(0.25, 0.8)
    sizes = diagonal(wide, wide, rng.uniform(0.4, 1) * rng.choice([-1, 1]))
    solids = [Solid("frustum", frame(TO_VERTICAL @ sizes, ORIGIN), (taper,))]
    if rng.random() < 0.3:
        solids += _sample_handle(rng, wide)
    return solids


def _sample_handle(rng: np.random.Generator, at: float) -> list[Solid]:
    axes = np.eye(3) * rng.uniform(0.2, 0.4)
    return [Solid("torus", frame(axes, np.array([at, 0, 0])), (rng.uniform(0.1, 0.25),))]


def sample_ring(rng: np.random.Generator) -> list[Solid]:
    axes = random_rotation(rng) @ diagonal(1, rng.uniform(0.6, 1), rng.uniform(0.5, 1))
    return [Solid("torus", frame(axes, ORIGIN), (rng.uniform(0.05, 0.4),))]


def sample_cut_out(rng: np.random.Generator) -> list[Solid]:
    """A flat or thick shape: a leaf, a letter, a gear, a plate with slots."""
    outline = sample_outline(rng)
    if rng.random() < 0.4:
        return [outlined("sheet", outline, frame(np.eye(3), ORIGIN))]
    thick = log_uniform(rng, 0.02, 0.5)
    return [outlined("extrusion", outline, frame(diagonal(1, 1, thick), ORIGIN))]


def sample_cloth(rng: np.random.Generator) -> list[Solid]:
    """Sample a wavy sheet."""
    axes = TO_VERTICAL @ diagonal(1, rng.uniform(0.5, 1), rng.uniform(0.05, 0.3))
    return [Solid("height_field", frame(axes, ORIGIN), random_waves(rng, rng.uniform(0.5, 2)))]


def sample_rods(rng: np.random.Generator) -> list[Solid]:
    """Sample one rod, or some in a bundle or a jar."""
    count = 1 if rng.random() < 0.5 else int(rng.integers(3, 9))
    radius = log_uniform(rng, 0.01, 0.08)
    solids = []
    for _ in range(count):
        spread = rng.normal(0, 0.3, 2) if count > 1 else np.zeros(2)
        bottom = np.array([spread[0] * 0.2, 1, spread[1] * 0.2])
        top = np.array([spread[0], -rng.uniform(0.5, 1), spread[1]])
        solids += rod(bottom, top, radius, rng.choice([1.0, rng.uniform(0.4, 1)]))
    return solids


def sample_wire(rng: np.random.Generator) -> list[Solid]:
    """Sample a thin curve of straight pieces."""
    corners = rng.uniform(-1, 1, (3, 3)) * (1, 1, 0.4)
    t = np.linspace(0, 1, 7)[:, None]
    points = (1 - t) ** 2 * corners[0] + 2 * t * (1 - t) * corners[1] + t**2 * corners[2]
    radius = log_uniform(rng, 0.006, 0.04)
    return [solid for a, b in itertools.pairwise(points) for solid in rod(a, b, radius)]


SIMPLE_OBJECTS: dict[str, Sampler] = {
    "block": sample_block,
    "ball": sample_ball,
    "pot": sample_pot,
    "ring": sample_ring,
    "cut_out": sample_cut_out,
}
"""The objects that piles are made of."""
