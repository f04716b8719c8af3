"""Silhouettes for cut-outs: each is a test of pixel coordinates, exact at any resolution.

Every function samples the parameters of a `Silhouette`: an inside test in a frame whose origin is
the shape's centre, and the radius of a circle around all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.scenes.sampling import choose, log_uniform

__all__ = ["SILHOUETTES", "Silhouette", "sample_silhouette"]

Coordinates = NDArray[np.float32]
Inside = Callable[[Coordinates, Coordinates], NDArray[np.bool_]]


class Silhouette(NamedTuple):
    """An inside test, true only within `reach` of the origin along each axis."""

    inside: Inside
    reach: float


def _turned(inside: Inside, angle: float) -> Inside:
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return lambda x, y: inside(cos * x + sin * y, cos * y - sin * x)


def _ellipse(rng: np.random.Generator, radius: float) -> Silhouette:
    a, b = radius, radius * rng.uniform(0.25, 1)
    power = 2.0 if rng.random() < 0.7 else rng.uniform(2.5, 6)

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        u, v = np.abs(x / np.float32(a)), np.abs(y / np.float32(b))
        if power == 2.0:
            return np.asarray(u * u + v * v < 1)
        return np.asarray(u ** np.float32(power) + v ** np.float32(power) < 1)

    return Silhouette(_turned(inside, rng.uniform(0, np.pi)), radius * 1.2)


def _box(rng: np.random.Generator, radius: float) -> Silhouette:
    a, b = radius, radius * rng.uniform(0.15, 1)
    skew = np.float32(rng.normal(0, 0.2))
    angle = float(rng.normal(0, 0.15) + rng.integers(2) * np.pi / 2)
    if rng.random() < 0.4:
        angle = rng.uniform(0, np.pi)

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        return (np.abs(x + skew * y) < a) & (np.abs(y) < b)

    return Silhouette(_turned(inside, angle), 2.2 * radius)


def _crossings(px: NDArray[np.float64], py: NDArray[np.float64]) -> Inside:
    """Return the even-odd inside test of a polygon."""

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        odd = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=bool)
        for k in range(len(px)):
            x1, y1, x2, y2 = px[k - 1], py[k - 1], px[k], py[k]
            if y1 == y2:
                continue
            spans = (y > y1) != (y > y2)
            slope = (x2 - x1) / (y2 - y1)
            at = np.float32(slope) * y + np.float32(x1 - slope * y1)
            odd ^= spans & (x < at)
        return odd

    return inside


def _polygon(rng: np.random.Generator, radius: float) -> Silhouette:
    corners = int(rng.integers(3, 11))
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    if rng.random() < 0.4:
        angle = np.arange(corners) * 2 * np.pi / corners + rng.uniform(0, np.pi)
    distance = radius * rng.uniform(rng.uniform(0.2, 1), 1, corners)
    return Silhouette(_crossings(distance * np.cos(angle), distance * np.sin(angle)), radius)


def _blob(rng: np.random.Generator, radius: float) -> Silhouette:
    orders = np.arange(1, int(rng.integers(3, 9)))
    amplitude = rng.normal(0, rng.uniform(0.05, 0.4), len(orders)) / orders**0.7
    phase = rng.uniform(0, 2 * np.pi, len(orders))
    angle = np.linspace(0, 2 * np.pi, 512, dtype=np.float32)
    outline = 1 + (amplitude[:, None] * np.cos(orders[:, None] * angle + phase[:, None])).sum(0)
    outline = np.clip(outline, 0.1, None)
    outline = (outline * (radius / outline.max())).astype(np.float32)

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        at = np.arctan2(y, x) * np.float32(511 / (2 * np.pi)) + np.float32(255.5)
        low = np.clip(at.astype(np.int32), 0, 510)
        part = at - low
        edge = outline[low] * (1 - part) + outline[low + 1] * part
        return np.asarray(x * x + y * y < edge * edge)

    # The outline closes at angle ±π, where both ends of the table hold the same radius.
    return Silhouette(inside, radius)


def _thick_line(
    px: NDArray[np.float64], py: NDArray[np.float64], widths: NDArray[np.float64]
) -> Inside:
    """Return the inside test of a chain of segments, each with its own half width."""

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        covered = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=bool)
        for k in range(len(px) - 1):
            dx, dy = px[k + 1] - px[k], py[k + 1] - py[k]
            length = max(dx * dx + dy * dy, 1e-9)
            u, v = x - np.float32(px[k]), y - np.float32(py[k])
            along = np.clip((u * np.float32(dx) + v * np.float32(dy)) / np.float32(length), 0, 1)
            u, v = u - along * np.float32(dx), v - along * np.float32(dy)
            covered |= u * u + v * v < np.float32(widths[k]) ** 2
        return covered

    return inside


def _stroke(rng: np.random.Generator, radius: float) -> Silhouette:
    """A thick curve: a quadratic Bézier of changing width."""
    corners = rng.uniform(-radius, radius, (3, 2))
    t = np.linspace(0, 1, int(rng.integers(4, 9)))[:, None]
    points = (1 - t) ** 2 * corners[0] + 2 * t * (1 - t) * corners[1] + t**2 * corners[2]
    half = log_uniform(rng, 0.6, max(radius / 4, 1.0))
    widths = half * np.linspace(1, rng.uniform(0.4, 1), len(t) - 1)
    return Silhouette(_thick_line(points[:, 0], points[:, 1], widths), radius + half)


def _rods(rng: np.random.Generator, radius: float) -> Silhouette:
    """Straight thin rods: one, a fan from one point, or a fence."""
    kind = rng.random()
    half = log_uniform(rng, 0.5, max(radius / 10, 1.0))
    angle = rng.uniform(0, np.pi)
    if kind < 0.5:
        count, spread, gap = 1, 0.0, 0.0
    elif kind < 0.75:
        count, spread, gap = int(rng.integers(3, 9)), rng.uniform(0.1, 0.6), 0.0
    else:
        count, spread, gap = int(rng.integers(3, 8)), 0.0, half * rng.uniform(3, 8)
    silhouettes = []
    for k in range(count):
        turn = angle + spread * rng.normal() if spread else angle
        shift = gap * (k - (count - 1) / 2)
        direction = np.array([np.cos(turn), np.sin(turn)])
        normal = np.array([-direction[1], direction[0]])
        ends = (
            np.stack([-direction * radius * 0.9, direction * radius * rng.uniform(0.4, 1)])
            if not spread
            else np.stack([0 * direction, direction * radius * rng.uniform(0.6, 1)])
        )
        ends = ends + shift * normal
        silhouettes.append(_thick_line(ends[:, 0], ends[:, 1], np.array([half])))
    reach = radius + abs(gap) * count / 2 + half

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        covered = silhouettes[0](x, y)
        for other in silhouettes[1:]:
            covered |= other(x, y)
        return covered

    return Silhouette(inside, reach)


def _ring(rng: np.random.Generator, radius: float) -> Silhouette:
    """An ellipse or a rounded box with a hole: a cup's handle, a frame, a gear."""
    outer = _ellipse(rng, radius) if rng.random() < 0.6 else _box(rng, radius)
    share = np.float32(rng.uniform(0.4, 0.9))

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        return outer.inside(x, y) & ~outer.inside(x / share, y / share)

    return Silhouette(inside, outer.reach)


def _lattice(rng: np.random.Generator, radius: float) -> Silhouette:
    """A grid of bars inside an ellipse or a box: a basket, a window."""
    frame = _ellipse(rng, radius) if rng.random() < 0.5 else _box(rng, radius)
    period = np.float32(max(4.0, radius * rng.uniform(0.12, 0.5)))
    bar = period * np.float32(rng.uniform(0.25, 0.7))
    both = rng.random() < 0.6

    def bars(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        covered = np.mod(x, period) < bar
        return np.asarray(covered | (np.mod(y, period) < bar) if both else covered)

    bars_turned = _turned(bars, rng.uniform(0, np.pi))

    def inside(x: Coordinates, y: Coordinates) -> NDArray[np.bool_]:
        return frame.inside(x, y) & bars_turned(x, y)

    return Silhouette(inside, frame.reach)


Sampler = Callable[[np.random.Generator, float], Silhouette]
SILHOUETTES: dict[str, tuple[Sampler, float]] = {
    "ellipse": (_ellipse, 0.18),
    "box": (_box, 0.2),
    "polygon": (_polygon, 0.17),
    "blob": (_blob, 0.15),
    "stroke": (_stroke, 0.12),
    "rods": (_rods, 0.1),
    "ring": (_ring, 0.05),
    "lattice": (_lattice, 0.03),
}
"""The silhouettes and how often each is sampled."""

_SHARES = np.cumsum([share for _, share in SILHOUETTES.values()])


def sample_silhouette(rng: np.random.Generator, radius: float) -> Silhouette:
    """Sample one of the silhouettes.

    Args:
        rng: Where the randomness comes from.
        radius: The shape's size, in pixels.
    """
    which = choose(rng, _SHARES)
    return list(SILHOUETTES.values())[which][0](rng, radius)
