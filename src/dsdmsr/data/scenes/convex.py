"""Intersections of rays with planes and convex solids, in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from dsdmsr.data.scenes.rays import Rays, cube_interval, first_positive

__all__ = ["hit_box", "hit_ellipsoid", "hit_frustum", "hit_plane", "hit_room"]


def hit_box(rays: Rays) -> Tensor:
    """Return where rays hit the cube."""
    return first_positive(*cube_interval(rays))


def hit_room(rays: Rays) -> Tensor:
    """Return where rays hit the walls of a box seen from inside."""
    entry, leave = cube_interval(rays)
    return torch.where((entry <= leave) & (leave > 0), leave, torch.inf)


def hit_plane(rays: Rays) -> Tensor:
    """Return where rays hit the plane z = 0."""
    t = -rays.origin[2] / rays.direction[2]
    return torch.where(t > 0, t, torch.inf)


def hit_ellipsoid(rays: Rays) -> Tensor:
    """Return where rays hit the unit sphere."""
    (x, y, z), (p, q, r) = rays.origin, rays.direction
    a, half_b = p * p + q * q + r * r, x * p + y * q + z * r
    first, second = _roots(a, half_b, x * x + y * y + z * z - 1)
    return first_positive(torch.minimum(first, second), torch.maximum(first, second))


def hit_frustum(rays: Rays) -> Tensor:
    """Return where rays hit a cylinder, a cup or a cone.

    Its radius is 1 at z = -1 and shape[0], 0 to 1, at z = 1.
    """
    (x, y, z), (p, q, r) = rays.origin, rays.direction
    top = rays.shape(0)
    slope = (top - 1) / 2
    radius = (1 + top) / 2 + slope * z
    a = p * p + q * q - (slope * r) ** 2
    half_b = x * p + y * q - slope * r * radius
    first, second = _roots(a, half_b, x * x + y * y - radius * radius)
    best = torch.full_like(x, torch.inf)
    for t in (first, second):
        hits = (t > 0) & ((z + t * r).abs() <= 1)
        best = torch.where(hits, torch.minimum(best, t), best)
    for lid, reach in ((-1.0, torch.ones_like(top)), (1.0, top)):
        t = (lid - z) / r
        hits = (t > 0) & ((x + t * p) ** 2 + (y + t * q) ** 2 <= reach * reach)
        best = torch.where(hits, torch.minimum(best, t), best)
    return best


def _roots(a: Tensor, half_b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return both roots of a·t² + 2·half_b·t + c, NaN where there are none.

    The product form keeps the digits that the textbook formula loses.
    """
    root = (half_b * half_b - a * c).sqrt()
    q = -(half_b + torch.copysign(root, half_b))
    return q / a, c / q
