"""A Ray cluster of several nodes on this machine, whose nodes and processes can be killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Nodes", "started"]

_STORE = 100 * 2**20


class Nodes:
    """A head, which the command runs beside, and nodes with a processor each.

    Args:
        count: Nodes beside the head.
    """

    def __init__(self, count: int) -> None:
        from ray.cluster_utils import Cluster

        # The head's processor cuts listings into blocks.
        head = {"num_cpus": 1, "object_store_memory": _STORE, "include_dashboard": False}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = str(self._cluster.address)
        self._nodes: list[Any] = []
        for _ in range(count):
            self.add()

    def add(self) -> None:
        """Have a node join."""
        self._nodes.append(self._cluster.add_node(num_cpus=1, object_store_memory=_STORE))

    def remove(self, *, kill: bool) -> None:
        """Have the oldest node leave: killed, or in order."""
        self._cluster.remove_node(self._nodes.pop(0), allow_graceful=not kill)

    def kill_worker(self, choose: random.Random) -> bool:
        """Kill one of the processes that upscale; return whether there was one."""
        import psutil

        workers = []
        for node in self._nodes:
            for raylet in node.all_processes["raylet"]:
                for child in psutil.Process(raylet.process.pid).children():
                    if child.name().startswith("ray::MapWorker"):
                        workers.append(child.pid)
        if not workers:
            return False
        os.kill(choose.choice(workers), signal.SIGKILL)
        return True

    def stop(self) -> None:
        """End all nodes."""
        self._cluster.shutdown()


@contextmanager
def started(
    source: Path, target: Path, *more: str, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield the command as a process that has written something; wait for its end after that."""
    command = [sys.executable, "-m", "dsdmsr", "upscale-many", str(source), str(target), *more]
    # The first part of a run's ledger is empty.
    enough = _parts(target) + 2
    with (log or Path(os.devnull)).open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        while process.poll() is None and _parts(target) < enough:
            time.sleep(0.05)
        yield process
        process.wait()
    finally:
        process.kill()
        process.wait()


def _parts(target: Path) -> int:
    return len(list((target / "_ledger").glob("part-*")))
