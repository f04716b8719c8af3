"""Number of threads that this process may use."""

from __future__ import annotations

import os

from dsdmsr._processors import available_processors

__all__ = ["available_threads"]


def available_threads() -> int:
    """Return how many threads this process may use: as many as processors, or OMP_NUM_THREADS.

    Batch systems and Ray set that to what a process has got. More threads than processors are never
    taken, since they would wait for each other.
    """
    processors, given = available_processors(), os.environ.get("OMP_NUM_THREADS", "")
    return min(processors, int(given)) if given.isdecimal() and int(given) else processors
