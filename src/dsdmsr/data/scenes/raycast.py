"""Rays through the pixels of a camera, and what they hit: exact depth maps of solids.

All random numbers are sampled on the host; the device computes in double precision
with elementwise operations alone, each correctly rounded. So a scene's map does not depend on what
else is in the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.data.scenes.intersections import HITS
from dsdmsr.data.scenes.rays import Rays
from dsdmsr.data.scenes.solids import UNBOUNDED, Solid

__all__ = ["Camera", "ray_cast"]

_NEAREST = 1e-3
_CORNERS = np.stack(np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0]), -1).reshape(8, 3)
_CHUNK = {"cpu": 2**15, "cuda": 2**22}
"""How many rays are cast at once: what the CPU's cache or the GPU's memory holds."""
_ALONE = 2**12
"""Rectangles of so many pixels are cast by themselves, which saves looking up what they share."""


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


class _Footprint(NamedTuple):
    """A solid as a camera sees it: the rectangle it may fill, and rays in its frame."""

    pixel: int
    """Where the rectangle's first pixel is, counted over all scenes."""
    left: int
    top: int
    columns: int
    rows: int
    rays: NDArray[np.float64]
    """Origin, and direction = ahead + column · across + row · down: four times 3 numbers."""
    shape: tuple[float, ...]

    @property
    def area(self) -> int:
        return self.columns * self.rows


def ray_cast(
    scenes: Sequence[tuple[Sequence[Solid], Camera]],
    size: tuple[int, int],
    *,
    backdrop: float = float("inf"),
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the depth maps of scenes, along the optical axis.

    Args:
        scenes: The solids of each scene, and the camera that looks at them.
        size: Height and width in pixels, the same for all.
        backdrop: The depth of what is behind all solids.
        device: Where to compute.

    Returns:
        b×1×h×w, float64, in the unit of the solids' frames.
    """
    height, width = size
    parts: dict[str, list[_Footprint]] = {kind: [] for kind in HITS}
    for number, (solids, camera) in enumerate(scenes):
        for kind, part in _seen(solids, camera, size, number * height * width):
            parts[kind].append(part)
    nearest = torch.full((len(scenes) * height * width,), backdrop, dtype=torch.float64).to(device)
    for kind, hit in HITS.items():
        for group in _grouped(parts[kind], _CHUNK.get(nearest.device.type, _CHUNK["cuda"])):
            pixels, rays = (_aim_one if len(group) == 1 else _aim)(group, width, nearest.device)
            t = hit(rays)
            places = torch.nonzero(t < backdrop).squeeze(1)
            nearest.scatter_reduce_(0, pixels[places], t[places], "amin")
    return nearest.reshape(len(scenes), 1, height, width)


def _seen(
    solids: Sequence[Solid], camera: Camera, size: tuple[int, int], first: int
) -> Iterator[tuple[str, _Footprint]]:
    """Yield the parts of a scene that are in the picture, whose pixels begin at `first`."""
    if not solids:
        return
    frames = np.stack([solid.frame for solid in solids])
    everywhere = np.array([solid.kind in UNBOUNDED for solid in solids])
    rectangles = _rectangles(frames, everywhere, camera, size)
    inverses = np.linalg.inv(frames[:, :, :3])
    origins = inverses @ (camera.position - frames[:, :, 3])[:, :, None]
    axes = inverses @ camera.rotation.T
    across, down = axes[:, :, 0] / camera.focal, axes[:, :, 1] / camera.focal
    ahead = axes[:, :, 2] - camera.centre[0] * across - camera.centre[1] * down
    rays = np.concatenate([origins[:, :, 0], ahead, across, down], 1)
    for k in np.flatnonzero((rectangles[:, 2:] > 0).all(1)).tolist():
        left, top, columns, rows = (int(n) for n in rectangles[k])
        pixel = first + top * size[1] + left
        yield solids[k].kind, _Footprint(pixel, left, top, columns, rows, rays[k], solids[k].shape)


def _rectangles(
    frames: NDArray[np.float64],
    everywhere: NDArray[np.bool_],
    camera: Camera,
    size: tuple[int, int],
) -> NDArray[np.int64]:
    """Return left, top, columns and rows of the pixels that may see each solid."""
    height, width = size
    world = _CORNERS @ frames[:, :, :3].swapaxes(1, 2) + frames[:, None, :, 3]
    x, y, z = np.moveaxis((world - camera.position) @ camera.rotation.T, 2, 0)
    before = z >= _NEAREST
    z = np.maximum(z, _NEAREST)
    u, v = camera.focal * x / z + camera.centre[0], camera.focal * y / z + camera.centre[1]
    left, right = np.clip(np.ceil(u.min(1)), 0, width), np.clip(np.floor(u.max(1)), -1, width - 1)
    top, bottom = np.clip(np.ceil(v.min(1)), 0, height), np.clip(np.floor(v.max(1)), -1, height - 1)
    bounds = np.stack([left, top, right - left + 1, bottom - top + 1], 1)
    bounds[~before.any(1)] = 0
    bounds[(before.any(1) & ~before.all(1)) | everywhere] = (0, 0, width, height)
    rectangles: NDArray[np.int64] = bounds.astype(np.int64)
    return rectangles


def _grouped(parts: list[_Footprint], limit: int) -> list[list[_Footprint]]:
    """Put small parts together until they have about `limit` rays, alike shapes side by side."""
    groups = [[part] for part in parts if part.area >= _ALONE]
    filled = limit
    small = (part for part in parts if part.area < _ALONE)
    for part in sorted(small, key=lambda part: part.shape[:1]):
        if filled + part.area > limit:
            groups.append([])
            filled = 0
        groups[-1].append(part)
        filled += part.area
    return groups


def _aim_one(parts: list[_Footprint], width: int, device: torch.device) -> tuple[Tensor, Rays]:
    """Return the pixels of one part's rectangle, and their rays in its frame."""
    (part,) = parts
    numbers = torch.from_numpy(part.rays).to(device)
    u = torch.arange(part.left, part.left + part.columns, device=device)
    v = torch.arange(part.top, part.top + part.rows, device=device)
    direction = [
        (
            (numbers[3 + k] + v.double() * numbers[9 + k])[:, None] + u.double() * numbers[6 + k]
        ).flatten()
        for k in range(3)
    ]
    pixels = part.pixel + (v - part.top)[:, None] * width + (u - part.left)
    origin = [numbers[k].expand(part.area) for k in range(3)]
    shapes = torch.tensor([part.shape], dtype=torch.float64, device=device)
    return pixels.flatten(), _rays(origin, direction, shapes, None)


def _aim(parts: list[_Footprint], width: int, device: torch.device) -> tuple[Tensor, Rays]:
    """Return the pixels of the parts' rectangles, and their rays in the parts' frames."""

    def column(values: list[int]) -> Tensor:
        return torch.tensor(values, device=device)

    rows = column([p.rows for p in parts])
    row_part = torch.repeat_interleave(rows)
    v = torch.arange(len(row_part), device=device) - (torch.cumsum(rows, 0) - rows)[row_part]
    columns = column([p.columns for p in parts])[row_part]
    row = torch.repeat_interleave(columns)
    u = torch.arange(len(row), device=device) - (torch.cumsum(columns, 0) - columns)[row]
    pixels = (column([p.pixel for p in parts])[row_part] + v * width)[row] + u
    # All but `across` is the same along a row of pixels.
    numbers = torch.from_numpy(np.stack([p.rays for p in parts], 1)).to(device)[:, row_part]
    v = v + column([p.top for p in parts])[row_part]
    starts = numbers[3:6] + v.double() * numbers[9:12]
    u = (u + column([p.left for p in parts])[row_part][row]).double()
    origin = [numbers[k][row] for k in range(3)]
    direction = [starts[k][row] + u * numbers[6 + k][row] for k in range(3)]
    shapes = torch.tensor([p.shape for p in parts], dtype=torch.float64, device=device)
    return pixels, _rays(origin, direction, shapes, row_part[row])


def _rays(
    origin: list[Tensor], direction: list[Tensor], shapes: Tensor, part: Tensor | None
) -> Rays:
    """Return rays whose solids' shapes are rows of `shapes`: row part[i], or all the only one."""

    def select(places: Tensor) -> Rays:
        return _rays(
            [x[places] for x in origin],
            [x[places] for x in direction],
            shapes,
            None if part is None else part[places],
        )

    def shape(k: int) -> Tensor:
        values = shapes[:, k]
        return values.expand(len(origin[0])) if part is None else values[part]

    return Rays(
        (origin[0], origin[1], origin[2]),
        (direction[0], direction[1], direction[2]),
        shape,
        select,
    )
