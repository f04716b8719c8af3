"""Rays through the pixels of a camera, and what they hit: exact depth maps of solids.

Everything that is drawn at random is drawn on the host; the device computes in double precision
with elementwise operations alone. So a scene's map does not depend on what else is in the batch,
and differs between devices by the last digits of sine and square root only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.data.solids import HITS, UNBOUNDED, Rays, Solid

__all__ = ["Camera", "ray_cast"]

_NEAREST = 1e-3
_CORNERS = np.stack(np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]), -1).reshape(8, 3)
_CHUNK = {"cpu": 2**16, "cuda": 2**22}
"""How many rays are cast at once: what the CPU's cache or the GPU's memory holds."""


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera: x to the right, y down, z along the optical axis.

    Pixel centres are at whole numbers.
    """

    focal: float
    """Focal length in pixels."""
    centre: tuple[float, float]
    """Column and row of the principal point."""
    rotation: NDArray[np.float64]
    """3×3, world → camera."""
    position: NDArray[np.float64]
    """Where the camera is in the world, 3 numbers."""


def ray_cast(
    scenes: Sequence[tuple[Sequence[Solid], Camera]],
    size: tuple[int, int],
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the depth maps of scenes, along the optical axis.

    Args:
        scenes: The solids of each scene, and the camera that looks at them.
        size: Height and width in pixels, the same for all.
        device: Where to compute.

    Returns:
        b×1×h×w, float64, in the unit of the solids' frames; infinite where nothing is hit.
    """
    height, width = size
    nearest = torch.full(
        (len(scenes) * height * width,), torch.inf, dtype=torch.float64, device=device
    )
    for kind, hit in HITS.items():
        parts = [
            _Part(number, solid, camera, size)
            for number, (solids, camera) in enumerate(scenes)
            for solid in solids
            if solid.kind == kind
        ]
        for group in _grouped([p for p in parts if p.area], _CHUNK[nearest.device.type]):
            pixels, rays = _aim(group, size, nearest.device)
            t = hit(rays)
            places = torch.nonzero(t < torch.inf).squeeze(1)
            nearest.scatter_reduce_(0, pixels[places], t[places], "amin")
    return nearest.reshape(len(scenes), 1, height, width)


class _Part:
    """A solid, seen by a camera: the rectangle it may fill, and rays in its frame."""

    def __init__(self, scene: int, solid: Solid, camera: Camera, size: tuple[int, int]) -> None:
        self.scene, self.shape = scene, solid.shape
        axes, origin = solid.frame[:, :3], solid.frame[:, 3]
        self.top, self.left, self.rows, self.columns = _rectangle(solid, camera, size)
        self.area = self.rows * self.columns
        if not self.area:
            return
        inverse = np.linalg.inv(axes)
        per_axis = inverse @ camera.rotation.T
        across, down = per_axis[:, 0] / camera.focal, per_axis[:, 1] / camera.focal
        ahead = per_axis[:, 2] - camera.centre[0] * across - camera.centre[1] * down
        self.rays = np.concatenate([inverse @ (camera.position - origin), ahead, across, down])


def _rectangle(solid: Solid, camera: Camera, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return top, left, rows and columns of pixels that may see the solid."""
    height, width = size
    everything = (0, 0, height, width)
    if solid.kind in UNBOUNDED:
        return everything
    world = _CORNERS @ solid.frame[:, :3].T + solid.frame[:, 3]
    x, y, z = camera.rotation @ (world - camera.position).T
    if z.max() < _NEAREST:
        return (0, 0, 0, 0)
    if z.min() < _NEAREST:
        return everything
    u, v = camera.focal * x / z + camera.centre[0], camera.focal * y / z + camera.centre[1]
    left, top = max(0, int(np.ceil(u.min()))), max(0, int(np.ceil(v.min())))
    right, bottom = min(width - 1, int(u.max())), min(height - 1, int(v.max()))
    if u.max() < 0 or v.max() < 0 or right < left or bottom < top:
        return (0, 0, 0, 0)
    return (top, left, bottom - top + 1, right - left + 1)


def _grouped(parts: list[_Part], limit: int) -> list[list[_Part]]:
    """Put parts together until they have about `limit` rays."""
    groups: list[list[_Part]] = []
    filled = limit
    for part in parts:
        if filled + part.area > limit:
            groups.append([])
            filled = 0
        groups[-1].append(part)
        filled += part.area
    return groups


def _aim(parts: list[_Part], size: tuple[int, int], device: torch.device) -> tuple[Tensor, Rays]:
    """Return the pixels of the parts' rectangles, and their rays in the parts' frames."""

    def column(values: list[int]) -> Tensor:
        return torch.tensor(values, device=device)

    height, width = size
    rows = column([p.rows for p in parts])
    row_part = torch.repeat_interleave(rows)
    begun = torch.cumsum(rows, 0) - rows
    v = torch.arange(len(row_part), device=device) - begun[row_part]
    v = v + column([p.top for p in parts])[row_part]
    columns = column([p.columns for p in parts])[row_part]
    row = torch.repeat_interleave(columns)
    started = torch.cumsum(columns, 0) - columns
    lefts = column([p.left for p in parts])[row_part] - started
    u = torch.arange(len(row), device=device) + lefts[row]
    firsts = (column([p.scene for p in parts])[row_part] * height + v) * width
    numbers = torch.from_numpy(np.stack([p.rays for p in parts], 1)).to(device)
    # Everything but `across` is the same along a row of pixels.
    per_row = numbers[:, row_part]
    starts = per_row[3:6] + v.double() * per_row[9:12]
    u64 = u.double()
    origin = [per_row[k][row] for k in range(3)]
    direction = [starts[k][row] + u64 * per_row[6 + k][row] for k in range(3)]
    shapes = torch.tensor([p.shape for p in parts], dtype=torch.float64, device=device)
    part = row_part[row]
    return firsts[row] + u, _rays(origin, direction, shapes, part)


def _rays(origin: list[Tensor], direction: list[Tensor], shapes: Tensor, part: Tensor) -> Rays:
    def chosen(places: Tensor) -> Rays:
        return _rays(
            [x[places] for x in origin], [x[places] for x in direction], shapes, part[places]
        )

    return Rays(
        (origin[0], origin[1], origin[2]),
        (direction[0], direction[1], direction[2]),
        lambda k: shapes[:, k][part],
        chosen,
    )
