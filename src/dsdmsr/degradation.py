"""How a small map comes from a large one."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from dsdmsr.errors import ConfigError, DepthError

__all__ = ["DEGRADATIONS", "Degradation", "degrade", "resize_bicubic"]

Degradation = Literal["bicubic", "area", "interval"]
DEGRADATIONS: tuple[Degradation, ...] = ("bicubic", "area", "interval")

_KEYS_A = -0.5


def _cubic(x: Tensor) -> Tensor:
    """Evaluate the cubic convolution kernel (Keys 1981, equation 15, a = -0.5)."""
    x = x.abs()
    near = (_KEYS_A + 2) * x**3 - (_KEYS_A + 3) * x**2 + 1
    far = _KEYS_A * (x**3 - 5 * x**2 + 8 * x - 4)
    return torch.where(x <= 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


@lru_cache(maxsize=64)
def _bicubic_matrix(size_in: int, size_out: int, scale: float) -> Tensor:
    """Return the (size_out, size_in) matrix of a bicubic resize by `scale` along one axis.

    The kernel is widened when the map gets smaller, centres are at half pixels, and the border
    is symmetric (the edge pixel repeated), all as in MATLAB's ``imresize``.
    """
    widen = max(1.0, 1.0 / scale)
    taps = int(-(-4 * widen // 1)) + 2
    centre = (torch.arange(size_out, dtype=torch.float64) + 0.5) / scale - 0.5
    left = torch.floor(centre - 2 * widen).long()
    index = left[:, None] + torch.arange(taps)[None]
    weight = _cubic((centre[:, None] - index) / widen)
    weight = weight / weight.sum(1, keepdim=True)
    folded = index % (2 * size_in)
    folded = torch.where(folded < size_in, folded, 2 * size_in - 1 - folded)
    return torch.zeros(size_out, size_in, dtype=torch.float64).scatter_add_(1, folded, weight)


def resize_bicubic(depth: Float[Tensor, "b 1 h w"], scale: float) -> Float[Tensor, "b 1 H W"]:
    """Resize by `scale` as MATLAB's ``imresize(x, scale, 'bicubic')`` does on doubles.

    Args:
        depth: The map; computed in its own dtype.
        scale: The factor, below 1 to make the map smaller (then antialiased).

    Returns:
        The map of size ``ceil(scale·h) × ceil(scale·w)``.

    Source:
        Keys 1981 for the kernel; the conventions are those of protocol (a) of the field
        (MSG-Net, ECCV 2016).
    """
    height, width = depth.shape[-2:]
    rows, columns = (
        _bicubic_matrix(n, int(-(-n * scale // 1)), scale).to(depth) for n in (height, width)
    )
    return rows @ depth @ columns.T


def _reduce(depth: Tensor, scale: int, kind: Degradation) -> Tensor:
    if kind == "bicubic":
        return resize_bicubic(depth, 1 / scale)
    if kind == "area":
        return functional.avg_pool2d(depth, scale)
    return depth[..., ::scale, ::scale]


def degrade(
    hr_depth: Float[Tensor, "b 1 H W"],
    scale: int,
    kind: Degradation = "bicubic",
    valid: Bool[Tensor, "b 1 H W"] | None = None,
) -> tuple[Float[Tensor, "b 1 h w"], Bool[Tensor, "b 1 h w"]]:
    """Make a map `scale` times as small.

    Where the block under a small pixel is wholly valid, so that nothing invalid is mixed in, the
    small pixel is what `kind` says. Where it is partly valid, or the wider bicubic kernel would
    touch an invalid pixel, it is the mean of the block's valid pixels; where nothing under it is
    valid, it is invalid and 0.

    Args:
        hr_depth: The large map; each side a multiple of `scale`.
        scale: A whole number ≥ 1.
        kind: ``bicubic`` (antialiased, `resize_bicubic`), ``area`` (mean of each block) or
            ``interval`` (pixel (s·i, s·j) alone, which then sits half a block up and left of
            where the other two sit).
        valid: Which pixels may be used. Default: all.

    Returns:
        The small map, and which of its pixels are valid.

    Raises:
        ConfigError: If `kind` is unknown.
        DepthError: If a side is not a multiple of `scale`.
    """
    if kind not in DEGRADATIONS:
        raise ConfigError(f"degradation is {kind!r}: allowed are {', '.join(DEGRADATIONS)}")
    height, width = hr_depth.shape[-2:]
    if height % scale or width % scale:
        raise DepthError(
            f"the map is {height}×{width}: each side must be a multiple of {scale}; crop it"
        )
    if valid is None or bool(valid.all()):
        small = _reduce(hr_depth, scale, kind)
        return small, torch.ones_like(small, dtype=torch.bool)
    known = torch.where(valid, hr_depth, 0.0)
    if kind == "interval":
        return _reduce(known, scale, kind), valid[..., ::scale, ::scale]
    share = functional.avg_pool2d(valid.to(hr_depth), scale)
    some = share > 0
    mean = functional.avg_pool2d(known, scale) / torch.where(some, share, 1.0)
    if kind == "area":
        return torch.where(some, mean, 0.0), some
    reach = 2 * scale
    touched = functional.max_pool2d((~valid).to(hr_depth), 2 * reach + 1, 1, reach)
    clean = functional.max_pool2d(touched, scale) == 0
    filled = torch.where(valid, hr_depth, functional.interpolate(mean, scale_factor=scale))
    small = torch.where(clean, _reduce(filled, scale, kind), mean)
    return torch.where(some, small, 0.0), some
