"""Cameras in ROS messages: `Intrinsics` of an image, and the CameraInfo of a larger one.

Source: ``sensor_msgs/CameraInfo``: the matrices K and P, width and height are those of the whole
sensor; an image shows its region ``roi``, each pixel ``binning_x`` × ``binning_y`` of its pixels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.errors import DepthError
from dsdmsr.io.ros_images import changed

__all__ = ["intrinsics_of", "larger_camera"]

_COLUMNS = {"K": 3, "P": 4}


def intrinsics_of(info: Any, shape: tuple[int, int], *, rectified: bool) -> Intrinsics:
    """Return the camera of an image.

    Args:
        info: A ``sensor_msgs`` CameraInfo.
        shape: Height and width of the image, of the region's shape but of any size.
        rectified: Whether the image is rectified, so that P is its camera, where there is one.

    Raises:
        ValueError: If it holds no calibration, or is of another shape.
    """
    matrix = _matrix(info, "K")
    if rectified and _matrix(info, "P")[0, 0] > 0:
        matrix = _matrix(info, "P")[:, :3]
    fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
    width, height = _region(info)
    if not (np.isfinite(matrix).all() and min(fx, fy) > 0 and min(width, height) > 0):
        raise ValueError("holds no calibration")
    x, y = shape[1] / width, shape[0] / height
    if not math.isclose(x, y, rel_tol=0.01):
        raise ValueError(f"is of {width}×{height} pixels")
    region = info.roi
    whole = Intrinsics(fx=fx, fy=fy, cx=cx - region.x_offset, cy=cy - region.y_offset)
    return whole.scaled(x, y)


def larger_camera(info: Any, scale: int, shape: tuple[int, int] | None = None) -> Any:
    """Return the CameraInfo of an image `scale` times as large.

    A low-resolution pixel covers a block of high-resolution ones, so ``f' = s·f`` and
    ``c' = s·(c + 0.5) - 0.5`` in K and P, and the last column of P grows with the focal length.
    Size and region grow; where binning left pixels over at the end, without these. Binning, R,
    distortion and header stay.

    Args:
        info: A ``sensor_msgs`` CameraInfo.
        scale: How many times larger the image becomes.
        shape: Its height and width, to be compared with the camera's. Default: not known.

    Raises:
        DepthError: If it is that of an image of another size.
    """
    across, down = info.binning_x or 1, info.binning_y or 1
    columns, rows = _region(info)
    height, width = rows // down, columns // across
    if shape is not None and shape != (height, width):
        raise DepthError(
            f"the image has {shape[1]}×{shape[0]} pixels, its camera_info {width}×{height}: give "
            "the camera_info that its driver publishes beside it"
        )
    covered = {"width": scale * across * width, "height": scale * down * height}
    whole = {"width": scale * info.width, "height": scale * info.height}
    region = info.roi
    if region.width or region.height:
        offsets = {"x_offset": scale * region.x_offset, "y_offset": scale * region.y_offset}
        return changed(
            info, roi=changed(region, **offsets, **covered), **whole, **_scaled(info, scale)
        )
    return changed(info, **covered, **_scaled(info, scale))


def _region(info: Any) -> tuple[int, int]:
    """Return width and height of what an image shows of the sensor, in its pixels."""
    return info.roi.width or info.width, info.roi.height or info.height


def _name(info: Any, name: str) -> str:
    """Return what a matrix is called: ROS 1 writes capitals."""
    return name if hasattr(info, name) else name.lower()


def _matrix(info: Any, name: str) -> NDArray[np.float64]:
    """Return a copy of K, 3×3, or P, 3×4."""
    return np.array(getattr(info, _name(info, name)), np.float64).reshape(3, _COLUMNS[name])


def _scaled(info: Any, scale: int) -> dict[str, NDArray[np.float64]]:
    """Return the matrices of a larger image; those of a camera that isn't calibrated stay 0."""
    matrices = {}
    for name in _COLUMNS:
        matrix = _matrix(info, name)
        if matrix[0, 0] > 0:
            matrix[:2, 2] += 0.5
            matrix[:2] *= scale
            matrix[:2, 2] -= 0.5
        matrices[_name(info, name)] = matrix.ravel()
    return matrices
