"""Random numbers that depend on (seed, number) alone."""

from __future__ import annotations

import numpy as np

__all__ = ["generator"]


def generator(seed: int, number: int) -> np.random.Generator:
    """Return the generator that belongs to number `number` of the series `seed`."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], dtype=np.uint64)))
