"""Random numbers that depend on (seed, number) alone."""

from __future__ import annotations

import numpy as np

__all__ = ["LARGEST_SEED", "generator"]

LARGEST_SEED = 2**40
"""Training uses the seeds below; those from here on are for validation and samples."""


def generator(seed: int, number: int) -> np.random.Generator:
    """Return the generator that belongs to number `number` of the series `seed`."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], dtype=np.uint64)))
