"""Pools of processes that give results in the order of the jobs, with few of them waiting."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import wait
from typing import Any, TypeVar

from dsdmsr.errors import DataError

__all__ = ["in_order", "in_order_on_ray"]

J = TypeVar("J")
R = TypeVar("R")

_AHEAD = 3
"""Jobs a process that are under way or done and not yet asked for."""
_RETRIES = 5
"""How often Ray tries a job again that a process was killed with."""


def in_order(work: Callable[[J], R], jobs: Iterable[J], workers: int) -> Iterator[R]:
    """Yield ``work(job)`` for every job, in their order.

    Args:
        work: Can be pickled if there are workers.
        jobs: What to work on.
        workers: Processes; 0 works in this one.

    Raises:
        DataError: If a process is killed.
    """
    if workers == 0:
        yield from map(work, jobs)
        return
    jobs = iter(jobs)
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(work,),
    )
    try:
        with _without_interrupts():
            waiting: deque[Future[Any]] = deque(
                pool.submit(_work_on, job) for job in islice(jobs, _AHEAD * workers)
            )
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(_work_on, job) for job in islice(jobs, 1))
            yield result
    except BrokenProcessPool as error:
        raise DataError(
            "a working process was killed, perhaps for want of memory: go on with --resume, and "
            "fewer --workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def in_order_on_ray(work: Callable[[J], R], jobs: Iterable[J], workers: int) -> Iterator[R]:
    """Yield ``work(job)`` for every job, in their order, from processes of the Ray that is joined.

    Args:
        work: Can be pickled.
        jobs: What to work on.
        workers: About as many processes as there are.

    Raises:
        DataError: If processes are killed again and again.
    """
    import ray

    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_call)
    shared, jobs = ray.put(work), iter(jobs)
    waiting = deque(task.remote(shared, job) for job in islice(jobs, _AHEAD * max(1, workers)))
    try:
        while waiting:
            result = ray.get(waiting.popleft())
            waiting.extend(task.remote(shared, job) for job in islice(jobs, 1))
            yield result
    except ray.exceptions.WorkerCrashedError as error:
        raise DataError(
            "a working process was killed again and again, perhaps for want of memory: go on with "
            "--resume, on larger machines"
        ) from error


def _call(work: Callable[[J], R], job: J) -> R:
    return work(job)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Begin processes that leave Ctrl-C to the parent.

    They begin at the first job, and go on ignoring what is ignored then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_work: Callable[[Any], Any]


def _begin(work: Callable[[Any], Any]) -> None:
    """Take the work, once, and end when the parent is killed."""
    global _work
    _work = work
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work_on(job: Any) -> Any:
    return _work(job)
