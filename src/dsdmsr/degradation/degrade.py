"""Degradation of high-resolution maps to low-resolution ones, with holes kept apart."""

from __future__ import annotations

from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from dsdmsr.degradation.resample import resize
from dsdmsr.depth.degradations import Degradation, check_degradation
from dsdmsr.errors import DepthError
from dsdmsr.metrics.windows import window_extreme

__all__ = ["degrade", "downsampling_matrix", "stage_targets"]


def _downsample(depth: Tensor, scale: int, kind: Degradation) -> Tensor:
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
    """Downsample a map by `scale`.

    Where the kernel would touch an invalid pixel, the result is the mean of the block's valid
    pixels; where none of the block is valid, it is invalid and 0.

    Args:
        hr_depth: The high-resolution map; each side a multiple of `scale`.
        scale: A whole number ≥ 1.
        kind: ``bicubic`` (antialiased, as MATLAB's, see `resize`), ``area`` (mean of each
            block), ``interval`` (the sample at (s·i, s·j), half a block up and left of the block's
            centre), ``opencv_cubic`` (``INTER_CUBIC``: a = -0.75, not antialiased) or
            ``pil_bicubic`` (Pillow's ``BICUBIC``: antialiased, nothing beyond the border).
        valid: Which pixels may be used. Default: all.

    Returns:
        The low-resolution map, and its valid pixels.

    Raises:
        ConfigError: If `kind` is unknown.
        DepthError: If a side is not a multiple of `scale`.

    Example:
        >>> hr_depth = torch.tensor([[[[1.0, 3.0, 5.0, 0.0], [1.0, 3.0, 0.0, 0.0]]]])
        >>> degrade(hr_depth, 2, "area", hr_depth > 0)
        (tensor([[[[2., 5.]]]]), tensor([[[[True, True]]]]))
    """
    check_degradation(kind)
    _check_size(hr_depth, scale)
    if valid is None or bool(valid.all()):
        lr_depth = _downsample(hr_depth, scale, kind)
        return lr_depth, torch.ones_like(lr_depth, dtype=torch.bool)
    return _degrade_with_holes(hr_depth, scale, kind, valid)


def _check_size(hr_depth: Tensor, scale: int) -> None:
    height, width = hr_depth.shape[-2:]
    if height % scale or width % scale:
        raise DepthError(
            f"the map is {height}×{width}: each side must be a multiple of {scale}; crop it"
        )


def _degrade_with_holes(
    hr_depth: Tensor, scale: int, kind: Degradation, valid: Tensor
) -> tuple[Tensor, Tensor]:
    """Return `degrade` of a map with holes."""
    known = torch.where(valid, hr_depth, 0.0)
    if kind == "interval":
        return _downsample(known, scale, kind), valid[..., ::scale, ::scale]
    share = functional.avg_pool2d(valid.to(hr_depth), scale)
    lr_valid = share > 0
    mean = functional.avg_pool2d(known, scale) / torch.where(lr_valid, share, 1.0)
    if kind == "area":
        return torch.where(lr_valid, mean, 0.0), lr_valid
    touched = window_extreme((~valid).to(hr_depth), 2 * scale, "max")
    clean = functional.max_pool2d(touched, scale) == 0
    filled = torch.where(valid, hr_depth, functional.interpolate(mean, scale_factor=scale))
    lr_depth = torch.where(clean, _downsample(filled, scale, kind), mean)
    return torch.where(lr_valid, lr_depth, 0.0), lr_valid


@lru_cache(maxsize=16)
def downsampling_matrix(size: int, scale: int, kind: Degradation) -> Tensor:
    """Return the matrix, size / scale × size, that `degrade` multiplies columns of `size` by.

    Along one axis, then along the other, it degrades a map whose pixels are all valid.

    Raises:
        ConfigError: If the kind is unknown.
        DepthError: If the size is not a multiple of the scale.

    Example:
        >>> downsampling_matrix(4, 2, "area").tolist()
        [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    """
    # Each column of the identity, as a map that is constant along the other axis.
    columns = torch.eye(size, dtype=torch.float64)[:, None, :, None].repeat(1, 1, 1, scale)
    lr_depth, _ = degrade(columns, scale, kind)
    return lr_depth[:, 0, :, 0].T.contiguous()


def stage_targets(
    hr_depth: Float[Tensor, "b 1 H W"],
    valid: Bool[Tensor, "b 1 H W"],
    scale: int,
    kind: Degradation,
) -> list[tuple[Float[Tensor, "b 1 ? ?"], Bool[Tensor, "b 1 ? ?"]]]:
    """Return the target of each ×2 stage of a cascade, and its valid pixels.

    The target is the antialiased map of the stage's size, whatever the input was, with its pixels
    where `kind` puts them; of the last stage, the high-resolution map itself.

    Args:
        hr_depth: The high-resolution map.
        valid: Which of its pixels are valid.
        scale: Scale of the whole cascade.
        kind: The degradation that gave the input.

    Returns:
        For each stage, smallest first, its target and the target's valid pixels.

    Example:
        >>> hr_depth = torch.ones(1, 1, 16, 16)
        >>> targets = stage_targets(hr_depth, hr_depth > 0, 8, "bicubic")
        >>> [target.shape[-1] for target, _ in targets]
        [4, 8, 16]
    """
    smooth: Degradation = kind if kind in ("area", "interval") else "bicubic"
    factors = [2**k for k in range(scale.bit_length() - 2, 0, -1)]
    targets = [degrade(hr_depth, factor, smooth, valid) for factor in factors]
    return [*targets, (hr_depth, valid)]
