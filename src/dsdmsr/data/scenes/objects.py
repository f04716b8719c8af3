"""Things made of solids: what scenes are furnished with.

Each maker draws a thing about the origin, of radius about 1, with y pointing down; `place` then
puts it into the world.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.scenes.outlines import OUTLINES, draw_outline
from dsdmsr.data.scenes.sampling import log_uniform
from dsdmsr.data.scenes.solids import WAVES, Solid, outlined

__all__ = ["THINGS", "frame", "ground", "place", "rod", "turned", "upright"]

Vector = NDArray[np.float64]
Maker = Callable[[np.random.Generator], list[Solid]]

_ORIGIN = np.zeros(3)
_PIECES = 6


def frame(axes: NDArray[np.float64], origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a solid's frame: its axes are the columns of `axes`."""
    return np.concatenate([axes, np.reshape(origin, (3, 1))], 1)


def turned(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a rotation, uniform over all of them."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def upright(angle: float) -> NDArray[np.float64]:
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


def ground(rng: np.random.Generator, waviness: float) -> tuple[float, ...]:
    """Draw the shape of a height field: waves longer or shorter by `waviness`."""
    strengths = rng.dirichlet(np.ones(WAVES))
    numbers: list[float] = []
    for k in range(WAVES):
        u, v = rng.normal(0, 1, 2) * 2 * waviness * log_uniform(rng, 1, 4)
        numbers += [strengths[k], u, v, rng.uniform(0, 2 * np.pi)]
    return tuple(float(n) for n in numbers)


def _diagonal(*sizes: float) -> NDArray[np.float64]:
    return np.diag(np.array(sizes, dtype=np.float64))


def _block(rng: np.random.Generator) -> list[Solid]:
    return [Solid("box", frame(_diagonal(*rng.uniform(0.2, 1, 3)), _ORIGIN))]


def _ball(rng: np.random.Generator) -> list[Solid]:
    even = rng.random() < 0.5
    sizes = np.ones(3) if even else rng.uniform(0.3, 1, 3)
    return [Solid("ellipsoid", frame(_diagonal(*sizes), _ORIGIN))]


_TO_VERTICAL = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""Turns the local z axis up, which is -y."""


def _pot(rng: np.random.Generator) -> list[Solid]:
    """A cylinder, a cone, a cup, a lamp's shade."""
    taper = float(rng.choice([0.0, 1.0, rng.uniform(0.2, 1), rng.uniform(0.6, 1)]))
    wide = rng.uniform(0.25, 0.8)
    sizes = _diagonal(wide, wide, rng.uniform(0.4, 1) * rng.choice([-1, 1]))
    solids = [Solid("frustum", frame(_TO_VERTICAL @ sizes, _ORIGIN), (taper,))]
    if rng.random() < 0.3:
        solids += _handle(rng, wide)
    return solids


def _handle(rng: np.random.Generator, at: float) -> list[Solid]:
    axes = np.eye(3) * rng.uniform(0.2, 0.4)
    return [Solid("torus", frame(axes, np.array([at, 0, 0])), (rng.uniform(0.1, 0.25),))]


def _ring(rng: np.random.Generator) -> list[Solid]:
    axes = turned(rng) @ _diagonal(1, rng.uniform(0.6, 1), rng.uniform(0.5, 1))
    return [Solid("torus", frame(axes, _ORIGIN), (rng.uniform(0.05, 0.4),))]


def _cut_out(rng: np.random.Generator) -> list[Solid]:
    """A flat or thick shape: a leaf, a letter, a gear, a plate with slots."""
    outline = draw_outline(rng)
    if rng.random() < 0.4:
        return [outlined("sheet", outline, frame(np.eye(3), _ORIGIN))]
    thick = log_uniform(rng, 0.02, 0.5)
    return [outlined("extrusion", outline, frame(_diagonal(1, 1, thick), _ORIGIN))]


def _cloth(rng: np.random.Generator) -> list[Solid]:
    axes = _TO_VERTICAL @ _diagonal(1, rng.uniform(0.5, 1), rng.uniform(0.05, 0.3))
    return [Solid("height_field", frame(axes, _ORIGIN), ground(rng, rng.uniform(0.5, 2)))]


def _rods(rng: np.random.Generator) -> list[Solid]:
    """One rod, or some in a bundle or a jar."""
    count = 1 if rng.random() < 0.5 else int(rng.integers(3, 9))
    radius = log_uniform(rng, 0.01, 0.08)
    solids = []
    for _ in range(count):
        spread = rng.normal(0, 0.3, 2) if count > 1 else np.zeros(2)
        bottom = np.array([spread[0] * 0.2, 1, spread[1] * 0.2])
        top = np.array([spread[0], -rng.uniform(0.5, 1), spread[1]])
        solids += rod(bottom, top, radius, rng.choice([1.0, rng.uniform(0.4, 1)]))
    return solids


def _wire(rng: np.random.Generator) -> list[Solid]:
    """A thin curve of straight pieces."""
    corners = rng.uniform(-1, 1, (3, 3)) * (1, 1, 0.4)
    t = np.linspace(0, 1, 7)[:, None]
    points = (1 - t) ** 2 * corners[0] + 2 * t * (1 - t) * corners[1] + t**2 * corners[2]
    radius = log_uniform(rng, 0.006, 0.04)
    return [solid for a, b in itertools.pairwise(points) for solid in rod(a, b, radius)]


def _fence(rng: np.random.Generator) -> list[Solid]:
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
        solids.append(Solid("box", frame(_diagonal(*sizes), origin)))
    return solids


def _stairs(rng: np.random.Generator) -> list[Solid]:
    steps = int(rng.integers(3, 9))
    rise = 1 / steps
    return [
        Solid(
            "box",
            frame(
                _diagonal(0.8, rise * (k + 1), rise),
                np.array([0, 1 - rise * (k + 1), 2 * rise * k - 1]),
            ),
        )
        for k in range(steps)
    ]


def _cards(rng: np.random.Generator) -> list[Solid]:
    """A hand of cards."""
    count = int(rng.integers(3, 8))
    solids = []
    for k in range(count):
        angle = 0.25 * (k - (count - 1) / 2)
        cos, sin = np.cos(angle), np.sin(angle)
        axes = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
        card = Solid("box", frame(_diagonal(0.35, 0.55, 0.006), np.array([0, -0.45, 0.02 * k])))
        solids += place([card], axes, np.array([0, 0.5, 0]))
    return solids


def _foliage(rng: np.random.Generator) -> list[Solid]:
    """A cluster of leaves, turned every way."""
    size = rng.uniform(0.1, 0.35)
    solids = []
    for _ in range(int(rng.integers(12, 50))):
        direction = rng.normal(0, 1, 3)
        at = direction / np.linalg.norm(direction) * rng.uniform(0.3, 1)
        axes = turned(rng) * size * rng.uniform(0.6, 1.2)
        if rng.random() < 0.25:
            leaf = outlined("sheet", OUTLINES["leaf"](rng), frame(axes, at))
        else:
            leaf = Solid("ellipsoid", frame(axes * (1, 0.45, 0.05), at))
        solids.append(leaf)
    return solids


def _hair(rng: np.random.Generator) -> list[Solid]:
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


def _plant(rng: np.random.Generator) -> list[Solid]:
    """A pot, stems, and leaves on them."""
    wide = rng.uniform(0.25, 0.4)
    axes = _TO_VERTICAL @ _diagonal(wide, wide, -0.25)
    solids = [Solid("frustum", frame(axes, np.array([0, 0.75, 0])), (rng.uniform(0.6, 1),))]
    for _ in range(int(rng.integers(4, 12))):
        tip = np.array([rng.normal(0, 0.4), -rng.uniform(0, 1), rng.normal(0, 0.4)])
        solids += rod(np.array([0, 0.6, 0]), tip, 0.015)
        leaf = turned(rng) * rng.uniform(0.15, 0.4)
        solids.append(outlined("sheet", OUTLINES["leaf"](rng), frame(leaf, tip)))
    return solids


def _shelf(rng: np.random.Generator) -> list[Solid]:
    """Boards, and books of all sizes on them."""
    boards = int(rng.integers(2, 5))
    solids = []
    for y in np.linspace(-1, 1, boards + 1)[1:]:
        solids.append(Solid("box", frame(_diagonal(1, 0.03, 0.3), np.array([0, y, 0]))))
        x = -1.0
        while x < 0.9 and rng.random() < 0.9:
            half, tall = rng.uniform(0.03, 0.12), rng.uniform(0.5, 0.95) / boards
            sizes = (half, tall, rng.uniform(0.15, 0.3))
            origin = np.array([x + half, y - tall, rng.uniform(-0.1, 0.1)])
            solids.append(Solid("box", frame(_diagonal(*sizes), origin)))
            x += 2 * half
    return solids


def _pile(rng: np.random.Generator) -> list[Solid]:
    """A heap of small things."""
    solids = []
    for _ in range(int(rng.integers(4, 12))):
        maker = _SIMPLE[int(rng.integers(len(_SIMPLE)))]
        at = rng.normal(0, 0.5, 3) * (1, 0.5, 1)
        at[1] += 0.4
        solids += place(maker(rng), turned(rng) * rng.uniform(0.15, 0.45), at)
    return solids


_SIMPLE: tuple[Maker, ...] = (_block, _ball, _pot, _ring, _cut_out)

THINGS: dict[str, tuple[Maker, float, bool]] = {
    "block": (_block, 0.18, True),
    "ball": (_ball, 0.1, True),
    "pot": (_pot, 0.12, True),
    "ring": (_ring, 0.05, True),
    "cut_out": (_cut_out, 0.2, True),
    "cloth": (_cloth, 0.03, True),
    "rods": (_rods, 0.08, False),
    "wire": (_wire, 0.04, True),
    "fence": (_fence, 0.04, False),
    "stairs": (_stairs, 0.02, False),
    "cards": (_cards, 0.02, True),
    "foliage": (_foliage, 0.025, True),
    "hair": (_hair, 0.02, False),
    "plant": (_plant, 0.015, False),
    "shelf": (_shelf, 0.02, False),
    "pile": (_pile, 0.02, False),
}
"""The things, how often each is drawn, and whether it may lie in any direction."""
