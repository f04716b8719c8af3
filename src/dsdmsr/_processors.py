"""Number of processors that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["available_processors"]

_CGROUP = Path("/sys/fs/cgroup")


def available_processors() -> int:
    """Return how many processors this process may use: by its affinity and its container's quota.

    The number of the machine's processors is no guide: a container or a batch job may have fewer.

    Source:
        sched_getaffinity(2); ``cpu.max`` of cgroup v2, ``cpu.cfs_quota_us`` and
        ``cpu.cfs_period_us`` of v1, in Linux's kernel documentation.
    """
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no such call
        allowed = os.cpu_count() or 1
    quota = _quota()
    return allowed if quota is None else max(1, min(allowed, round(quota)))


def _quota() -> float | None:
    """Return how many processors' time the process's control group may use; None if any."""
    try:
        limit, period = (_CGROUP / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        try:
            limit = (_CGROUP / "cpu/cpu.cfs_quota_us").read_text(encoding="ascii")
            period = (_CGROUP / "cpu/cpu.cfs_period_us").read_text(encoding="ascii")
        except OSError:
            return None
    try:
        share = int(limit) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return share if share > 0 else None
