"""Times that can be compared on a machine that others use too."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

__all__ = ["in_turn", "median_ratio"]

K = TypeVar("K", bound=Hashable)


def in_turn(runs: Mapping[K, Callable[[], object]], rounds: int) -> dict[K, list[float]]:
    """Return the seconds of every run in each round, after one round of warm-up."""
    taken: dict[K, list[float]] = {key: [] for key in runs}
    for k in range(rounds + 1):
        for key, run in runs.items():
            began = time.perf_counter()
            run()
            if k:
                taken[key].append(time.perf_counter() - began)
    return taken


def median_ratio(seconds: Sequence[float], reference: Sequence[float]) -> float:
    """Return the median over the rounds of one run's time over another's."""
    return statistics.median(a / b for a, b in zip(seconds, reference, strict=True))
