"""Sensor effects on low-resolution maps: noise, each once and by name, and holes.

Every model takes maps ``b 1 h w`` and an explicit generator on the CPU, and gives the same for the
same seed, whatever the device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from dsdmsr.depth.sensing import occluded
from dsdmsr.metrics.windows import window_extreme

__all__ = [
    "LEVELS",
    "NOISES",
    "Noise",
    "add_disparity_noise",
    "add_gaussian_noise",
    "add_root_disparity_noise",
    "add_structured_light_noise",
    "add_time_of_flight_noise",
    "lose_blocks",
    "lose_shadows",
    "lose_speckles",
]

Maps = Float[Tensor, "b 1 h w"]
Valid = Bool[Tensor, "b 1 h w"]


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, dtype=like.dtype).to(like.device)


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator, dtype=like.dtype).to(like.device)


def add_gaussian_noise(lr_depth: Maps, generator: torch.Generator, sigma: float | Tensor) -> Maps:
    """Add Gaussian noise that is equally strong everywhere.

    Args:
        lr_depth: Maps in any unit.
        generator: Where the randomness comes from.
        sigma: The standard deviation, in the maps' unit; a number, or b 1 1 1. On maps of 8 bits,
            5/255 of the range is usual in denoising.
    """
    return lr_depth + _normal(lr_depth, generator) * sigma


def add_disparity_noise(
    lr_depth: Maps, generator: torch.Generator, strength: float | Tensor = 651.0
) -> Maps:
    """Add Gaussian noise that is the stronger the smaller the disparity d is.

    Args:
        lr_depth: Disparity in grey levels; below 1 it counts as 1.
        generator: Where the randomness comes from.
        strength: The standard deviation is ``strength / d``.

    Source:
        Park et al., ICCV 2011, in the form of protocol (b) of the field (ATGV-Net, ECCV 2016).
    """
    return lr_depth + _normal(lr_depth, generator) * strength / lr_depth.clamp(min=1)


def add_root_disparity_noise(
    lr_depth: Maps, generator: torch.Generator, strength: float | Tensor = 651.0
) -> Maps:
    """Add the milder noise whose variance is ``strength / d``.

    Args:
        lr_depth: Disparity in grey levels; below 1 it counts as 1.
        generator: Where the randomness comes from.
        strength: The variance's numerator.

    Source:
        The other reading of 651/d in the literature: as the variance, not the deviation.
    """
    return lr_depth + _normal(lr_depth, generator) * (strength / lr_depth.clamp(min=1)).sqrt()


def add_time_of_flight_noise(
    lr_depth: Maps,
    generator: torch.Generator,
    *,
    shot: float | Tensor = 0.002,
    multipath: float = 0.01,
    flying: float = 0.5,
) -> Maps:
    """Add what continuous-wave time-of-flight cameras add to depth.

    - Shot noise, of standard deviation ``shot · z²``: the light that comes back falls with z², and
      the deviation of the phase is inverse to it (Lange and Seitz, IEEE Journal of Quantum
      Electronics 37(3), 2001).
    - A bias away from the camera near edges, where light takes longer ways: `multipath` times the
      range of the 5×5 pixels around, smoothly.
    - Flying pixels: a pixel at an edge sees both surfaces, and gives a depth between them
      (Reynolds et al., CVPR 2011): with the probability `flying`, a uniformly drawn mixture of
      the nearest and the farthest of its 3×3 pixels.

    The last two are qualitative models of ours: how strong they are depends on lens and scene.

    Args:
        lr_depth: Depth in metres.
        generator: Where the randomness comes from.
        shot: Standard deviation in metres at one metre; a number, or b 1 1 1.
        multipath: Share of the local range that edges are biased by.
        flying: Probability that a pixel at an edge flies.
    """
    far, near = (window_extreme(lr_depth, 3, least=least) for least in (False, True))
    mixture = near + (far - near) * _uniform(lr_depth, generator)
    # An edge is what differs by more than a slope does: a twentieth of the distance.
    at_edge = (far - near > 0.05 * lr_depth) & (_uniform(lr_depth, generator) < flying)
    made = torch.where(at_edge, mixture, lr_depth)
    around = window_extreme(lr_depth, 5) - window_extreme(lr_depth, 5, least=True)
    made = made + multipath * functional.avg_pool2d(around, 5, 1, 2, count_include_pad=False)
    return made + _normal(lr_depth, generator) * shot * lr_depth.square()


def add_structured_light_noise(
    lr_depth: Maps,
    generator: torch.Generator,
    *,
    steps: float | Tensor = 351.3,
    shift: float = 0.5,
    jitter: float = 1 / 6,
) -> Maps:
    """Add what a structured-light camera such as the first Kinect adds to depth.

    ``z' = steps / round(steps / z(x + n) + m)``: whole steps of disparity, m Gaussian of deviation
    `jitter`, read at places moved by n, Gaussian of deviation `shift` pixels in rows and columns.

    Args:
        lr_depth: Depth in metres.
        generator: Where the randomness comes from.
        steps: Steps of disparity times metres: 8 steps a pixel, 7.5 cm between projector and
            camera and 585 pixels of focal length make 351; a number, or b 1 1 1.
        shift: In pixels; the nearest pixel is read.
        jitter: In steps.

    Source:
        Barron and Malik, CVPR 2013, where depth is in centimetres; Handa et al., ICRA 2014.
    """
    height, width = lr_depth.shape[-2:]
    rows, columns = (
        (torch.arange(length, device=lr_depth.device).view(view) + moved.round().long()).clamp(
            0, length - 1
        )
        for length, view, moved in (
            (height, (1, 1, -1, 1), shift * _normal(lr_depth, generator)),
            (width, (1, 1, 1, -1), shift * _normal(lr_depth, generator)),
        )
    )
    read = lr_depth.flatten(2).gather(2, (rows * width + columns).flatten(2)).view_as(lr_depth)
    disparity = steps / read + jitter * _normal(lr_depth, generator)
    return steps / disparity.round().clamp(min=1)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Describe a sensor's noise."""

    add: Callable[[Maps, torch.Generator, float], Maps]
    """Add it to maps ``b 1 h w`` with a strength; 1 is that of the source."""
    unit: Literal["level", "m"]
    """The unit that the maps must be in: grey levels of disparity, or metres of depth."""
    share: float
    """How often training adds it, relative to others, unless a recipe says otherwise."""


LEVELS = 230
"""Grey levels that whole maps span."""

NOISES: dict[str, Noise] = {
    # At strength 1, a twentieth of the range of a map.
    "gaussian": Noise(
        add=lambda depth, generator, strength: add_gaussian_noise(
            depth, generator, strength * 0.05 * LEVELS
        ),
        unit="level",
        share=0.25,
    ),
    "disparity": Noise(
        add=lambda depth, generator, strength: add_disparity_noise(
            depth, generator, 651 * strength
        ),
        unit="level",
        share=0.35,
    ),
    "root_disparity": Noise(
        add=lambda depth, generator, strength: add_root_disparity_noise(
            depth, generator, 651 * strength
        ),
        unit="level",
        share=0.05,
    ),
    # At strength 1, a standard deviation of 1 cm at 1 m.
    "time_of_flight": Noise(
        add=lambda depth, generator, strength: add_time_of_flight_noise(
            depth, generator, shot=0.01 * strength
        ),
        unit="m",
        share=0.1,
    ),
    "structured_light": Noise(
        add=lambda depth, generator, strength: add_structured_light_noise(
            depth, generator, steps=351.3 / max(strength, 0.2)
        ),
        unit="m",
        share=0.1,
    ),
}
"""Name → noise. Training samples them by these names, in this order, and protocols name theirs."""


def lose_speckles(valid: Valid, generator: torch.Generator, share: float) -> Valid:
    """Return what stays valid when single pixels are lost, each with the probability `share`."""
    return valid & (_uniform(valid.float(), generator) >= share)


def lose_shadows(
    lr_depth: Maps, valid: Valid, width: float | Tensor, *, left: bool = True
) -> Valid:
    """Return what stays valid when projector and camera stand side by side.

    A pixel is lost if one within reach on the projector's side is so much nearer that it takes
    the light away: with disparities d scaled to 0…`width` pixels, one that is s columns away and
    whose d is larger by s or more.

    Args:
        lr_depth: Depth in any unit; not disparity.
        valid: What is valid before.
        width: Width in pixels of the shadow beside the deepest step; a number, or b 1 1 1.
        left: Whether shadows lie to the left of what is near.
    """
    inverse = torch.where(valid, 1 / lr_depth.clamp(min=1e-6), 0.0)
    low = torch.where(valid, inverse, torch.inf).amin((2, 3), True)
    span = (inverse.amax((2, 3), True) - low).clamp(min=1e-12)
    disparity = torch.where(valid, (inverse - low) / span, 0.0) * width
    # Left of what is near is right of it in the mirrored map.
    hidden = occluded(disparity.flip(-1) if left else disparity, int(torch.as_tensor(width).max()))
    return valid & ~(hidden.flip(-1) if left else hidden)


def lose_blocks(valid: Valid, generator: torch.Generator, count: int, side: int) -> Valid:
    """Return what stays valid when squares are lost, as on black or shining things.

    Args:
        valid: What is valid before.
        generator: Where the randomness comes from.
        count: Squares in each map; they may overlap.
        side: Their largest side in pixels; drawn for each.
    """
    height, width = valid.shape[-2:]
    kept = valid.clone()
    draws = torch.rand(len(valid), count, 3, generator=generator)
    for map_valid, squares in zip(kept, draws.tolist(), strict=True):
        for down, right, size in squares:
            top, left, wide = int(down * height), int(right * width), 1 + int(size * side)
            map_valid[:, top : top + wide, left : left + wide] = False
    return kept
