"""Resampling of maps, with MATLAB's conventions."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from dsdmsr.depth.resize import Kernel, resize_matrix

__all__ = ["Kernel", "resize", "resize_nearest"]


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
        `dsdmsr.depth.resize.resize_matrix`; the conventions are those of protocol (a) of the field
        (MSG-Net, ECCV 2016).

    Example:
        >>> resize(torch.ones(1, 1, 4, 6), 0.5).shape
        torch.Size([1, 1, 2, 3])
    """
    rows, columns = (
        torch.tensor(resize_matrix(n, scale, kernel, interval)).to(depth) for n in depth.shape[-2:]
    )
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
