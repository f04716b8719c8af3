"""Solids that rays are cast at, each inside the cube [-1, 1]³ of a frame of its own.

A solid is a kind, an affine frame (local → world) and a few numbers that shape it. Affine frames
keep the ray parameter, so a hit found in the frame is a hit in the world at the same parameter.
All functions here work elementwise on rays, by sums, products, quotients and square roots alone:
what a ray hits depends on nothing but the ray, to the last bit. Rays begin outside of bounded
solids.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["EDGES", "HITS", "UNBOUNDED", "WAVES", "Rays", "Solid", "outlined"]

EDGES = 40
"""The most edges of an extruded outline."""
WAVES = 3
"""How many waves make a height field."""

_STEPS = (4, 8, 16, 32, 64, 128)
_NARROWINGS = 8
_TAYLOR = [(-1.0) ** k / math.factorial(2 * k + 1) for k in range(9, -1, -1)]
_HALVINGS, _ROUGH_HALVINGS = 48, 30


class Solid(NamedTuple):
    """A solid in the world."""

    kind: str
    """A key of `HITS`."""
    frame: NDArray[np.float64]
    """3×4: the local axes and the origin, in world coordinates."""
    shape: tuple[float, ...] = ()
    """What the kind needs beside the frame; see `HITS`."""


class Rays(NamedTuple):
    """Rays in the frames of the solids they may hit: origin + t · direction, t > 0."""

    origin: tuple[Tensor, Tensor, Tensor]
    direction: tuple[Tensor, Tensor, Tensor]
    shape: Callable[[int], Tensor]
    """Column k of the solids' shape numbers, for each ray."""
    chosen: Callable[[Tensor], Rays]
    """The rays at these places of the list."""


def outlined(
    kind: Literal["extrusion", "sheet"],
    outlines: list[NDArray[np.float64]],
    frame: NDArray[np.float64],
) -> Solid:
    """Return a solid with an outline.

    Args:
        kind: ``extrusion``, from z = -1 to z = 1, or ``sheet``, flat at z = 0.
        outlines: Closed polygons, n×2, within [-1, 1]²; a polygon in another one is a hole.
        frame: See `Solid`.
    """
    starts = np.concatenate(outlines)
    ends = np.concatenate([np.roll(outline, -1, axis=0) for outline in outlines])
    if np.abs(starts).max() > 1 + 1e-9:
        raise ValueError("an outline reaches beyond [-1, 1]²")
    if len(starts) > EDGES:
        raise ValueError(f"{len(starts)} edges: at most {EDGES}")
    edges = np.zeros((EDGES, 4))
    edges[: len(starts)] = np.concatenate([starts, ends], axis=1)
    return Solid(kind, frame, (float(len(starts)), *edges.ravel().tolist()))


def _positive_first(entry: Tensor, leave: Tensor) -> Tensor:
    """Return where a ray first is on the border of the interval it spends in a convex solid."""
    hits = (entry <= leave) & (leave > 0)
    return torch.where(hits, torch.where(entry > 0, entry, leave), torch.inf)


def _slab(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Return the interval of a ray between -1 and 1 along one axis."""
    a, b = (-1 - origin) / direction, (1 - origin) / direction
    return torch.minimum(a, b), torch.maximum(a, b)


def _cube(rays: Rays) -> tuple[Tensor, Tensor]:
    slabs = [_slab(o, d) for o, d in zip(rays.origin, rays.direction, strict=True)]
    (x0, x1), (y0, y1), (z0, z1) = slabs
    return torch.maximum(torch.maximum(x0, y0), z0), torch.minimum(torch.minimum(x1, y1), z1)


def _roots(a: Tensor, half_b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return both roots of a·t² + 2·half_b·t + c, NaN where there are none.

    The product form keeps the digits that the textbook formula loses.
    """
    root = (half_b * half_b - a * c).sqrt()
    q = -(half_b + torch.copysign(root, half_b))
    return q / a, c / q


def _box(rays: Rays) -> Tensor:
    return _positive_first(*_cube(rays))


def _room(rays: Rays) -> Tensor:
    """A box seen from inside: its far walls."""
    entry, leave = _cube(rays)
    return torch.where((entry <= leave) & (leave > 0), leave, torch.inf)


def _plane(rays: Rays) -> Tensor:
    """The plane z = 0."""
    t = -rays.origin[2] / rays.direction[2]
    return torch.where(t > 0, t, torch.inf)


def _ellipsoid(rays: Rays) -> Tensor:
    (x, y, z), (p, q, r) = rays.origin, rays.direction
    a, half_b = p * p + q * q + r * r, x * p + y * q + z * r
    first, second = _roots(a, half_b, x * x + y * y + z * z - 1)
    return _positive_first(torch.minimum(first, second), torch.maximum(first, second))


def _frustum(rays: Rays) -> Tensor:
    """Radius 1 at z = -1 and shape[0], 0 to 1, at z = 1: a cylinder, a cup, a cone."""
    (x, y, z), (p, q, r) = rays.origin, rays.direction
    top = rays.shape(0)
    slope = (top - 1) / 2
    radius = (1 + top) / 2 + slope * z
    a = p * p + q * q - (slope * r) ** 2
    half_b = x * p + y * q - slope * r * radius
    first, second = _roots(a, half_b, x * x + y * y - radius * radius)
    best = torch.full_like(x, torch.inf)
    for t in (first, second):
        found = (t > 0) & ((z + t * r).abs() <= 1)
        best = torch.where(found, torch.minimum(best, t), best)
    for lid, reach in ((-1.0, torch.ones_like(top)), (1.0, top)):
        t = (lid - z) / r
        found = (t > 0) & ((x + t * p) ** 2 + (y + t * q) ** 2 <= reach * reach)
        best = torch.where(found, torch.minimum(best, t), best)
    return best


def _within_cube(rays: Rays, hit: Callable[[Rays, Tensor, Tensor], Tensor]) -> Tensor:
    """Ask `hit` only for the rays that cross the cube."""
    entry, leave = _cube(rays)
    entry = entry.clamp(min=0)
    result = torch.full_like(entry, torch.inf)
    places = torch.nonzero(entry < leave).squeeze(1)
    if len(places):
        result[places] = hit(rays.chosen(places), entry[places], leave[places])
    return result


def _torus(rays: Rays) -> Tensor:
    """A ring about the z axis; its tube has the radius shape[0].

    With s = the length along the ray from where it is nearest to the centre, the ring is where a
    quartic s⁴ + p·s² + q·s + r is not positive. Between its turning points it is monotonic, so
    halving an interval whose ends differ in sign finds the only root there.
    """

    def hit(rays: Rays, entry: Tensor, leave: Tensor) -> Tensor:
        tube = rays.shape(0)
        ring = (1 - tube) ** 2
        p, q, r = rays.direction
        length = (p * p + q * q + r * r).sqrt()
        d = [component / length for component in rays.direction]
        shift = sum(o * e for o, e in zip(rays.origin, d, strict=True))
        x, y, z = (o - shift * e for o, e in zip(rays.origin, d, strict=True))
        k = x * x + y * y + z * z + ring - tube * tube
        p = 2 * k - 4 * ring * (d[0] * d[0] + d[1] * d[1])
        q = -8 * ring * (x * d[0] + y * d[1])
        r = k * k - 4 * ring * (x * x + y * y)

        def outside(s: Tensor) -> Tensor:
            return ((s * s + p) * s + q) * s + r > 0

        begin, end = entry * length + shift, leave * length + shift
        borders = [begin, *_turning_points(p, q, begin, end), end]
        low, high, found = begin, begin, torch.zeros_like(begin, dtype=torch.bool)
        for a, b in pairwise(borders):
            here = ~found & outside(a) & ~outside(b)
            low, high = torch.where(here, a, low), torch.where(here, b, high)
            found = found | here
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            out = outside(middle)
            low, high = torch.where(out, middle, low), torch.where(out, high, middle)
        return torch.where(found, (high - shift) / length, torch.inf)

    return _within_cube(rays, hit)


def _turning_points(
    p: Tensor, q: Tensor, begin: Tensor, end: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return three places between which, and the interval's ends, s⁴ + p·s² + q·s is monotonic.

    The derivative is monotonic between the inflections ±√(-p/6); its roots are halved for, so that
    only correctly rounded operations decide.
    """
    inflection = (-p / 6).clamp(min=0).sqrt()
    first = torch.minimum(torch.maximum(-inflection, begin), end)
    second = torch.minimum(torch.maximum(inflection, begin), end)

    def rises(s: Tensor) -> Tensor:
        return (4 * s * s + 2 * p) * s + q > 0

    roots = []
    for low, high in ((begin, first), (first, second), (second, end)):
        ends_rising = rises(high)
        for _ in range(_ROUGH_HALVINGS):
            middle = (low + high) / 2
            before = rises(middle) != ends_rising
            low, high = torch.where(before, middle, low), torch.where(before, high, middle)
        roots.append(high)
    return roots[0], roots[1], roots[2]


def _height_field(rays: Rays) -> Tensor:
    """The surface z = Σ aₖ·sin(uₖ·x + vₖ·y + φₖ), Σ|aₖ| ≤ 1; shape: (a, u, v, φ) of each wave.

    The first change of sign between equal steps, in which no wave turns by more than half a
    radian (or that are 128), is narrowed by false position down to the last digits.
    """

    def hit(rays: Rays, entry: Tensor, leave: Tensor) -> Tensor:
        rates = torch.stack([rate.abs() for _, _, rate in _waves(rays)])
        turn = rates.amax(0) * (leave - entry)
        result = torch.full_like(entry, torch.inf)
        least = 0.0
        for count in _STEPS:
            most = count / 2 if count < _STEPS[-1] else torch.inf
            places = torch.nonzero((turn >= least) & (turn < most)).squeeze(1)
            least = most
            if len(places):
                result[places] = _first_crossing(
                    rays.chosen(places), entry[places], leave[places], count
                )
        return result

    return _within_cube(rays, hit)


def _first_crossing(rays: Rays, entry: Tensor, leave: Tensor, count: int) -> Tensor:
    """Return where rays first meet a height field, looked for in `count` equal steps."""
    step = (leave - entry) / count
    # Along a ray a wave's argument grows by equal steps: turn (sine, cosine) instead.
    turning = []
    for strength, begin, rate in _waves(rays):
        angle, turn = begin + rate * entry, rate * step
        turning.append(
            [
                strength * _sine(angle),
                strength * _sine(angle + math.pi / 2),
                _sine(turn),
                _sine(turn + math.pi / 2),
            ]
        )
    height = rays.origin[2] + entry * rays.direction[2]
    rise = step * rays.direction[2]
    before = height - sum(wave[0] for wave in turning)
    low, at_low, at_high = entry, before, before
    found = torch.zeros_like(entry, dtype=torch.bool)
    for k in range(1, count + 1):
        height = height + rise
        for wave in turning:
            sine, cosine, turn_sine, turn_cosine = wave
            wave[0] = sine * turn_cosine + cosine * turn_sine
            wave[1] = cosine * turn_cosine - sine * turn_sine
        after = height - sum(wave[0] for wave in turning)
        crossed = ~found & ((before > 0) != (after > 0))
        low = torch.where(crossed, entry + (k - 1) * step, low)
        at_low = torch.where(crossed, before, at_low)
        at_high = torch.where(crossed, after, at_high)
        found = found | crossed
        before = after
    result = torch.full_like(entry, torch.inf)
    places = torch.nonzero(found).squeeze(1)
    low = low[places]
    result[places] = _false_position(
        rays.chosen(places), low, low + step[places], at_low[places], at_high[places]
    )
    return result


def _sine(x: Tensor) -> Tensor:
    """Return sin x by correctly rounded operations alone, so that it is the same everywhere.

    Whole half turns are taken off, π in two parts; what is left goes through the Taylor series.
    """
    turns = torch.round(x * (1 / math.pi))
    rest = (x - turns * 3.140625) - turns * 9.676535897932385e-4
    square = rest * rest
    series = torch.full_like(square, _TAYLOR[0])
    for coefficient in _TAYLOR[1:]:
        series = series * square + coefficient
    return torch.where(turns.remainder(2) == 0, rest * series, -rest * series)


def _waves(rays: Rays) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return strength, beginning and rate of each wave along the rays."""
    (x, y, _), (p, q, _) = rays.origin, rays.direction
    waves = []
    for k in range(WAVES):
        strength, u, v, phase = (rays.shape(4 * k + j) for j in range(4))
        waves.append((strength, u * x + v * y + phase, u * p + v * q))
    return waves


def _false_position(
    rays: Rays, low: Tensor, high: Tensor, at_low: Tensor, at_high: Tensor
) -> Tensor:
    """Return where rays meet a height field, between `low` and `high` on its two sides.

    Source:
        The Illinois rule: Dowell, Jarratt: "A modified regula falsi method", BIT 1971.
    """
    z, r = rays.origin[2], rays.direction[2]
    side = torch.where(at_low > 0, 1.0, -1.0)
    at_low, at_high = at_low * side, at_high * side
    waves = _waves(rays)
    for _ in range(_NARROWINGS):
        t = (low * at_high - high * at_low) / (at_high - at_low)
        t = torch.where((t >= low) & (t <= high), t, (low + high) / 2)
        height = z + t * r - sum(a * _sine(begin + rate * t) for a, begin, rate in waves)
        value = height * side
        above = value > 0
        low, high = torch.where(above, t, low), torch.where(above, high, t)
        at_low = torch.where(above, value, at_low / 2)
        at_high = torch.where(above, at_high / 2, value)
    return high


def _sheet(rays: Rays) -> Tensor:
    """An outline without thickness, at z = 0; shape as for `_extrusion`."""

    def hit(rays: Rays, entry: Tensor, leave: Tensor) -> Tensor:
        (x, y, z), (p, q, r) = rays.origin, rays.direction
        t = -z / r
        inside = _odd(rays, x + t * p, y + t * q)
        return torch.where(inside & (t > 0), t, torch.inf)

    return _within_cube(rays, hit)


def _odd(rays: Rays, u: Tensor, v: Tensor) -> Tensor:
    """Return whether a half line from (u, v) crosses an odd number of the outline's edges."""
    odd = torch.zeros_like(u, dtype=torch.bool)
    for k in range(int(rays.shape(0).max())):
        x1, y1, x2, y2 = (rays.shape(1 + 4 * k + j) for j in range(4))
        odd ^= ((v > y1) != (v > y2)) & (u < x1 + (v - y1) * ((x2 - x1) / (y2 - y1)))
    return odd


def _extrusion(rays: Rays) -> Tensor:
    """An outline between z = -1 and 1; shape: the number of edges, then x₁ y₁ x₂ y₂ of each."""

    def hit(rays: Rays, entry: Tensor, leave: Tensor) -> Tensor:
        (x, y, z), (p, q, r) = rays.origin, rays.direction
        best = torch.full_like(entry, torch.inf)
        for k in range(int(rays.shape(0).max())):
            x1, y1, x2, y2 = (rays.shape(1 + 4 * k + j) for j in range(4))
            ex, ey = x2 - x1, y2 - y1
            bx, by = x1 - x, y1 - y
            across = p * ey - q * ex
            t, along = (bx * ey - by * ex) / across, (bx * q - by * p) / across
            wall = (t > 0) & (along >= 0) & (along <= 1) & ((z + t * r).abs() <= 1)
            best = torch.where(wall, torch.minimum(best, t), best)
        # Of the two lids, only the one that the ray meets first can hide the walls.
        t = torch.minimum((-1 - z) / r, (1 - z) / r)
        lid = _odd(rays, x + t * p, y + t * q) & (t > 0)
        return torch.where(lid, torch.minimum(best, t), best)

    return _within_cube(rays, hit)


HITS: dict[str, Callable[[Rays], Tensor]] = {
    "box": _box,
    "room": _room,
    "plane": _plane,
    "ellipsoid": _ellipsoid,
    "frustum": _frustum,
    "torus": _torus,
    "height_field": _height_field,
    "extrusion": _extrusion,
    "sheet": _sheet,
}
"""Kind → the parameter of each ray's first hit, infinite where it misses."""

UNBOUNDED = ("room", "plane")
"""Kinds that may fill the whole picture."""
