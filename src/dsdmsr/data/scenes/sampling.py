"""Distributions that scenes sample from, and the checks of their parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError

__all__ = ["check_sampling", "choose", "count_objects", "log_uniform"]


def check_sampling(
    config: object, *, ranges: tuple[str, ...] = (), probabilities: tuple[str, ...] = ()
) -> None:
    """Check the distributions in a configuration.

    Raises:
        ConfigError: If a range is not 0 < low ≤ high, or a probability not 0 to 1.
    """
    for name in ranges:
        low, high = getattr(config, name)
        if not 0 < low <= high:
            raise ConfigError(f"{name} is {low}…{high}: give two numbers, 0 < low ≤ high")
    for name in probabilities:
        value = getattr(config, name)
        if not 0 <= value <= 1:
            raise ConfigError(f"{name} is {value}: give a probability, 0 to 1")


def choose(rng: np.random.Generator, totals: NDArray[np.floating]) -> int:
    """Sample an index by shares, given as their running totals."""
    return int(np.searchsorted(totals, rng.random() * totals[-1], side="right"))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> np.float64:
    """Sample a number whose logarithm is uniform, so that each octave is as likely as any other."""
    sample: np.float64 = np.exp(rng.uniform(np.log(low), np.log(high)))
    return sample


def count_objects(rng: np.random.Generator, counts: tuple[int, int], size: tuple[int, int]) -> int:
    """Sample how many objects a scene has.

    Args:
        rng: Where the randomness comes from.
        counts: Fewest and most in a scene of 256×256.
        size: The scene's height and width; the number grows with its area to the power 0.75.
    """
    share: float = (size[0] * size[1] / 256**2) ** 0.75
    return max(2, round(log_uniform(rng, *counts) * share))
