"""Processes that train one network together: which one this is, and values that they share."""

from __future__ import annotations

import os

import torch
from torch import Tensor, distributed

__all__ = [
    "PEER_ENDED",
    "is_main",
    "is_peer_failure",
    "largest_of_processes",
    "mean_of_processes",
    "process_count",
    "rank",
]

_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID")
PEER_ENDED = "another process of this run has ended; go on with --resume auto"
"""Message of a process that waits for another in vain."""


def is_main() -> bool:
    """Return whether this process is the one that writes files and prints.

    torchrun, SLURM and `dsdmsr.training.launch.spawn_local_ranks` set the variables that say so.
    """
    return int(next((os.environ[name] for name in _RANKS if name in os.environ), "0")) == 0


def rank() -> int:
    """Return this process's number among all of the run; 0 before they have met."""
    return distributed.get_rank() if _have_met() else 0


def process_count() -> int:
    """Return how many processes train together; 1 before they have met."""
    return distributed.get_world_size() if _have_met() else 1


def _have_met() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def mean_of_processes(value: Tensor) -> Tensor:
    """Return the mean of a tensor over the processes; without gradient, if there are several."""
    count = process_count()
    if count == 1:
        return value
    total = value.detach().float().clone()
    distributed.all_reduce(total)
    return total / count


def largest_of_processes(value: float, device: torch.device) -> float:
    """Return the largest of the processes' values."""
    if process_count() == 1:
        return value
    largest = torch.tensor(value, dtype=torch.float64, device=device)
    distributed.all_reduce(largest, distributed.ReduceOp.MAX)
    return float(largest)


def is_peer_failure(error: RuntimeError) -> bool:
    """Return whether an error says that another process no longer responds."""
    if isinstance(error, distributed.DistBackendError):
        return True
    return "gloo" in str(error).lower() or "connection" in str(error).lower()
