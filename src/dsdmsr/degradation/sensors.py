"""Noise of sensors on low-resolution maps: each once, by name, in `NOISES`.

Every function takes maps ``b 1 h w`` and an explicit generator on the CPU, and gives the same for
the same seed, whatever the device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from dsdmsr.metrics.windows import window_extreme

__all__ = [
    "NOISES",
    "Noise",
    "add_disparity_noise",
    "add_gaussian_noise",
    "add_root_disparity_noise",
    "add_structured_light_noise",
    "add_time_of_flight_noise",
    "quantise",
]

Maps = Float[Tensor, "b 1 h w"]


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Describe a noise: the function that adds it, its unit, and how its strength is scaled.

    Example:
        >>> noise = NOISES["time_of_flight"]
        >>> noise.unit
        'm'
        >>> depth = torch.full((1, 1, 100, 100), 2.0)
        >>> noisy = noise.add(depth, torch.Generator().manual_seed(0), noise.parameter(0.5))
        >>> round(float((noisy - depth).std()), 2)
        0.02
    """

    add: Callable[[Maps, torch.Generator, float], Maps]
    """Adds the noise to maps in `unit`; the last argument is its own parameter."""
    unit: Literal["level", "m"]
    """Unit of the maps: grey levels of disparity, or metres of depth."""
    parameter: Callable[[float], float]
    """Relative strength → the parameter of `add`; 1 is strong for a sensor of this type."""


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, dtype=like.dtype).to(like.device)


def _uniform(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator, dtype=like.dtype).to(like.device)


def add_gaussian_noise(lr_depth: Maps, generator: torch.Generator, sigma: float | Tensor) -> Maps:
    """Add Gaussian noise of the same strength everywhere.

    Args:
        lr_depth: Maps in any unit.
        generator: Source of randomness.
        sigma: The standard deviation, in the maps' unit; a number, or b 1 1 1. On maps of 8 bits,
            5/255 of the range is usual in denoising.

    Example:
        >>> depth = torch.full((1, 1, 100, 100), 50.0)
        >>> noisy = add_gaussian_noise(depth, torch.Generator().manual_seed(0), 5.0)
        >>> round(float((noisy - depth).std()))
        5
    """
    return lr_depth + _normal(lr_depth, generator) * sigma


def add_disparity_noise(
    lr_depth: Maps, generator: torch.Generator, strength: float | Tensor = 651.0
) -> Maps:
    """Add Gaussian noise that is the stronger the smaller the disparity d is.

    Args:
        lr_depth: Disparity in grey levels; below 1 it counts as 1.
        generator: Source of randomness.
        strength: The standard deviation is ``strength / d``.

    Source:
        Park et al., ICCV 2011, in the form of protocol (b) of the field (ATGV-Net, ECCV 2016).

    Example:
        >>> depth = torch.full((1, 1, 100, 100), 65.1)
        >>> noisy = add_disparity_noise(depth, torch.Generator().manual_seed(0))
        >>> round(float((noisy - depth).std()))
        10
    """
    return lr_depth + _normal(lr_depth, generator) * strength / lr_depth.clamp(min=1)


def add_root_disparity_noise(
    lr_depth: Maps, generator: torch.Generator, strength: float | Tensor = 651.0
) -> Maps:
    """Add the milder noise whose variance is ``strength / d``.

    Args:
        lr_depth: Disparity in grey levels; below 1 it counts as 1.
        generator: Source of randomness.
        strength: The variance's numerator.

    Source:
        The other reading of 651/d in the literature: as the variance, not the deviation.

    Example:
        >>> depth = torch.full((1, 1, 100, 100), 65.1)
        >>> noisy = add_root_disparity_noise(depth, torch.Generator().manual_seed(0))
        >>> round(float((noisy - depth).var()))
        10
    """
    return lr_depth + _normal(lr_depth, generator) * (strength / lr_depth.clamp(min=1)).sqrt()


def add_time_of_flight_noise(
    lr_depth: Maps,
    generator: torch.Generator,
    shot: float | Tensor = 0.002,
    *,
    multipath: float = 0.01,
    flying: float = 0.5,
) -> Maps:
    """Add the noise of continuous-wave time-of-flight cameras.

    - Shot noise, of standard deviation ``shot · z²``: the returning light falls with z², and the
      deviation of the phase is inverse to it (Lange and Seitz, IEEE JQE 37(3), 2001).
    - Multipath bias away from the camera near edges: `multipath` times the smoothed range of the
      5×5 pixels around.
    - Flying pixels (Reynolds et al., CVPR 2011): a pixel at an edge sees both surfaces; with the
      probability `flying` it is a random mixture of the least and greatest of its 3×3 pixels.

    The last two are qualitative models of ours: their strengths depend on lens and scene.

    Args:
        lr_depth: Depth in metres.
        generator: Source of randomness.
        shot: Standard deviation in metres at one metre; a number, or b 1 1 1.
        multipath: Bias at edges, as a share of the local range.
        flying: Probability that a pixel at an edge is a flying one.

    Example:
        >>> depth = torch.full((1, 1, 100, 100), 2.0)
        >>> noisy = add_time_of_flight_noise(depth, torch.Generator().manual_seed(0), 0.01)
        >>> round(float((noisy - depth).std()), 2)
        0.04
    """
    near, far = window_extreme(lr_depth, 1, "min"), window_extreme(lr_depth, 1, "max")
    mixture = near + (far - near) * _uniform(lr_depth, generator)
    # Edges differ by more than slopes do: by a twentieth of the distance.
    at_edge = (far - near > 0.05 * lr_depth) & (_uniform(lr_depth, generator) < flying)
    noisy = torch.where(at_edge, mixture, lr_depth)
    around = window_extreme(lr_depth, 2, "max") - window_extreme(lr_depth, 2, "min")
    noisy = noisy + multipath * functional.avg_pool2d(around, 5, 1, 2, count_include_pad=False)
    return noisy + _normal(lr_depth, generator) * shot * lr_depth.square()


def add_structured_light_noise(
    lr_depth: Maps,
    generator: torch.Generator,
    steps: float | Tensor = 351.3,
    *,
    shift: float = 0.5,
    jitter: float = 1 / 6,
) -> Maps:
    """Add the noise of structured-light cameras such as the first Kinect.

    ``z' = steps / round(steps / z(x + n) + m)``: whole steps of disparity, with m Gaussian of
    deviation `jitter`, sampled at positions shifted by n, Gaussian of deviation `shift` pixels.

    Args:
        lr_depth: Depth in metres.
        generator: Source of randomness.
        steps: Steps of disparity times metres, a number or b 1 1 1; 351 is 8 steps a pixel times
            7.5 cm of baseline times 585 pixels of focal length.
        shift: In pixels; the nearest pixel is taken.
        jitter: In steps.

    Source:
        Barron and Malik, CVPR 2013, where depth is in centimetres; Handa et al., ICRA 2014.

    Example:
        >>> depth = torch.full((1, 1, 100, 100), 2.0)
        >>> noisy = add_structured_light_noise(depth, torch.Generator().manual_seed(0))
        >>> sorted({round(351.3 / z) for z in noisy.flatten().tolist()})
        [175, 176]
    """
    down, right = (shift * _normal(lr_depth, generator) for _ in range(2))
    disparity = steps / _shifted(lr_depth, down, right) + jitter * _normal(lr_depth, generator)
    return steps / disparity.round().clamp(min=1)


def _shifted(depth: Maps, down: Tensor, right: Tensor) -> Maps:
    """Return each pixel's neighbour that is so many pixels below and to the right, within a map."""
    height, width = depth.shape[-2:]
    rows = torch.arange(height, device=depth.device)[:, None] + down.round().long()
    columns = torch.arange(width, device=depth.device) + right.round().long()
    index = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
    return depth.flatten(2).gather(2, index.flatten(2)).view_as(depth)


def quantise(lr_depth: Maps, step: float | Tensor) -> Maps:
    """Round to whole steps such as grey levels or millimetres, half up.

    Args:
        lr_depth: Maps in any unit.
        step: In the maps' unit; a number, or b 1 1 1.

    Example:
        >>> quantise(torch.tensor([[[[0.4, 2.5, 3.2]]]]), 1.0)
        tensor([[[[0., 3., 3.]]]])
    """
    return torch.floor(lr_depth / step + 0.5) * step


NOISES: dict[str, Noise] = {
    # A twentieth of the 230 grey levels that maps of 8 bits usually span.
    "gaussian": Noise(
        add=add_gaussian_noise, unit="level", parameter=lambda strength: strength * 0.05 * 230
    ),
    "disparity": Noise(
        add=add_disparity_noise, unit="level", parameter=lambda strength: 651 * strength
    ),
    "root_disparity": Noise(
        add=add_root_disparity_noise, unit="level", parameter=lambda strength: 651 * strength
    ),
    "time_of_flight": Noise(
        add=add_time_of_flight_noise, unit="m", parameter=lambda strength: 0.01 * strength
    ),
    # Coarser steps are stronger noise; below a fifth of the usual strength they are as fine as any.
    "structured_light": Noise(
        add=add_structured_light_noise,
        unit="m",
        parameter=lambda strength: 351.3 / max(strength, 0.2),
    ),
}
"""Name → noise. Training samples by shares in this order: a new one goes last."""
