"""Points and surfaces in space, from depth maps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DepthError

__all__ = [
    "STEEPEST",
    "centred_camera",
    "distances",
    "point_cloud",
    "points",
    "ray_lengths",
    "triangles",
]

STEEPEST = 85.0
"""Degrees from the image plane beyond which two neighbours are taken to lie on two surfaces."""


def distances(depth: DepthMap) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return distances along the optical axis, H×W, and which of them are known.

    Disparity needs the map's `stereo`; where it gives no distance in front of the camera, there
    is none. What has no unit keeps its own.

    Raises:
        DepthError: If the map is disparity without `stereo`.
    """
    metric = to_kind(depth, "depth")
    return metric.values.astype(np.float64), metric.valid & (metric.values > 0)


def points(distance: NDArray[np.float64], camera: Intrinsics) -> NDArray[np.float32]:
    """Return the point in space of each pixel, H×W×3: x right, y down, z forward.

    Args:
        distance: Distances along the optical axis, H×W.
        camera: The camera, of a picture of this size.
    """
    rows, columns = np.indices(distance.shape)
    x = (columns - camera.cx) / camera.fx * distance
    y = (rows - camera.cy) / camera.fy * distance
    return np.stack([x, y, distance], axis=-1).astype(np.float32)


def centred_camera(focal: float, shape: tuple[int, int]) -> Intrinsics:
    """Return the camera whose optical axis meets the middle of a map.

    Args:
        focal: Its focal length, in widths of the map.
        shape: Height and width of the map.
    """
    height, width = shape
    fx = focal * width
    return Intrinsics(fx=fx, fy=fx, cx=(width - 1) / 2, cy=(height - 1) / 2)


def ray_lengths(camera: Intrinsics, shape: tuple[int, int], top: int = 0) -> NDArray[np.float64]:
    """Return how far along its ray each pixel's point of depth 1 lies, H×W.

    Args:
        camera: The camera of the whole map.
        shape: Height and width of the rows wanted.
        top: The first of them.
    """
    x = (np.arange(shape[1]) - camera.cx) / camera.fx
    y = (np.arange(top, top + shape[0]) - camera.cy) / camera.fy
    return np.asarray(np.sqrt(1 + x**2 + y[:, None] ** 2))


def triangles(
    distance: NDArray[np.float64],
    known: NDArray[np.bool_],
    camera: Intrinsics,
    steepest: float = STEEPEST,
) -> NDArray[np.int32]:
    """Return a surface through neighbouring pixels, cut where it would be too steep.

    Args:
        distance: Distances along the optical axis, H×W.
        known: Which of them are known.
        camera: The camera, of a picture of this size.
        steepest: Degrees from the image plane that a surface may have between two pixels.

    Returns:
        N×3 numbers of pixels, counted row by row, anticlockwise as the camera sees them.
    """
    height, width = distance.shape
    number = np.arange(height * width, dtype=np.int32).reshape(height, width)
    # a b
    # c d
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    faces = np.concatenate(
        [np.stack(corners, -1).reshape(-1, 3) for corners in ((a, c, b), (b, c, d))]
    )
    z, whole = distance.ravel()[faces], known.ravel()[faces].all(axis=1)
    # At a slope of t a surface is t·z/f further away a pixel further on.
    focal = min(camera.fx, camera.fy)
    most = math.tan(math.radians(steepest)) * z.min(axis=1) / focal
    kept: NDArray[np.int32] = faces[whole & (np.ptp(z, axis=1) <= most)]
    return kept


def point_cloud(
    depth: DepthMap, camera: Intrinsics, *, mesh: bool = False, steepest: float = STEEPEST
) -> tuple[NDArray[np.float32], NDArray[np.int32] | None]:
    """Return the valid pixels of a map as points in space, and triangles between them.

    Args:
        depth: The map; disparity needs its `stereo`.
        camera: The camera, of a picture of the map's size.
        mesh: Whether to return triangles.
        steepest: See `triangles`.

    Returns:
        Points, N×3, and triangles as M×3 numbers of points, or None.

    Raises:
        DepthError: If the map is disparity without `stereo`, or has no valid pixel.
    """
    distance, valid = distances(depth)
    if not valid.any():
        raise DepthError("no pixel is valid, so there are no points")
    vertices = points(distance, camera)[valid]
    if not mesh:
        return vertices, None
    numbers = np.cumsum(valid.ravel()) - 1
    return vertices, numbers[triangles(distance, valid, camera, steepest)].astype(np.int32)
