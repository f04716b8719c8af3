"""The packaged networks whose time is taken, and a map to take it with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.options import TIERS
from dsdmsr.zoo.names import ROBUST_MODEL

__all__ = ["NETWORKS", "random_map"]

NETWORKS = (*TIERS, ROBUST_MODEL)


def random_map(size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a map of 1…2."""
    return np.random.default_rng(0).random(size, dtype=np.float32) + 1
