"""The launch of a run's processes: checks, DDP arguments, and the other ranks of this machine.

The process that starts the others is rank 0 itself. torch's ``elastic_launch`` puts a third process
above them instead; when that one is killed, its workers train on as orphans.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypedDict

import torch
from lightning.fabric.plugins.environments.lightning import find_free_network_port
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.strategies import DDPStrategy

from dsdmsr.errors import ConfigError
from dsdmsr.training.options import TrainerOptions
from dsdmsr.training.processes import PEER_ENDED
from dsdmsr.training.recipe import Recipe

__all__ = ["DDPArguments", "check_processes", "ddp_arguments", "spawn_local_ranks"]

_COLLECTIVE_TIMEOUT = timedelta(minutes=5)
"""How long a process waits in a collective operation for one that doesn't respond."""
_NOTICE_SECONDS = 30.0
"""Time that rank 0 has to report by itself that another rank has ended."""
_EXIT_SECONDS = 20.0
"""Time that the other ranks have to exit once rank 0 does."""


class DDPArguments(TypedDict):
    """Arguments of `lightning.Trainer` that say where it runs."""

    devices: int
    num_nodes: int
    strategy: DDPStrategy | str
    use_distributed_sampler: bool
    plugins: list[Any]


def check_processes(options: TrainerOptions, recipe: Recipe, device: str) -> None:
    """Check that a recipe can run on that many devices here.

    Raises:
        ConfigError: If there are not so many GPUs, several machines are asked for but this process
            was not started on them together, or a batch has fewer crops than there are processes.
    """
    if device == "cuda" and torch.cuda.device_count() < options.devices:
        raise ConfigError(
            f"device is cuda with {options.devices} devices, and torch sees "
            f"{torch.cuda.device_count()}: give fewer, or cpu"
        )
    if options.num_nodes > 1 and not {"RANK", "SLURM_PROCID"} & os.environ.keys():
        raise ConfigError(
            f"trainer.num_nodes is {options.num_nodes}: start the command on each machine with "
            "torchrun, or with srun"
        )
    smallest = min(recipe.crops, key=lambda mix: mix.batch)
    if smallest.batch < options.processes:
        raise ConfigError(
            f"×{smallest.scale} has batches of {smallest.batch} crops for {options.processes} "
            "processes: give no more processes than that, or a recipe with larger batches"
        )


def ddp_arguments(options: TrainerOptions) -> DDPArguments:
    """Return a trainer's arguments for the devices.

    Each stage has layers that only the last stage in use needs, so not all parameters have a
    gradient. Under SLURM the job's script restarts a run, with ``--resume auto``; the trainer
    doesn't requeue it.
    """
    distributed = options.processes > 1 or options.strategy == "ddp"
    return {
        "devices": options.devices,
        "num_nodes": options.num_nodes,
        "strategy": DDPStrategy(find_unused_parameters=True, timeout=_COLLECTIVE_TIMEOUT)
        if distributed
        else "auto",
        "use_distributed_sampler": False,
        "plugins": [SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else [],
    }


@contextmanager
def spawn_local_ranks(options: TrainerOptions) -> Iterator[None]:
    """Start the other ranks of this machine with this process's command, and end them with it.

    The trainer starts none where ``LOCAL_RANK`` is set. Nothing is done where torchrun, SLURM or
    rank 0 of this machine has started this process.
    """
    started = {"RANK", "LOCAL_RANK"} & os.environ.keys() or SLURMEnvironment.detect()
    if started or options.processes == 1:
        yield
        return
    environ = dict(os.environ)
    threads = torch.get_num_threads()
    own_threads = max(1, threads // options.devices)
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(find_free_network_port()),
        "NODE_RANK": "0",
        "OMP_NUM_THREADS": str(own_threads),
    }
    ranks = _start_ranks(options.devices)
    os.environ["LOCAL_RANK"] = "0"
    torch.set_num_threads(own_threads)
    leaving = threading.Event()
    threading.Thread(target=_exit_with_failed_rank, args=(ranks, leaving), daemon=True).start()
    try:
        yield
    finally:
        leaving.set()
        _end(ranks)
        torch.set_num_threads(threads)
        os.environ.clear()
        os.environ |= environ


def _start_ranks(devices: int) -> list[subprocess.Popen[bytes]]:
    """Start all local ranks but 0."""
    command = [sys.executable, *sys.orig_argv[1:]]
    return [
        subprocess.Popen(command, env={**os.environ, "LOCAL_RANK": str(k)})
        for k in range(1, devices)
    ]


def _exit_with_failed_rank(ranks: list[subprocess.Popen[bytes]], leaving: threading.Event) -> None:
    """Exit when another rank has failed and this process waits for it in vain.

    A thread that waits for a rank that never joined, or for a GPU's result, can't be interrupted.
    """
    while not leaving.wait(1):
        if any(process.poll() not in (None, 0) for process in ranks):
            if not leaving.wait(_NOTICE_SECONDS):
                print(f"dsdmsr: {PEER_ENDED}", file=sys.stderr, flush=True)
                for process in ranks:
                    process.kill()
                os._exit(2)
            return


def _end(ranks: list[subprocess.Popen[bytes]]) -> None:
    """Wait for processes, and kill those that stay."""
    deadline = time.monotonic() + _EXIT_SECONDS
    for process in ranks:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
