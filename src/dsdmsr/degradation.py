"""How a small map comes from a large one."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from dsdmsr.errors import ConfigError, DepthError

__all__ = [
    "DEGRADATIONS",
    "Degradation",
    "Kernel",
    "check_degradation",
    "degrade",
    "reduction_matrix",
    "resize",
    "resize_nearest",
    "stage_truths",
]

Degradation = Literal["bicubic", "area", "interval", "opencv_cubic", "pil_bicubic"]
DEGRADATIONS: tuple[Degradation, ...] = (
    "bicubic",
    "area",
    "interval",
    "opencv_cubic",
    "pil_bicubic",
)
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

    The kernel is widened when the map gets smaller, and the border is symmetric (the edge pixel
    repeated), as in MATLAB's ``imresize``.
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
        scale: The factor, below 1 to make the map smaller (then antialiased).
        kernel: ``bilinear``, ``bicubic`` (a = -0.5) or ``lanczos`` (3 zeros).
        interval: Whether small pixel i sits on large pixel s·i, as after ``interval``
            degradation. Default: in the middle of the s large pixels that it covers.

    Returns:
        The map of size ``ceil(scale·h) × ceil(scale·w)``.

    Source:
        Keys 1981 for the cubic kernel; the conventions are those of protocol (a) of the field
        (MSG-Net, ECCV 2016).
    """
    rows, columns = (_matrix(n, scale, kernel, interval).to(depth) for n in depth.shape[-2:])
    kind = depth.device.type
    if not torch.amp.is_autocast_available(kind):  # where shapes alone are computed
        return rows @ depth @ columns.T
    with torch.autocast(kind, enabled=False):
        return rows @ depth @ columns.T


def resize_nearest(
    depth: Float[Tensor, "b 1 h w"], scale: int, *, interval: bool = False
) -> Float[Tensor, "b 1 H W"]:
    """Give every large pixel the value of the small one that it is nearest to.

    Args:
        depth: The map.
        scale: A whole number ≥ 1.
        interval: See `resize`; of two small pixels equally near, the later one is taken.
    """
    if not interval:
        return depth.repeat_interleave(scale, -2).repeat_interleave(scale, -1)
    height, width = depth.shape[-2:]
    rows, columns = (
        ((torch.arange(n * scale) + scale // 2) // scale).clamp(max=n - 1) for n in (height, width)
    )
    return depth[..., rows.to(depth.device), :][..., columns.to(depth.device)]


def _reduce(depth: Tensor, scale: int, kind: Degradation) -> Tensor:
    if kind == "bicubic":
        return resize(depth, 1 / scale)
    if kind == "area":
        return functional.avg_pool2d(depth, scale)
    if kind == "interval":
        return depth[..., ::scale, ::scale]
    size = [n // scale for n in depth.shape[-2:]]
    return functional.interpolate(depth, size, mode="bicubic", antialias=kind == "pil_bicubic")


def check_degradation(kind: str) -> None:
    """Check that `degrade` knows `kind`.

    Raises:
        ConfigError: If it does not.
    """
    if kind not in DEGRADATIONS:
        raise ConfigError(f"degradation is {kind!r}: allowed are {', '.join(DEGRADATIONS)}")


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
        kind: ``bicubic`` (antialiased, as MATLAB's, see `resize`), ``area`` (mean of each
            block), ``interval`` (pixel (s·i, s·j) alone, which then sits half a block up and left
            of where the others sit), ``opencv_cubic`` (a = -0.75, not antialiased: OpenCV's
            ``INTER_CUBIC``) or ``pil_bicubic`` (antialiased, and at the border only pixels of
            the map are weighed: Pillow's ``BICUBIC``).
        valid: Which pixels may be used. Default: all.

    Returns:
        The small map, and which of its pixels are valid.

    Raises:
        ConfigError: If `kind` is unknown.
        DepthError: If a side is not a multiple of `scale`.
    """
    check_degradation(kind)
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


@lru_cache(maxsize=16)
def reduction_matrix(size: int, scale: int, kind: Degradation) -> Tensor:
    """Return the matrix, size / scale × size, that `degrade` multiplies columns of `size` by.

    Made small along one axis, then along the other, a map whose pixels are all valid is what
    `degrade` makes of it.

    Raises:
        ConfigError: If the kind is unknown.
        DepthError: If the size is not a multiple of the scale.
    """
    # Each column of the identity, as a map that is constant along the other axis.
    columns = torch.eye(size, dtype=torch.float64)[:, None, :, None].repeat(1, 1, 1, scale)
    small, _ = degrade(columns, scale, kind)
    return small[:, 0, :, 0].T.contiguous()


def stage_truths(
    hr_depth: Float[Tensor, "b 1 H W"],
    valid: Bool[Tensor, "b 1 H W"],
    scale: int,
    kind: Degradation,
) -> list[tuple[Float[Tensor, "b 1 ? ?"], Bool[Tensor, "b 1 ? ?"]]]:
    """Return what each ×2 stage on the way to a large map should give, and what of it is valid.

    That is what an antialiased small map would hold, whatever the input was, and where `kind`
    puts its pixels; of the last stage, the large map itself.

    Args:
        hr_depth: The large map.
        valid: Which of its pixels are valid.
        scale: How many times larger than the input it is.
        kind: How the input was made from it.

    Returns:
        For each stage, smallest first, the truth of its size and its valid pixels.
    """
    smooth: Degradation = kind if kind in ("area", "interval") else "bicubic"
    factors = [2**k for k in range(scale.bit_length() - 2, 0, -1)]
    made = [degrade(hr_depth, factor, smooth, valid) for factor in factors]
    return [*made, (hr_depth, valid)]
