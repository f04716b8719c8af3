"""Peak memory, and processes that begin with little of it (Linux)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

__all__ = ["forget_peak", "in_own_process", "peak_mib"]

T = TypeVar("T")


def peak_mib() -> float:
    """Return the most memory that this process has held."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def forget_peak() -> None:
    """Take the memory that is held now for the peak: a process begins with its parent's."""
    Path("/proc/self/clear_refs").write_text("5")


def in_own_process(function: Callable[..., T], *arguments: object) -> T:
    """Return what a function returns in a process of its own, which imports all anew."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
