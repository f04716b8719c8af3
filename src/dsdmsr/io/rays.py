"""Distances along the ray ⇄ depth along the optical axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import Intrinsics
from dsdmsr.errors import EncodingError

__all__ = ["camera_of", "ray_lengths"]


def camera_of(
    encoding: Encoding, known: Intrinsics | None, shape: tuple[int, int]
) -> tuple[Intrinsics, tuple[str, ...]]:
    """Return the camera that turns distances along the ray into depth, and a note if it is assumed.

    Args:
        encoding: What the numbers mean.
        known: The map's own camera.
        shape: Height and width of the whole map.

    Raises:
        EncodingError: If neither the map nor the encoding has a camera.
    """
    if known is not None:
        return known, ()
    if encoding.focal is None:
        raise EncodingError(
            "distances along the ray need the camera, which neither the file nor the encoding has"
        )
    height, width = shape
    focal = encoding.focal * width
    camera = Intrinsics(fx=focal, fy=focal, cx=(width - 1) / 2, cy=(height - 1) / 2)
    note = f"turned from distances along the ray with a focal length of {focal:.2f} px, centred"
    return camera, (note,)


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
