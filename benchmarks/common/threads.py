"""The number of threads that a benchmark runs with."""

from __future__ import annotations

import os

__all__ = ["hold_to"]


def hold_to(threads: int) -> int:
    """Hold this process, and those that it starts, to some of its cores (Linux).

    Runtimes that ask for the cores that they may use then start as many threads; torch and OpenCV
    are set to it. To be called before anything runs, since threads that exist keep their cores.

    Args:
        threads: How many cores.

    Returns:
        How many it has now: fewer if there were fewer.
    """
    import cv2
    import torch

    cores = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, cores)
    os.environ["OMP_NUM_THREADS"] = str(len(cores))  # for processes that it starts
    torch.set_num_threads(len(cores))
    cv2.setNumThreads(len(cores))
    return len(cores)
