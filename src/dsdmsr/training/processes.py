"""The processes that train one network together: how many, where, and what they agree on."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from lightning.fabric.plugins.environments.lightning import find_free_network_port
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, distributed

from dsdmsr.data.ranks import Rank
from dsdmsr.errors import ConfigError
from dsdmsr.training.options import TrainerOptions
from dsdmsr.training.recipe import Recipe

__all__ = [
    "ANOTHER_HAS_ENDED",
    "check_processes",
    "is_main",
    "is_of_another",
    "largest",
    "mean",
    "others_of_machine",
    "part",
    "placed",
]

_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID")
_PATIENCE = timedelta(minutes=5)
"""How long a process waits for one that doesn't answer."""
_UNTIL_NOTICED = 30.0
"""Seconds that this process has to say itself that another has ended."""
_UNTIL_LEFT = 20.0
"""Seconds that the others have to leave once this process does."""
ANOTHER_HAS_ENDED = "another process of this run has ended; go on with --resume auto"
"""What a process says when it waits for another in vain."""


def is_main() -> bool:
    """Return whether this process is the one that writes files and speaks.

    torchrun, SLURM and `others_of_machine` tell.
    """
    return int(next((os.environ[name] for name in _RANKS if name in os.environ), "0")) == 0


def part() -> Rank:
    """Return which of the processes this is, once they have met."""
    if not distributed.is_available() or not distributed.is_initialized():
        return Rank()
    return Rank(distributed.get_rank(), distributed.get_world_size())


def mean(value: Tensor) -> Tensor:
    """Return the mean of a tensor over the processes; without gradient, if there are several."""
    of = part().of
    if of == 1:
        return value
    total = value.detach().float().clone()
    distributed.all_reduce(total)
    return total / of


def largest(value: float, device: torch.device) -> float:
    """Return the largest of the processes' values."""
    if part().of == 1:
        return value
    found = torch.tensor(value, dtype=torch.float64, device=device)
    distributed.all_reduce(found, distributed.ReduceOp.MAX)
    return float(found)


def check_processes(options: TrainerOptions, recipe: Recipe, device: str) -> None:
    """Look at whether a recipe can run on so many devices here.

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


def placed(options: TrainerOptions) -> dict[str, Any]:
    """Return a trainer's arguments for so many devices.

    Each stage has layers that only the last stage in use needs, so that not all have a gradient.
    Under SLURM a run is begun again by the job's script, with ``--resume auto``, not by the
    trainer.
    """
    together = options.processes > 1 or options.strategy == "ddp"
    return {
        "devices": options.devices,
        "num_nodes": options.num_nodes,
        "strategy": DDPStrategy(find_unused_parameters=True, timeout=_PATIENCE)
        if together
        else "auto",
        "use_distributed_sampler": False,
        "plugins": [SLURMEnvironment(auto_requeue=False)] if SLURMEnvironment.detect() else [],
    }


@contextmanager
def others_of_machine(options: TrainerOptions) -> Iterator[None]:
    """Start the other processes of this machine with this one's command, and end them with it.

    The trainer starts none where ``LOCAL_RANK`` tells that someone has. Nothing is done where that
    was torchrun, SLURM or the process that started this one.
    """
    begun = {"RANK", "LOCAL_RANK"} & os.environ.keys() or SLURMEnvironment.detect()
    if begun or options.processes == 1:
        yield
        return
    before = dict(os.environ)
    threads = torch.get_num_threads()
    share = max(1, threads // options.devices)
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(find_free_network_port()),
        "NODE_RANK": "0",
        "OMP_NUM_THREADS": str(share),
    }
    command = [sys.executable, *sys.orig_argv[1:]]
    others = [
        subprocess.Popen(command, env={**os.environ, "LOCAL_RANK": str(k)})
        for k in range(1, options.devices)
    ]
    os.environ["LOCAL_RANK"] = "0"
    torch.set_num_threads(share)
    left = threading.Event()
    threading.Thread(target=_leave_after, args=(others, left), daemon=True).start()
    try:
        yield
    finally:
        left.set()
        _end(others)
        torch.set_num_threads(threads)
        os.environ.clear()
        os.environ |= before


def _leave_after(others: list[subprocess.Popen[bytes]], left: threading.Event) -> None:
    """Leave this process when another has failed and this one waits for it in vain.

    What waits for a process that never joined, or for a GPU's answer, heeds nothing else.
    """
    while not left.wait(1):
        if any(other.poll() not in (None, 0) for other in others):
            if not left.wait(_UNTIL_NOTICED):
                print(f"dsdmsr: {ANOTHER_HAS_ENDED}", file=sys.stderr, flush=True)
                for other in others:
                    other.kill()
                os._exit(2)
            return


def _end(others: list[subprocess.Popen[bytes]]) -> None:
    """Wait for processes, and end those that stay."""
    until = time.monotonic() + _UNTIL_LEFT
    for other in others:
        try:
            other.wait(max(0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            other.kill()
            other.wait()


def is_of_another(error: RuntimeError) -> bool:
    """Return whether an error says that another process doesn't answer any more."""
    if isinstance(error, distributed.DistBackendError):
        return True
    return "gloo" in str(error).lower() or "connection" in str(error).lower()
