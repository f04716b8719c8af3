"""The table of intersections: kind of solid → what finds the first hit of each ray."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from dsdmsr.data.scenes.convex import hit_box, hit_ellipsoid, hit_frustum, hit_plane, hit_room
from dsdmsr.data.scenes.extrusion import hit_extrusion, hit_sheet
from dsdmsr.data.scenes.height_field import hit_height_field
from dsdmsr.data.scenes.rays import Rays
from dsdmsr.data.scenes.torus import hit_torus

__all__ = ["HITS"]

HITS: dict[str, Callable[[Rays], Tensor]] = {
    "box": hit_box,
    "room": hit_room,
    "plane": hit_plane,
    "ellipsoid": hit_ellipsoid,
    "frustum": hit_frustum,
    "torus": hit_torus,
    "height_field": hit_height_field,
    "extrusion": hit_extrusion,
    "sheet": hit_sheet,
}
"""Kind → the parameter of each ray's first hit, infinite where it misses."""
