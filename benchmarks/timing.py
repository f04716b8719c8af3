"""Times that can be compared on a machine that others use too."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def in_turn(runs: Mapping[K, Callable[[], object]], rounds: int) -> dict[K, list[float]]:
    """Return the seconds of every run in each round, after one round that does not count."""
    taken: dict[K, list[float]] = {key: [] for key in runs}
    for k in range(rounds + 1):
        for key, run in runs.items():
            began = time.perf_counter()
            run()
            if k:
                taken[key].append(time.perf_counter() - began)
    return taken
