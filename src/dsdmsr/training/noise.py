"""Sensor noise on the low-resolution maps that a network learns from, sampled by name."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from dsdmsr.data.scenes.sampling import check_sampling, choose, log_uniform
from dsdmsr.data.seeds import generator
from dsdmsr.degradation.lost_pixels import lose_blocks, lose_shadows, lose_speckles
from dsdmsr.degradation.sensors import NOISES, Noise, quantise
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.errors import ConfigError

__all__ = ["NoiseMix", "add_noise"]

_NONE = "none"
_MIN_VALID = 0.1
"""Least share of a map's pixels that losses leave."""
_SERIES = 3 * 2**61
_STEPS = {"level": 1.0, "m": 0.001}
"""Unit → what noisy maps are rounded to."""
_DARKEST, _LEVELS, _MIN_LEVELS = 15, 230, 4
"""Least grey level of whole maps, how many levels they span, and how many crops do at the least."""
_MIN_RELIEF = 0.02
"""Depth that crops span at the least, as a share of their distance."""


def _default_shares() -> dict[str, float]:
    return {
        _NONE: 0.15,
        "gaussian": 0.25,
        "disparity": 0.35,
        "root_disparity": 0.05,
        "time_of_flight": 0.1,
        "structured_light": 0.1,
    }


@dataclass(frozen=True, kw_only=True)
class NoiseMix:
    """Say how often low-resolution maps have which noise, and how strong it is.

    Crops have no unit: each is taken to be a part of a map in the noise's own unit, of grey levels
    (between 15 and 245) or metres (between 0.4 and 12), with small or large values near. Which
    share of the map's range it spans is sampled, since most parts span little of it: on a flat
    wall, noise is many times what the wall itself varies by.

    Raises:
        ConfigError: If a noise is unknown, a share is negative or not finite, all are 0, the
            strengths are no range, or a probability is not one.
    """

    shares: dict[str, float] = field(default_factory=_default_shares)
    """How often, relative to each other: ``none``, or a name in
    `dsdmsr.degradation.sensors.NOISES` → its share. Those left out are never added."""
    strength: tuple[float, float] = (0.05, 1.5)
    """Relative strength of the noise, sampled log-uniformly; see
    `dsdmsr.degradation.sensors.Noise`."""
    rounded: float = 0.3
    """How often a noisy map is rounded to whole levels or millimetres."""
    holes: float = 0.1
    """How often a noisy map loses pixels: single ones, shadows beside edges, and squares."""

    def __post_init__(self) -> None:
        allowed = (_NONE, *NOISES)
        for name, share in self.shares.items():
            if name not in allowed:
                raise ConfigError(f"noise is {name!r}: allowed are {', '.join(allowed)}")
            if not 0 <= share < math.inf:
                raise ConfigError(f"share of noise {name} is {share}: give 0 or more")
        if not sum(self.shares.values()):
            raise ConfigError(f"shares of noises are {self.shares}: give one above 0")
        check_sampling(self, ranges=("strength",), probabilities=("rounded", "holes"))

    def sample(self, rng: np.random.Generator) -> Noise | None:
        """Sample a noise by its share; None for none."""
        names = (_NONE, *NOISES)
        name = names[choose(rng, np.cumsum([self.shares.get(name, 0.0) for name in names]))]
        return NOISES.get(name)


def add_noise(
    lr_depth: Tensor, lr_valid: Tensor, mix: NoiseMix, seed: int, numbers: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Return low-resolution maps as sensors would give them, and their valid pixels.

    Args:
        lr_depth: Clean maps, b 1 h w, each in a unit of its own.
        lr_valid: Their valid pixels, b 1 h w.
        mix: Which noise is added, and how often.
        seed: A crop's noise depends on this and the crop's number alone.
        numbers: The number of each crop.
    """
    pairs = []
    for k, number in enumerate(numbers):
        rng = generator(seed, _SERIES + number)
        one = slice(k, k + 1)
        pairs.append(_add_to_one(lr_depth[one], lr_valid[one], mix, rng))
    return torch.cat([depth for depth, _ in pairs]), torch.cat([valid for _, valid in pairs])


class _Placement(NamedTuple):
    """Range that a crop is taken to have in a noise's unit."""

    least: float
    most: float
    inverted: bool
    """Whether the crop's largest value is the range's least."""

    def in_unit(self, share: Tensor) -> Tensor:
        """Return values in the unit, from shares of the crop's range."""
        return self.least + (self.most - self.least) * (1 - share if self.inverted else share)

    def share_of(self, values: Tensor) -> Tensor:
        """Return the inverse of `in_unit`."""
        share = (values - self.least) / (self.most - self.least)
        return 1 - share if self.inverted else share


def _sample_placement(rng: np.random.Generator, noise: Noise) -> _Placement:
    # The larger of two: parts that span much have most of a map's error.
    if noise.unit == "m":
        least = float(log_uniform(rng, 0.4, 2))
        most = least * (1 + max(float(log_uniform(rng, _MIN_RELIEF, 5)) for _ in range(2)))
    else:
        spanned = max(float(log_uniform(rng, _MIN_LEVELS, _LEVELS)) for _ in range(2))
        least = rng.uniform(_DARKEST, _DARKEST + _LEVELS - spanned)
        most = least + spanned
    return _Placement(least, most, rng.random() < 0.5)


def _add_to_one(
    lr_depth: Tensor, valid: Tensor, mix: NoiseMix, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    noise = mix.sample(rng)
    if noise is None or not bool(valid.any()):
        return lr_depth, valid
    strength, placement = float(log_uniform(rng, *mix.strength)), _sample_placement(rng, noise)
    samples = torch.Generator().manual_seed(int(rng.integers(2**63)))
    rounded, lossy = rng.random() < mix.rounded, rng.random() < mix.holes
    if not bool(valid.all()):
        # Some noise mixes neighbours: those in holes must be like those around.
        filled = fill_nearest(lr_depth[0, 0].cpu().numpy(), valid[0, 0].cpu().numpy())
        lr_depth = torch.from_numpy(filled).to(lr_depth)[None, None]
    low = lr_depth.min()
    span = lr_depth.max() - low
    if not float(span) > 0:
        return lr_depth, valid
    clean = placement.in_unit((lr_depth - low) / span)
    noisy = noise.add(clean, samples, noise.parameter(strength))
    if rounded:
        noisy = quantise(noisy, _STEPS[noise.unit])
    if lossy:
        depth = noisy if noise.unit == "m" else 1 / noisy.clamp(min=1)
        valid = _lose_pixels(depth, valid, samples, rng)
    return low + span * placement.share_of(noisy), valid


def _lose_pixels(
    depth: Tensor, valid: Tensor, samples: torch.Generator, rng: np.random.Generator
) -> Tensor:
    """Return what stays valid of a map; all of it where almost nothing would be left."""
    kept = lose_speckles(valid, samples, 0.02)
    kept = lose_shadows(depth, kept, float(rng.uniform(1, 6)), left=bool(rng.random() < 0.5))
    kept = lose_blocks(kept, samples, 2, max(valid.shape[-1] // 6, 1))
    return kept if float(kept.float().mean()) > _MIN_VALID else valid
