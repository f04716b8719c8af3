"""Pixels that sensors lose: single ones, shadows beside depth edges, and whole blocks."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["lose_blocks", "lose_shadows", "lose_speckles", "shadowed"]

Valid = Bool[Tensor, "b 1 h w"]


def lose_speckles(valid: Valid, generator: torch.Generator, share: float) -> Valid:
    """Return what stays valid when single pixels are lost, each with the probability `share`.

    Args:
        valid: Which pixels are valid before.
        generator: Source of randomness, on the CPU.
        share: 0…1.

    Example:
        >>> valid = torch.ones(1, 1, 100, 100, dtype=torch.bool)
        >>> kept = lose_speckles(valid, torch.Generator().manual_seed(0), 0.1)
        >>> round(float(kept.float().mean()), 2)
        0.9
    """
    chance = torch.rand(valid.shape, generator=generator).to(valid.device)
    return valid & (chance >= share)


def shadowed(disparity: NDArray[np.floating], reach: int, *, left: bool) -> NDArray[np.bool_]:
    """Return which pixels a second camera, or a projector beside the camera, does not reach.

    A pixel is hidden if one that is s columns away on that side has a disparity that is larger by
    s or more.

    Args:
        disparity: Maps, … h w, in pixels.
        reach: Width in pixels of the widest shadow: the range of the disparities, rounded down.
        left: Whether shadows lie to the left of near surfaces, or else to the right.

    Example:
        >>> shadowed(np.array([[0.0, 0, 0, 2, 2, 0]]), 2, left=True).astype(int)
        array([[0, 1, 1, 0, 0, 0]])
    """
    hidden = np.zeros(disparity.shape, dtype=bool)
    for shift in range(1, min(reach + 1, disparity.shape[-1])):
        first, second = disparity[..., :-shift], disparity[..., shift:]
        if left:
            hidden[..., :-shift] |= second - first >= shift
        else:
            hidden[..., shift:] |= first - second >= shift
    return hidden


def lose_shadows(
    lr_depth: Float[Tensor, "b 1 h w"], valid: Valid, width: float | Tensor, *, left: bool = True
) -> Valid:
    """Return what stays valid when projector and camera stand side by side; see `shadowed`.

    Args:
        lr_depth: Depth in any unit; not disparity.
        valid: Which pixels are valid before.
        width: Width in pixels of the shadow beside the map's largest jump in disparity; a number,
            or b 1 1 1.
        left: Whether shadows lie to the left of near surfaces, or else to the right.

    Example:
        >>> depth = torch.tensor([[[[4.0, 4, 4, 1, 1, 4]]]])
        >>> lose_shadows(depth, depth > 0, 2).int().tolist()
        [[[[1, 0, 0, 1, 1, 1]]]]
    """
    inverse = torch.where(valid, 1 / lr_depth.clamp(min=1e-6), 0.0)
    low = torch.where(valid, inverse, torch.inf).amin((2, 3), True)
    span = (inverse.amax((2, 3), True) - low).clamp(min=1e-12)
    disparity = torch.where(valid, (inverse - low) / span, 0.0) * width
    reach = int(torch.as_tensor(width).max())
    hidden = torch.from_numpy(shadowed(disparity.cpu().numpy(), reach, left=left))
    return valid & ~hidden.to(valid.device)


def lose_blocks(valid: Valid, generator: torch.Generator, count: int, side: int) -> Valid:
    """Return what stays valid when squares are lost, as on black or shiny objects.

    Args:
        valid: Which pixels are valid before.
        generator: Source of randomness, on the CPU.
        count: Squares in each map; they may overlap.
        side: Their largest side in pixels; sampled for each.

    Example:
        >>> valid = torch.ones(1, 1, 100, 100, dtype=torch.bool)
        >>> kept = lose_blocks(valid, torch.Generator().manual_seed(0), 3, 20)
        >>> bool(0 < (~kept).sum() <= 3 * 20 * 20)
        True
    """
    height, width = valid.shape[-2:]
    kept = valid.clone()
    samples = torch.rand(len(valid), count, 3, generator=generator)
    for map_valid, squares in zip(kept, samples.tolist(), strict=True):
        for down, right, size in squares:
            top, left, wide = int(down * height), int(right * width), 1 + int(size * side)
            map_valid[:, top : top + wide, left : left + wide] = False
    return kept
