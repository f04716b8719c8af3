"""Noise on the small maps that a network learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dsdmsr.data.scenes.sampling import check_sampling, choose, log_uniform
from dsdmsr.data.seeds import generator
from dsdmsr.degradation.sensors import (
    add_disparity_noise,
    add_gaussian_noise,
    add_root_disparity_noise,
    add_structured_light_noise,
    add_time_of_flight_noise,
    lose_blocks,
    lose_shadows,
    lose_speckles,
    quantise,
)
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.errors import ConfigError

__all__ = ["Noises", "add_noise"]

_FEWEST = 0.1
"""Least share of a map's pixels that losses leave."""
_SERIES = 3 * 2**61
_GAUSSIAN = 0.05
"""Standard deviation at strength 1, as a share of `_LEVELS`."""
_LEVELS = 230
"""Grey levels that whole maps span."""
_LEAST_LEVELS, _LEAST_METRES = 4, 0.02
"""What crops of them span at the least; metres, as a share of the distance."""
_SHOT = 0.01
"""Time of flight's standard deviation at strength 1, in metres at one metre."""


@dataclass(frozen=True, kw_only=True)
class Noises:
    """Say how often small maps have which noise, and how strong it is.

    The shares are relative to each other. Crops have no unit: each is taken to be a part of a map
    of grey levels (between 15 and 245) or metres (between 0.4 and 12), near small or near large.
    How much of the map's range it spans is drawn, since most parts span little of it: on a flat
    wall, noise is many times what the wall itself varies by.

    Raises:
        ConfigError: If a share is negative or not finite, all are 0, the strengths are no range,
            or a probability is not one.
    """

    none: float = 0.15
    """Share of maps without noise."""
    gaussian: float = 0.25
    """Equally strong everywhere; at strength 1, of a twentieth of the map's range."""
    disparity: float = 0.35
    """651/d, times the strength; see `dsdmsr.degradation.sensors.add_disparity_noise`."""
    root_disparity: float = 0.05
    """Of variance 651/d, times the strength."""
    time_of_flight: float = 0.1
    """See `dsdmsr.degradation.sensors.add_time_of_flight_noise`."""
    structured_light: float = 0.1
    """See `dsdmsr.degradation.sensors.add_structured_light_noise`."""
    strength: tuple[float, float] = (0.05, 1.5)
    """Drawn log-uniformly."""
    rounded: float = 0.3
    """How often a noisy map is rounded to whole levels or millimetres."""
    holes: float = 0.1
    """How often a noisy map loses pixels: single ones, shadows beside edges, and squares."""

    def __post_init__(self) -> None:
        if min(self.shares) < 0 or not 0 < sum(self.shares) < np.inf:
            raise ConfigError(f"shares of noises are {self.shares}: give 0 or more, one above 0")
        check_sampling(self, ranges=("strength",), probabilities=("rounded", "holes"))

    @property
    def shares(self) -> tuple[float, ...]:
        """Of none, gaussian, disparity, root disparity, time of flight, structured light."""
        return (
            self.none,
            self.gaussian,
            self.disparity,
            self.root_disparity,
            self.time_of_flight,
            self.structured_light,
        )


def add_noise(
    lr_depth: Tensor, lr_valid: Tensor, noises: Noises, seed: int, numbers: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Return small maps as sensors would give them, and what is valid of them.

    Args:
        lr_depth: Clean maps, b 1 h w, each in a unit of its own.
        lr_valid: What is valid of them, b 1 h w.
        noises: What may be added.
        seed: With its number, a crop's noise depends on it, and on nothing else.
        numbers: The number of each crop.
    """
    pairs = []
    for k, number in enumerate(numbers):
        rng = generator(seed, _SERIES + number)
        one = slice(k, k + 1)
        pairs.append(_one(lr_depth[one], lr_valid[one], noises, rng))
    return torch.cat([depth for depth, _ in pairs]), torch.cat([valid for _, valid in pairs])


def _one(
    lr_depth: Tensor, valid: Tensor, noises: Noises, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    kind, strength = choose(rng, np.cumsum(noises.shares)), log_uniform(rng, *noises.strength)
    metres = kind >= 4
    least: float
    if metres:
        least = log_uniform(rng, 0.4, 2)
        most = least * (1 + max(log_uniform(rng, _LEAST_METRES, 5) for _ in range(2)))
    else:
        # The larger of two: what spans much has most of a map's error.
        spanned = max(log_uniform(rng, _LEAST_LEVELS, _LEVELS) for _ in range(2))
        least = rng.uniform(15, 15 + _LEVELS - spanned)
        most = least + spanned
    back = rng.random() < 0.5
    draws = torch.Generator().manual_seed(int(rng.integers(2**63)))
    rounded, lossy = rng.random() < noises.rounded, rng.random() < noises.holes
    if not kind or not bool(valid.any()):
        return lr_depth, valid
    if not bool(valid.all()):
        # Some noise mixes neighbours: those in holes must be like those around.
        held = fill_nearest(lr_depth[0, 0].cpu().numpy(), valid[0, 0].cpu().numpy())
        lr_depth = torch.from_numpy(held).to(lr_depth)[None, None]
    low, high = lr_depth.min(), lr_depth.max()
    span = high - low
    if not float(span) > 0:
        return lr_depth, valid
    share = (lr_depth - low) / span
    made = least + (most - least) * (1 - share if back else share)
    if kind == 1:
        made = add_gaussian_noise(made, draws, strength * _GAUSSIAN * _LEVELS)
    elif kind == 2:
        made = add_disparity_noise(made, draws, 651 * strength)
    elif kind == 3:
        made = add_root_disparity_noise(made, draws, 651 * strength)
    elif kind == 4:
        made = add_time_of_flight_noise(made, draws, shot=_SHOT * strength)
    else:
        made = add_structured_light_noise(made, draws, steps=351.3 / max(strength, 0.2))
    if rounded:
        made = quantise(made, 0.001 if metres else 1.0)
    if lossy:
        kept = lose_speckles(valid, draws, 0.02)
        depth = made if metres else 1 / made.clamp(min=1)
        kept = lose_shadows(depth, kept, float(rng.uniform(1, 6)), left=bool(rng.random() < 0.5))
        kept = lose_blocks(kept, draws, 2, max(valid.shape[-1] // 6, 1))
        # A map that was almost all hole keeps what it has.
        valid = kept if float(kept.float().mean()) > _FEWEST else valid
    share = (made - least) / (most - least)
    return low + span * (1 - share if back else share), valid
