"""Resampling of maps, with MATLAB's conventions."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["Kernel", "resize", "resize_nearest"]

Kernel = Literal["bilinear", "bicubic", "lanczos"]

_KEYS_A = -0.5


def _cubic(x: Tensor) -> Tensor:
    """Evaluate the cubic convolution kernel (Keys 1981, equation 15, a = -0.5)."""
    x = x.abs()
    near = (_KEYS_A + 2) * x**3 - (_KEYS_A + 3) * x**2 + 1
    far = _KEYS_A * (x**3 - 5 * x**2 + 8 * x - 4)
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def _triangle(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp(min=0)


def _lanczos(x: Tensor) -> Tensor:
    """Evaluate the sinc windowed by its own main lobe, three zeros wide (Duchon 1979)."""
    return torch.where(x.abs() < 3, torch.sinc(x) * torch.sinc(x / 3), 0.0)


_KERNELS: dict[Kernel, tuple[Callable[[Tensor], Tensor], int]] = {
    "bilinear": (_triangle, 1),
    "bicubic": (_cubic, 2),
    "lanczos": (_lanczos, 3),
}
"""Name → the kernel, and how far it reaches."""


@lru_cache(maxsize=64)
def _matrix(size_in: int, scale: float, kernel: Kernel, interval: bool) -> Tensor:
    """Return the matrix, size out × size in, of a resize by `scale` along one axis.

    The kernel is widened for downsampling, and the border is symmetric (the edge pixel repeated),
    as in MATLAB's ``imresize``.
    """
    weigh, reach = _KERNELS[kernel]
    widen = max(1.0, 1.0 / scale)
    taps = math.ceil(2 * reach * widen) + 2
    places = torch.arange(math.ceil(size_in * scale), dtype=torch.float64)
    centre = places / scale if interval else (places + 0.5) / scale - 0.5
    left = torch.floor(centre - reach * widen).long()
    index = left[:, None] + torch.arange(taps)[None]
    weight = weigh((centre[:, None] - index) / widen)
    weight = weight / weight.sum(1, keepdim=True)
    folded = index % (2 * size_in)
    folded = torch.where(folded < size_in, folded, 2 * size_in - 1 - folded)
    matrix = torch.zeros(len(places), size_in, dtype=torch.float64)
    return matrix.scatter_add_(1, folded, weight)


def resize(
    depth: Float[Tensor, "b 1 h w"],
    scale: float,
    kernel: Kernel = "bicubic",
    *,
    interval: bool = False,
) -> Float[Tensor, "b 1 H W"]:
    """Resize by `scale` as MATLAB's ``imresize`` does on doubles.

    Args:
        depth: The map; computed in its own dtype, under autocast as well.
        scale: The factor, below 1 to downsample (then antialiased).
        kernel: ``bilinear``, ``bicubic`` (a = -0.5) or ``lanczos`` (3 zeros).
        interval: Whether low-resolution pixel i sits on high-resolution pixel s·i, as after
            ``interval`` degradation. Default: in the middle of the s pixels that it covers.

    Returns:
        The map of size ``ceil(scale·h) × ceil(scale·w)``.

    Source:
        Keys 1981 for the cubic kernel; the conventions are those of protocol (a) of the field
        (MSG-Net, ECCV 2016).

    Example:
        >>> resize(torch.ones(1, 1, 4, 6), 0.5).shape
        torch.Size([1, 1, 2, 3])
    """
    rows, columns = (_matrix(n, scale, kernel, interval).to(depth) for n in depth.shape[-2:])
    kind = depth.device.type
    if not torch.amp.is_autocast_available(kind):  # on the meta device
        return rows @ depth @ columns.T
    with torch.autocast(kind, enabled=False):
        return rows @ depth @ columns.T


def resize_nearest(
    depth: Float[Tensor, "b 1 h w"], scale: int, *, interval: bool = False
) -> Float[Tensor, "b 1 H W"]:
    """Upsample by `scale`, each pixel with the value of the nearest low-resolution one.

    Args:
        depth: The low-resolution map.
        scale: A whole number ≥ 1.
        interval: See `resize`; of two pixels equally near, the later one is taken.

    Example:
        >>> resize_nearest(torch.tensor([[[[1.0, 2.0]]]]), 2)
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.]]]])
    """
    if not interval:
        return depth.repeat_interleave(scale, -2).repeat_interleave(scale, -1)
    height, width = depth.shape[-2:]
    rows, columns = (
        ((torch.arange(n * scale) + scale // 2) // scale).clamp(max=n - 1) for n in (height, width)
    )
    return depth[..., rows.to(depth.device), :][..., columns.to(depth.device)]
