"""Depth maps of OpenMVS, built by hand from the description in its ``Interface.h``."""

from __future__ import annotations

import struct

import numpy as np

__all__ = ["CENTRE", "K", "ROTATION", "dmap"]

K = (700.0, 0.0, 31.5, 0.0, 710.0, 20.25, 0.0, 0.0, 1.0)
ROTATION = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0)
CENTRE = (1.5, -2.5, 3.5)


def dmap(
    depth: np.ndarray,
    image: tuple[int, int] = (64, 48),
    maps: int = 1,
    exponent: int | None = None,
    k: tuple[float, ...] = K,
) -> bytes:
    """Return a file: HeaderDepthDataRaw, the image's name, views, K, R, C, and the maps."""
    height, width = depth.shape
    content = (b"DR" if exponent is None else b"D2") + struct.pack("<Bb", maps, exponent or 0)
    content += struct.pack("<4I2f", *image, width, height, 0.5, 9.0)
    content += b"" if exponent is None else struct.pack("<f", 0.75)
    content += struct.pack("<H", 14) + b"images/ref.jpg" + struct.pack("<4I", 3, 7, 9, 11)
    content += struct.pack("<21d", *k, *ROTATION, *CENTRE)
    if exponent is None:
        content += depth.astype("<f4").tobytes()
        sizes = {2: 12, 4: 4, 8: 4}
    else:
        content += (depth / 2.0**exponent).astype("<f2").tobytes()
        sizes = {2: 4, 4: 1, 8: 4}
    rng = np.random.default_rng(1)
    return content + b"".join(
        rng.bytes(size * depth.size) for bit, size in sizes.items() if maps & bit
    )
