"""Intersections of rays with an outline: flat, or extruded along z."""

from __future__ import annotations

import torch
from torch import Tensor

from dsdmsr.data.scenes.rays import Rays, within_cube

__all__ = ["hit_extrusion", "hit_sheet"]


def hit_sheet(rays: Rays) -> Tensor:
    """Return where rays hit an outline without thickness, at z = 0.

    The shape is that of `hit_extrusion`.
    """

    def hit(rays: Rays, entry: Tensor, leave: Tensor) -> Tensor:
        (x, y, z), (p, q, r) = rays.origin, rays.direction
        t = -z / r
        inside = _inside_outline(rays, x + t * p, y + t * q)
        return torch.where(inside & (t > 0), t, torch.inf)

    return within_cube(rays, hit)


def hit_extrusion(rays: Rays) -> Tensor:
    """Return where rays hit an outline that is extruded from z = -1 to z = 1.

    The shape holds the number of edges, then x₁ y₁ x₂ y₂ of each.
    """

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
        lid = _inside_outline(rays, x + t * p, y + t * q) & (t > 0)
        return torch.where(lid, torch.minimum(best, t), best)

    return within_cube(rays, hit)


def _inside_outline(rays: Rays, u: Tensor, v: Tensor) -> Tensor:
    """Return whether a half line from (u, v) crosses an odd number of the outline's edges."""
    odd = torch.zeros_like(u, dtype=torch.bool)
    for k in range(int(rays.shape(0).max())):
        x1, y1, x2, y2 = (rays.shape(1 + 4 * k + j) for j in range(4))
        odd ^= ((v > y1) != (v > y2)) & (u < x1 + (v - y1) * ((x2 - x1) / (y2 - y1)))
    return odd
