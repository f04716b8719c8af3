"""Sensor noise on the low-resolution maps that a network learns from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dsdmsr.data.scenes.sampling import check_sampling, choose, log_uniform
from dsdmsr.data.seeds import generator
from dsdmsr.degradation.sensors import (
    LEVELS,
    NOISES,
    lose_blocks,
    lose_shadows,
    lose_speckles,
)
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.depth.sensing import quantise
from dsdmsr.errors import ConfigError

__all__ = ["NoiseMix", "add_noise"]

_VALID_MIN = 0.1
"""Least share of a map's pixels that losses leave."""
_SERIES = 3 * 2**61
_LEVELS_MIN, _METRES_MIN = 4, 0.02
"""What crops span at the least; metres, as a share of the distance."""
_NONE = "none"
"""The name of no noise in a mix."""


@dataclass(frozen=True, kw_only=True)
class NoiseMix:
    """Describe how often low-resolution maps have which noise, and how strong it is.

    Crops have no unit: each is taken to be a part of a map of grey levels (between 15 and 245) or
    metres (between 0.4 and 12), near small or near large. How much of the map's range it spans is
    sampled, since most parts span little of it: on a flat wall, noise is many times what the wall
    itself varies by.

    Raises:
        ConfigError: If a noise is unknown, a share is negative or not finite, all are 0, the
            strengths are no range, or a probability is not one.
    """

    shares: dict[str, float] = field(default_factory=dict)
    """Share of maps with each noise of `dsdmsr.degradation.sensors.NOISES`, and with ``none``,
    relative to each other. What is left out has its default."""
    strength: tuple[float, float] = (0.05, 1.5)
    """Range of the strength, sampled log-uniformly; 1 is that of the noise's source."""
    rounded: float = 0.3
    """How often a noisy map is rounded to whole levels or millimetres."""
    holes: float = 0.1
    """How often a noisy map loses pixels: single ones, shadows beside edges, and squares."""

    def __post_init__(self) -> None:
        defaults = {_NONE: 0.15, **{name: noise.share for name, noise in NOISES.items()}}
        unknown = [name for name in self.shares if name not in defaults]
        if unknown:
            raise ConfigError(f"noise is {unknown[0]!r}: allowed are {', '.join(defaults)}")
        object.__setattr__(self, "shares", {**defaults, **self.shares})
        shares = tuple(self.shares.values())
        if min(shares) < 0 or not 0 < sum(shares) < np.inf:
            raise ConfigError(f"shares of noises are {shares}: give 0 or more, one above 0")
        check_sampling(self, ranges=("strength",), probabilities=("rounded", "holes"))


class _Sampled(NamedTuple):
    """What happens to a crop."""

    noise: str
    """Its name, or none."""
    strength: float
    unit: str
    least: float
    """What the crop spans in its unit, from here…"""
    most: float
    """… to here."""
    reversed: bool
    """Whether its largest value is `least`."""
    torch_rng: torch.Generator
    """For the noise itself."""
    rounded: bool
    lossy: bool


def add_noise(
    lr_depth: Tensor, lr_valid: Tensor, mix: NoiseMix, seed: int, numbers: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Return low-resolution maps as sensors would record them, and which pixels are valid.

    Args:
        lr_depth: Clean maps, b 1 h w, each in a unit of its own.
        lr_valid: Which of their pixels are valid, b 1 h w.
        mix: What may be added.
        seed: With its number, a crop's noise depends on it, and on nothing else.
        numbers: The number of each crop.
    """
    pairs = []
    for k, number in enumerate(numbers):
        rng = generator(seed, _SERIES + number)
        one = slice(k, k + 1)
        pairs.append(_one(lr_depth[one], lr_valid[one], mix, rng))
    return torch.cat([depth for depth, _ in pairs]), torch.cat([valid for _, valid in pairs])


def _sample(mix: NoiseMix, rng: np.random.Generator) -> _Sampled:
    names = tuple(mix.shares)
    name = names[choose(rng, np.cumsum(tuple(mix.shares.values())))]
    strength = log_uniform(rng, *mix.strength)
    unit = "level" if name == _NONE else NOISES[name].unit
    least: float
    if unit == "m":
        least = log_uniform(rng, 0.4, 2)
        most = least * (1 + max(log_uniform(rng, _METRES_MIN, 5) for _ in range(2)))
    else:
        # The larger of two: what spans much has most of a map's error.
        spanned = max(log_uniform(rng, _LEVELS_MIN, LEVELS) for _ in range(2))
        least = rng.uniform(15, 15 + LEVELS - spanned)
        most = least + spanned
    back = rng.random() < 0.5
    torch_rng = torch.Generator().manual_seed(int(rng.integers(2**63)))
    rounded, lossy = rng.random() < mix.rounded, rng.random() < mix.holes
    return _Sampled(name, strength, unit, least, most, back, torch_rng, rounded, lossy)


def _one(
    lr_depth: Tensor, valid: Tensor, mix: NoiseMix, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    sampled = _sample(mix, rng)
    if sampled.noise == _NONE or not bool(valid.any()):
        return lr_depth, valid
    if not bool(valid.all()):
        # Some noise mixes neighbours: those in holes must be like those around.
        filled = fill_nearest(lr_depth[0, 0].cpu().numpy(), valid[0, 0].cpu().numpy())
        lr_depth = torch.from_numpy(filled).to(lr_depth)[None, None]
    low, high = lr_depth.min(), lr_depth.max()
    span = high - low
    if not float(span) > 0:
        return lr_depth, valid
    least, most = sampled.least, sampled.most
    share = (lr_depth - low) / span
    depth = least + (most - least) * (1 - share if sampled.reversed else share)
    depth = NOISES[sampled.noise].add(depth, sampled.torch_rng, sampled.strength)
    if sampled.rounded:
        depth = quantise(depth, 0.001 if sampled.unit == "m" else 1.0)
    if sampled.lossy:
        valid = _lose(depth, valid, sampled, rng)
    share = (depth - least) / (most - least)
    return low + span * (1 - share if sampled.reversed else share), valid


def _lose(depth: Tensor, valid: Tensor, sampled: _Sampled, rng: np.random.Generator) -> Tensor:
    """Return which pixels stay valid; a map that was almost all hole keeps what it has."""
    kept = lose_speckles(valid, sampled.torch_rng, 0.02)
    metric = depth if sampled.unit == "m" else 1 / depth.clamp(min=1)
    kept = lose_shadows(metric, kept, float(rng.uniform(1, 6)), left=bool(rng.random() < 0.5))
    kept = lose_blocks(kept, sampled.torch_rng, 2, max(valid.shape[-1] // 6, 1))
    return kept if float(kept.float().mean()) > _VALID_MIN else valid
