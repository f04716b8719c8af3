"""Metrics of the surfaces' directions in space."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.errors import DepthError
from dsdmsr.metrics.edges import edge_distance
from dsdmsr.metrics.tally import Tally, check_shapes, tally

__all__ = ["normal_angles", "normal_error", "normals"]


def normals(
    depth: Float[Tensor, "b 1 h w"], camera: Intrinsics
) -> Float[Tensor, "b 3 {h-2} {w-2}"]:
    """Return the surface normal at each pixel but the outermost, of length 1, towards the camera.

    Inverse depth is linear in the pixel where the surface is a plane, so a plane's normal is exact:
    the plane of least squares through the inverse depth of 3×3 pixels, taken into space.

    Args:
        depth: Distance along the optical axis, above 0.
        camera: The camera of a map of this size.

    Raises:
        DepthError: If the map is smaller than 3×3 pixels.

    Example:
        >>> camera = Intrinsics(fx=100, fy=100, cx=3.5, cy=2.5)
        >>> normals(torch.full((1, 1, 6, 8), 2.0), camera)[0, :, 0, 0].round().int().tolist()
        [0, 0, -1]
    """
    height, width = depth.shape[-2:]
    if min(height, width) < 3:
        raise DepthError(f"a map of {height}×{width} has no normals: give 3×3 pixels or more")
    nearness = 1 / depth.double().clamp(min=torch.finfo(torch.float32).tiny)
    slope = nearness.new_tensor([[-1.0, 0.0, 1.0]] * 3) / 6
    kernels = torch.stack([slope, slope.T, torch.full_like(slope, 1 / 9)])[:, None]
    along_x, along_y, value = functional.conv2d(nearness, kernels).chunk(3, dim=1)
    x, y = (torch.arange(1, n - 1, device=depth.device).double() for n in (width, height))
    towards = value - (x - camera.cx) * along_x - (y - camera.cy)[:, None] * along_y
    normal = -torch.cat([camera.fx * along_x, camera.fy * along_y, towards], dim=1)
    return functional.normalize(normal, dim=1, eps=0)


def normal_angles(
    pred: Tensor,
    target: Tensor,
    valid: Tensor,
    camera: Intrinsics,
    step: float,
    distance: Tensor | None = None,
) -> Tally:
    """Return the tally of angles between normals, degrees; see `normal_error`."""
    check_shapes(pred, target, valid)
    if bool((target[valid] <= 0).any()):
        raise DepthError("depths of 0 or less have no normals: give distances, not disparities")
    if distance is None:
        distance = edge_distance(target, valid, step, 1)
    counts = valid & (distance >= 1)
    whole = functional.avg_pool2d(counts.float(), 3, 1) == 1
    known = torch.where(valid, target, 1)
    cosines = (normals(pred, camera) * normals(known, camera)).sum(1, keepdim=True)
    return tally(cosines[whole].clamp(-1, 1).acos().rad2deg())


def normal_error(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    camera: Intrinsics,
    step: float,
    distance: Int[Tensor, "b 1 h w"] | None = None,
) -> Float[Tensor, ""]:
    """Return the mean angle between the surface normals of prediction and ground truth, degrees.

    It is over the pixels whose 3×3 pixels are all valid and lie beside no edge of the ground truth
    (`edge_distance`). Where the ground truth is rounded, its own normals are as coarse as that.

    Args:
        pred: The prediction, a distance along the optical axis.
        target: The ground truth.
        valid: Which pixels count.
        camera: The camera of maps of this size.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit.
        distance: `edge_distance` of the same ground truth, if it is computed already.

    Returns:
        0…180; NaN where no pixel counts.

    Raises:
        DepthError: If the shapes differ, the map is smaller than 3×3, a valid depth of the ground
            truth is not above 0, or the step is not positive.

    Source:
        Mean angle: Fouhey, Gupta, Hebert: "Data-driven 3D primitives for single image
        understanding", ICCV 2013. Normals from a map: `normals`.

    Example:
        >>> camera = Intrinsics(fx=100, fy=100, cx=15.5, cy=7.5)
        >>> target = torch.full((1, 1, 16, 32), 2.0)
        >>> pred = 2 / (1 - torch.arange(32) / 100 * torch.ones_like(target))  # turned
        >>> valid = torch.ones_like(target, dtype=torch.bool)
        >>> round(float(normal_error(pred, target, valid, camera, step=1)), 1)
        49.8
    """
    return normal_angles(pred, target, valid, camera, step, distance).mean()
