"""Intersections of rays with a torus, by bisection."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from dsdmsr.data.scenes.rays import Rays, within_cube

__all__ = ["hit_torus"]

_BISECTIONS, _ROUGH_BISECTIONS = 48, 30


def hit_torus(rays: Rays) -> Tensor:
    """Return where rays hit a ring about the z axis, whose tube has the radius shape[0].

    With s = the length along the ray from where it is nearest to the centre, the ring is where a
    quartic s⁴ + p·s² + q·s + r is not positive. Between its turning points it is monotonic, so
    bisecting an interval whose ends differ in sign finds the only root there.
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
        low, high, crossed = begin, begin, torch.zeros_like(begin, dtype=torch.bool)
        for a, b in pairwise(borders):
            here = ~crossed & outside(a) & ~outside(b)
            low, high = torch.where(here, a, low), torch.where(here, b, high)
            crossed = crossed | here
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            out = outside(middle)
            low, high = torch.where(out, middle, low), torch.where(out, high, middle)
        return torch.where(crossed, (high - shift) / length, torch.inf)

    return within_cube(rays, hit)


def _turning_points(
    p: Tensor, q: Tensor, begin: Tensor, end: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return three places between which, and the interval's ends, s⁴ + p·s² + q·s is monotonic.

    The derivative is monotonic between the inflections ±√(-p/6); its roots are bisected for, so
    that only correctly rounded operations decide.
    """
    inflection = (-p / 6).clamp(min=0).sqrt()
    first = torch.minimum(torch.maximum(-inflection, begin), end)
    second = torch.minimum(torch.maximum(inflection, begin), end)

    def rises(s: Tensor) -> Tensor:
        return (4 * s * s + 2 * p) * s + q > 0

    roots = []
    for low, high in ((begin, first), (first, second), (second, end)):
        ends_rising = rises(high)
        for _ in range(_ROUGH_BISECTIONS):
            middle = (low + high) / 2
            before = rises(middle) != ends_rising
            low, high = torch.where(before, middle, low), torch.where(before, high, middle)
        roots.append(high)
    return roots[0], roots[1], roots[2]
