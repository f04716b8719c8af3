"""Rays in the frames of solids, and their intervals within the cube that bounds a solid.

All that is computed on rays is elementwise, by sums, products, quotients and square roots alone:
what a ray hits depends on nothing but the ray, to the last bit. Rays begin outside of bounded
solids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Rays", "cube_interval", "first_positive", "within_cube"]


class Rays(NamedTuple):
    """Rays in the frames of the solids they may hit: origin + t · direction, t > 0."""

    origin: tuple[Tensor, Tensor, Tensor]
    direction: tuple[Tensor, Tensor, Tensor]
    shape: Callable[[int], Tensor]
    """Column k of the solids' shape numbers, for each ray."""
    select: Callable[[Tensor], Rays]
    """Returns the rays at these indices."""


def first_positive(entry: Tensor, leave: Tensor) -> Tensor:
    """Return where a ray first is on the border of the interval it spends in a convex solid."""
    hits = (entry <= leave) & (leave > 0)
    return torch.where(hits, torch.where(entry > 0, entry, leave), torch.inf)


def _slab(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Return the interval of a ray between -1 and 1 along one axis."""
    a, b = (-1 - origin) / direction, (1 - origin) / direction
    return torch.minimum(a, b), torch.maximum(a, b)


def cube_interval(rays: Rays) -> tuple[Tensor, Tensor]:
    """Return where rays enter and leave the cube."""
    slabs = [_slab(o, d) for o, d in zip(rays.origin, rays.direction, strict=True)]
    (x0, x1), (y0, y1), (z0, z1) = slabs
    return torch.maximum(torch.maximum(x0, y0), z0), torch.minimum(torch.minimum(x1, y1), z1)


def within_cube(rays: Rays, hit: Callable[[Rays, Tensor, Tensor], Tensor]) -> Tensor:
    """Return what `hit` finds, called only for the rays that cross the cube."""
    entry, leave = cube_interval(rays)
    entry = entry.clamp(min=0)
    result = torch.full_like(entry, torch.inf)
    places = torch.nonzero(entry < leave).squeeze(1)
    if len(places):
        result[places] = hit(rays.select(places), entry[places], leave[places])
    return result
