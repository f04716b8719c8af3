"""The processes that train one network together: how many, where, and what they agree on."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor, distributed

from dsdmsr.data.batches import Part
from dsdmsr.errors import ConfigError
from dsdmsr.training.config import Recipe
from dsdmsr.training.options import TrainerOptions

__all__ = ["check_processes", "is_main", "is_of_another", "largest", "mean", "part", "placed"]

_RANKS = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
_PATIENCE = timedelta(minutes=5)
"""How long a process waits for one that doesn't answer."""


def is_main() -> bool:
    """Return whether this process is the one that writes files and speaks.

    torchrun, SLURM and the trainer, which starts the other processes of one machine, tell.
    """
    return int(next((os.environ[name] for name in _RANKS if name in os.environ), "0")) == 0


def part() -> Part:
    """Return which of the processes this is, once they have met."""
    if not distributed.is_available() or not distributed.is_initialized():
        return Part()
    return Part(distributed.get_rank(), distributed.get_world_size())


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


def is_of_another(error: RuntimeError) -> bool:
    """Return whether an error says that another process doesn't answer any more."""
    if isinstance(error, distributed.DistBackendError):
        return True
    return "gloo" in str(error).lower() or "connection" in str(error).lower()
