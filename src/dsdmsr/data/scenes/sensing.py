"""Effects of sensors and formats on exact maps: frayed and soft edges, whole levels, shadows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dsdmsr.data.scenes.sampling import check_sampling, log_uniform
from dsdmsr.degradation.lost_pixels import shadowed

__all__ = [
    "SensingConfig",
    "blurred",
    "fray",
    "jitter",
    "round_to_levels",
    "soften",
    "valid_from_second_camera",
]

_ENLARGED = (1.5, 2.0, 3.0)
"""By what a soft scene may have been enlarged."""

FloatMap = NDArray[np.float32]
BoolMap = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class SensingConfig:
    """Say how exact scenes become maps as sensors and files give them.

    Raises:
        ConfigError: If a range is empty or a probability is not one.
    """

    exact: float = 0.0
    """How often a scene stays as it is but for its holes, as rendered ones do. The others are
    frayed and rounded as often as the following say."""
    frayed: float = 0.0
    """How often all steps of a scene are frayed, as those of measured maps are."""
    fraying: tuple[float, float] = (0.2, 0.7)
    """Standard deviation of a frayed step's place, in pixels."""
    soft: float = 0.0
    """How often all steps of a scene are ramps, as those of filtered, in-painted or enlarged maps
    are."""
    blurring: tuple[float, float] = (0.4, 2.0)
    """Standard deviation of the Gaussian that makes a ramp of a step, in pixels."""
    quantised: float = 0.6
    """How often a scene is rounded to whole levels, as many public maps are."""
    levels: tuple[float, float] = (12.0, 240.0)
    """Fewest and most whole levels that a quantised scene spans."""
    ragged: float = 0.2
    """How often the stairs of a quantised scene are ragged by a pixel or two."""
    holes: float = 0.0
    """How often a scene has holes beside its edges, as two cameras side by side leave them."""
    shadow: tuple[float, float] = (1.5, 12.0)
    """Width in pixels of the hole beside the scene's deepest step; sampled log-uniformly."""

    def __post_init__(self) -> None:
        check_sampling(
            self,
            ranges=("fraying", "blurring", "levels", "shadow"),
            probabilities=("exact", "frayed", "soft", "quantised", "ragged", "holes"),
        )


def jitter(rng: np.random.Generator, size: tuple[int, int], strength: float) -> FloatMap:
    """Sample noise that is constant over small blocks, of standard deviation `strength`."""
    block = int(rng.integers(1, 5))
    coarse = rng.standard_normal((-(-size[0] // block), -(-size[1] // block)), dtype=np.float32)
    fine = coarse.repeat(block, axis=0).repeat(block, axis=1)[: size[0], : size[1]]
    return np.asarray(fine * np.float32(strength))


def fray(
    rng: np.random.Generator, scene: NDArray[np.floating], config: SensingConfig
) -> NDArray[np.floating]:
    """Move the steps of a map to and fro by a pixel or two, as often as `config` says.

    A pixel takes the value of one beside it where the two differ by more than a hundredth of the
    map's range; so surfaces stay as they are.

    Args:
        rng: Source of randomness.
        scene: A map, h×w, in any unit.
        config: How often, and how far.
    """
    # A series without fraying must not depend on its having been asked for.
    if not config.frayed or rng.random() >= config.frayed:
        return scene
    height, width = scene.shape
    far = rng.uniform(*config.fraying)
    down, right = (np.rint(jitter(rng, (height, width), far)).astype(int) for _ in range(2))
    rows = np.clip(np.arange(height)[:, None] + down, 0, height - 1)
    columns = np.clip(np.arange(width)[None] + right, 0, width - 1)
    moved = scene[rows, columns]
    return np.where(abs(moved - scene) > 0.01 * np.ptp(scene), moved, scene)


def soften(
    rng: np.random.Generator, scene: NDArray[np.floating], config: SensingConfig
) -> NDArray[np.floating]:
    """Make ramps of a map's steps, as often as `config` says: blurred, or enlarged from less.

    Args:
        rng: Source of randomness.
        scene: A map, h×w, in any unit.
        config: How often, and how wide.
    """
    # A series without soft scenes must not depend on their having been asked for.
    if not config.soft or rng.random() >= config.soft:
        return scene
    whole = torch.from_numpy(np.ascontiguousarray(scene, np.float64))[None, None]
    if rng.random() < 0.5:
        soft = blurred(whole, log_uniform(rng, *config.blurring))
    else:
        size, times = list(scene.shape), float(rng.choice(_ENLARGED))
        less = [max(1, round(n / times)) for n in size]
        small = functional.interpolate(
            whole, less, mode="bilinear", antialias=bool(rng.random() < 0.5)
        )
        soft = functional.interpolate(small, size, mode="bicubic")
    return np.asarray(soft[0, 0].numpy())


def blurred(depth: torch.Tensor, deviation: float) -> torch.Tensor:
    """Return maps, b×1×h×w, blurred by a Gaussian."""
    radius = int(3 * deviation) + 1
    at = torch.arange(-radius, radius + 1, dtype=depth.dtype)
    kernel = torch.exp(-((at / deviation) ** 2) / 2)
    kernel /= kernel.sum()
    padded = functional.pad(depth, (radius,) * 4, mode="replicate")
    columns = functional.conv2d(padded, kernel[None, None, :, None])
    return functional.conv2d(columns, kernel[None, None, None, :])


def round_to_levels(
    rng: np.random.Generator, scene: NDArray[np.floating], config: SensingConfig
) -> NDArray[np.floating]:
    """Round a map to a sampled number of whole levels, as often as `config` says.

    Args:
        rng: Source of randomness.
        scene: A map, h×w, in any unit.
        config: How often, and to how many levels.
    """
    if rng.random() >= config.quantised:
        return scene
    low, high = float(scene.min()), float(scene.max())
    steps = log_uniform(rng, *config.levels)
    if high <= low:
        return scene
    levels = (scene - low) * (steps / (high - low)) + rng.random()
    if rng.random() < config.ragged:
        size = (scene.shape[0], scene.shape[1])
        levels = levels + jitter(rng, size, rng.uniform(0.02, 0.15))
    return np.asarray(np.round(levels))


def valid_from_second_camera(
    rng: np.random.Generator, disparity: NDArray[np.floating], config: SensingConfig
) -> BoolMap:
    """Return the valid pixels: all, or, as often as `config` says, those that a second camera sees.

    It stands to the left or to the right; see `dsdmsr.degradation.lost_pixels.shadowed`.

    Args:
        rng: Source of randomness.
        disparity: Inverse depth, h×w, in any unit.
        config: How often, and how wide.
    """
    valid = np.ones(disparity.shape, dtype=bool)
    if rng.random() >= config.holes:
        return valid
    span, width = float(np.ptp(disparity)), log_uniform(rng, *config.shadow)
    if span == 0:
        return valid
    left = rng.random() >= 0.5
    return ~shadowed(disparity * (width / span), int(width), left=left)
