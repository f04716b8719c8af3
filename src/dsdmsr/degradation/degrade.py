"""Downsampling of high-resolution maps, holes kept apart."""

from __future__ import annotations

from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from dsdmsr.degradation.resample import resize
from dsdmsr.depth.degradations import Degradation, check_degradation
from dsdmsr.errors import DepthError

__all__ = ["degrade", "reduction_matrix", "stage_truths"]


def _reduce(depth: Tensor, scale: int, kind: Degradation) -> Tensor:
    if kind == "bicubic":
        return resize(depth, 1 / scale)
    if kind == "area":
        return functional.avg_pool2d(depth, scale)
    if kind == "interval":
        return depth[..., ::scale, ::scale]
    size = [n // scale for n in depth.shape[-2:]]
    return functional.interpolate(depth, size, mode="bicubic", antialias=kind == "pil_bicubic")


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
