from __future__ import annotations

import os

from benchmarks.common.memory import in_own_process
from benchmarks.common.threads import hold_to


def held() -> tuple[int, int, int, str]:
    import torch

    count = hold_to(1)
    cores = len(os.sched_getaffinity(0))
    return count, cores, torch.get_num_threads(), os.environ["OMP_NUM_THREADS"]


def test_a_process_is_held_to_its_cores():
    assert in_own_process(held) == (1, 1, 1, "1")


def many() -> tuple[int, int]:
    allowed = len(os.sched_getaffinity(0))
    return hold_to(10_000), allowed


def test_it_never_has_more_than_it_may():
    count, allowed = in_own_process(many)
    assert count == allowed
