"""Resizing of maps without holes, with MATLAB's conventions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["CORRECTION_RADIUS", "Kernel", "back_project", "cubic", "resize", "resize_matrix"]

Kernel = Literal["bilinear", "bicubic", "lanczos"]

CORRECTION_RADIUS = 4
"""Radius of `back_project` in low-resolution pixels: two each for down- and upsampling."""
_KEYS_A = -0.5

Doubles = NDArray[np.float64]


def cubic(x: Doubles) -> Doubles:
    """Evaluate the cubic convolution kernel (Keys 1981, equation 15, a = -0.5)."""
    x = np.abs(x)
    near = (_KEYS_A + 2) * x**3 - (_KEYS_A + 3) * x**2 + 1
    far = _KEYS_A * (x**3 - 5 * x**2 + 8 * x - 4)
    weights: Doubles = np.where(x <= 1, near, np.where(x < 2, far, 0.0))
    return weights


def _triangle(x: Doubles) -> Doubles:
    weights: Doubles = np.maximum(1 - np.abs(x), 0.0)
    return weights


def _lanczos(x: Doubles) -> Doubles:
    """Evaluate the sinc windowed by its own main lobe, three zeros wide (Duchon 1979)."""
    windowed: Doubles = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)
    return windowed


_KERNELS: dict[Kernel, tuple[Callable[[Doubles], Doubles], int]] = {
    "bilinear": (_triangle, 1),
    "bicubic": (cubic, 2),
    "lanczos": (_lanczos, 3),
}
"""Name → the kernel, and how far it reaches."""


@lru_cache(maxsize=64)
def resize_matrix(
    size_in: int, scale: float, kernel: Kernel = "bicubic", interval: bool = False
) -> Doubles:
    """Return the matrix, size out × size in, of a resize by `scale` along one axis.

    The kernel is widened for downsampling, and the border is symmetric (the edge pixel repeated),
    as in MATLAB's ``imresize``.

    Args:
        size_in: Pixels of the axis.
        scale: The factor, below 1 to downsample (then antialiased).
        kernel: ``bilinear``, ``bicubic`` (a = -0.5) or ``lanczos`` (3 zeros).
        interval: Whether low-resolution pixel i sits on high-resolution pixel s·i. Default: in the
            middle of the s pixels that it covers.

    Returns:
        Read-only, since it is kept for the next call; ``ceil(scale·size_in)`` rows.

    Source:
        Keys 1981 for the cubic kernel.
    """
    weigh, reach = _KERNELS[kernel]
    widen = max(1.0, 1.0 / scale)
    taps = math.ceil(2 * reach * widen) + 2
    places = np.arange(math.ceil(size_in * scale), dtype=np.float64)
    centre = places / scale if interval else (places + 0.5) / scale - 0.5
    left = np.floor(centre - reach * widen).astype(np.int64)
    index = left[:, None] + np.arange(taps)
    weight = weigh((centre[:, None] - index) / widen)
    weight /= weight.sum(1, keepdims=True)
    folded = index % (2 * size_in)
    folded = np.where(folded < size_in, folded, 2 * size_in - 1 - folded)
    matrix = np.zeros((len(places), size_in))
    np.add.at(matrix, (np.arange(len(places))[:, None], folded), weight)
    matrix.flags.writeable = False
    return matrix


def resize(
    depth: NDArray[np.float32], scale: float, kernel: Kernel = "bicubic"
) -> NDArray[np.float32]:
    """Resize by `scale` as MATLAB's ``imresize`` does, in single precision.

    Args:
        depth: The map, … h w, all of it valid.
        scale: See `resize_matrix`.
        kernel: See `resize_matrix`.

    Returns:
        The map of size ``ceil(scale·h) × ceil(scale·w)``.

    Example:
        >>> resize(np.ones((4, 6), np.float32), 0.5).shape
        (2, 3)
    """
    rows, columns = (resize_matrix(n, scale, kernel).astype(np.float32) for n in depth.shape[-2:])
    return np.asarray(rows @ depth @ columns.T, np.float32)


def back_project(
    depth: NDArray[np.float32], lr_depth: NDArray[np.float32], scale: int
) -> NDArray[np.float32]:
    """Correct a prediction towards agreement with its low-resolution input.

    The difference between the input and the downsampled prediction is upsampled and added (both
    bicubic).

    Args:
        depth: The prediction, … s·h s·w.
        lr_depth: The low-resolution map, … h w.
        scale: The factor s.

    Source:
        Irani, Peleg: "Improving resolution by image registration", CVGIP 1991.
    """
    return depth + resize(lr_depth - resize(depth, 1 / scale), scale)
