"""Times that can be compared on a machine that others use too."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

__all__ = ["in_turn", "median_ratio"]

K = TypeVar("K", bound=Hashable)


def in_turn(
    runs: Mapping[K, Callable[[], object]],
    rounds: int,
    *,
    rest: float = 0.0,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[K, list[float]]:
    """Return the seconds of every run in each round, after one round of warm-up.

    Args:
        runs: What to run, by key.
        rounds: How often.
        rest: Seconds to sleep before each run, so that threads of the run before have stopped
            spinning: those of OpenMP wait actively for a few milliseconds.
        clock: What counts the seconds; ``time.process_time`` those of the CPU.
    """
    taken: dict[K, list[float]] = {key: [] for key in runs}
    for k in range(rounds + 1):
        for key, run in runs.items():
            if rest:
                time.sleep(rest)
            began = clock()
            run()
            if k:
                taken[key].append(clock() - began)
    return taken


def median_ratio(seconds: Sequence[float], reference: Sequence[float]) -> float:
    """Return the median over the rounds of one run's time over another's."""
    return statistics.median(a / b for a, b in zip(seconds, reference, strict=True))
