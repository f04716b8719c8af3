"""The objects that furnish scenes: the compound ones, and the table of all.

Each function samples an object about the origin, of radius about 1, with y pointing down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dsdmsr.data.scenes.frames import TO_VERTICAL, diagonal, frame, place, random_rotation
from dsdmsr.data.scenes.outlines import OUTLINES
from dsdmsr.data.scenes.sampling import log_uniform
from dsdmsr.data.scenes.simple_objects import (
    SIMPLE_OBJECTS,
    Sampler,
    rod,
    sample_cloth,
    sample_rods,
    sample_wire,
)
from dsdmsr.data.scenes.solids import Solid, outlined

__all__ = ["OBJECTS", "ObjectKind"]


class ObjectKind(NamedTuple):
    """A kind of object."""

    sample: Sampler
    """Samples its solids."""
    share: float
    """How often it is sampled."""
    any_orientation: bool
    """Whether it may lie in any direction; the others stand upright."""


def _sample_fence(rng: np.random.Generator) -> list[Solid]:
    """Bars side by side, perhaps crossed by others: a fence, a grid, a chair's back."""
    thick = rng.uniform(0.015, 0.08)
    count = int(rng.integers(3, 9))
    bars = [(x, "y") for x in np.linspace(-1, 1, count)]
    crossings = int(rng.choice([2, 2, count]))
    bars += [(y, "x") for y in np.linspace(-0.85, 0.85, crossings)]
    solids = []
    for at, along in bars:
        sizes = (1, thick, thick) if along == "x" else (thick, 1, thick)
        origin = np.array([0, at, 0.0]) if along == "x" else np.array([at, 0, 0.0])
        solids.append(Solid("box", frame(diagonal(*sizes), origin)))
    return solids


def _sample_stairs(rng: np.random.Generator) -> list[Solid]:
    steps = int(rng.integers(3, 9))
    rise = 1 / steps
    return [
        Solid(
            "box",
            frame(
                diagonal(0.8, rise * (k + 1), rise),
                np.array([0, 1 - rise * (k + 1), 2 * rise * k - 1]),
            ),
        )
        for k in range(steps)
    ]


def _sample_cards(rng: np.random.Generator) -> list[Solid]:
    """A hand of cards."""
    count = int(rng.integers(3, 8))
    solids = []
    for k in range(count):
        angle = 0.25 * (k - (count - 1) / 2)
        cos, sin = np.cos(angle), np.sin(angle)
        axes = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
        card = Solid("box", frame(diagonal(0.35, 0.55, 0.006), np.array([0, -0.45, 0.02 * k])))
        solids += place([card], axes, np.array([0, 0.5, 0]))
    return solids


def _sample_foliage(rng: np.random.Generator) -> list[Solid]:
    """A cluster of leaves, random_rotation every way."""
    size = rng.uniform(0.1, 0.35)
    solids = []
    for _ in range(int(rng.integers(12, 50))):
        direction = rng.normal(0, 1, 3)
        at = direction / np.linalg.norm(direction) * rng.uniform(0.3, 1)
        axes = random_rotation(rng) * size * rng.uniform(0.6, 1.2)
        if rng.random() < 0.25:
            leaf = outlined("sheet", OUTLINES["leaf"](rng), frame(axes, at))
        else:
            leaf = Solid("ellipsoid", frame(axes * (1, 0.45, 0.05), at))
        solids.append(leaf)
    return solids


def _sample_hair(rng: np.random.Generator) -> list[Solid]:
    """A tuft of thin bent strands: grass, a brush, hair."""
    radius = log_uniform(rng, 0.006, 0.03)
    solids = []
    for _ in range(int(rng.integers(8, 30))):
        foot = np.array([rng.normal(0, 0.2), 1.0, rng.normal(0, 0.2)])
        lean = rng.normal(0, 0.5, 2)
        knee = foot + np.array([0.3 * lean[0], -rng.uniform(0.5, 1), 0.3 * lean[1]])
        tip = knee + np.array([0.7 * lean[0], -rng.uniform(0.2, 1), 0.7 * lean[1]])
        solids += rod(foot, knee, radius) + rod(knee, tip, radius, 0.4)
    return solids


def _sample_plant(rng: np.random.Generator) -> list[Solid]:
    """A pot, stems, and leaves on them."""
    wide = rng.uniform(0.25, 0.4)
    axes = TO_VERTICAL @ diagonal(wide, wide, -0.25)
    solids = [Solid("frustum", frame(axes, np.array([0, 0.75, 0])), (rng.uniform(0.6, 1),))]
    for _ in range(int(rng.integers(4, 12))):
        tip = np.array([rng.normal(0, 0.4), -rng.uniform(0, 1), rng.normal(0, 0.4)])
        solids += rod(np.array([0, 0.6, 0]), tip, 0.015)
        leaf = random_rotation(rng) * rng.uniform(0.15, 0.4)
        solids.append(outlined("sheet", OUTLINES["leaf"](rng), frame(leaf, tip)))
    return solids


def _sample_shelf(rng: np.random.Generator) -> list[Solid]:
    """Boards, and books of all sizes on them."""
    boards = int(rng.integers(2, 5))
    solids = []
    for y in np.linspace(-1, 1, boards + 1)[1:]:
        solids.append(Solid("box", frame(diagonal(1, 0.03, 0.3), np.array([0, y, 0]))))
        x = -1.0
        while x < 0.9 and rng.random() < 0.9:
            half, tall = rng.uniform(0.03, 0.12), rng.uniform(0.5, 0.95) / boards
            sizes = (half, tall, rng.uniform(0.15, 0.3))
            origin = np.array([x + half, y - tall, rng.uniform(-0.1, 0.1)])
            solids.append(Solid("box", frame(diagonal(*sizes), origin)))
            x += 2 * half
    return solids


def _sample_pile(rng: np.random.Generator) -> list[Solid]:
    """A heap of small objects."""
    samplers = list(SIMPLE_OBJECTS.values())
    solids = []
    for _ in range(int(rng.integers(4, 12))):
        sample = samplers[int(rng.integers(len(samplers)))]
        at = rng.normal(0, 0.5, 3) * (1, 0.5, 1)
        at[1] += 0.4
        solids += place(sample(rng), random_rotation(rng) * rng.uniform(0.15, 0.45), at)
    return solids


OBJECTS: dict[str, ObjectKind] = {
    "block": ObjectKind(SIMPLE_OBJECTS["block"], 0.18, True),
    "ball": ObjectKind(SIMPLE_OBJECTS["ball"], 0.1, True),
    "pot": ObjectKind(SIMPLE_OBJECTS["pot"], 0.12, True),
    "ring": ObjectKind(SIMPLE_OBJECTS["ring"], 0.05, True),
    "cut_out": ObjectKind(SIMPLE_OBJECTS["cut_out"], 0.2, True),
    "cloth": ObjectKind(sample_cloth, 0.03, True),
    "rods": ObjectKind(sample_rods, 0.08, False),
    "wire": ObjectKind(sample_wire, 0.04, True),
    "fence": ObjectKind(_sample_fence, 0.04, False),
    "stairs": ObjectKind(_sample_stairs, 0.02, False),
    "cards": ObjectKind(_sample_cards, 0.02, True),
    "foliage": ObjectKind(_sample_foliage, 0.025, True),
    "hair": ObjectKind(_sample_hair, 0.02, False),
    "plant": ObjectKind(_sample_plant, 0.015, False),
    "shelf": ObjectKind(_sample_shelf, 0.02, False),
    "pile": ObjectKind(_sample_pile, 0.02, False),
}
"""The objects by name."""
