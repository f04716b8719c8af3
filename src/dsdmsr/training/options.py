"""What a run may be told beside its recipe: where it runs, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsdmsr.errors import ConfigError

__all__ = ["ONE_DEVICE", "TENSORBOARD_ALONE", "TrackerKind", "Tracking", "TrainerOptions"]

TrackerKind = Literal["tensorboard", "wandb", "none"]


@dataclass(frozen=True, kw_only=True)
class TrainerOptions:
    """On how many devices a run runs; each has a process, and processes share each batch.

    Raises:
        ConfigError: If a number is not positive.
    """

    devices: int = 1
    """How many GPUs of each machine; on CPUs, processes."""
    num_nodes: int = 1
    """How many machines."""
    strategy: Literal["auto", "ddp"] = "auto"
    """How processes work together; auto is ddp where there are several."""

    def __post_init__(self) -> None:
        if min(self.devices, self.num_nodes) < 1:
            raise ConfigError(
                f"trainer has {self.devices} devices on {self.num_nodes} nodes: give 1 or more"
            )

    @property
    def processes(self) -> int:
        """How many processes train together."""
        return self.devices * self.num_nodes


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Where a run's figures and panels go, beside its folder."""

    trackers: tuple[TrackerKind, ...] = ("tensorboard",)
    """tensorboard, if it is installed; wandb; or none."""
    project: str | None = None
    """wandb's project; default: WANDB_PROJECT."""
    entity: str | None = None
    """wandb's user or team; default: WANDB_ENTITY."""

    def __post_init__(self) -> None:
        if "none" in self.trackers and len(self.trackers) > 1:
            raise ConfigError("tracker none goes with no other")
        if "wandb" not in self.trackers and (self.project or self.entity):
            raise ConfigError("a project or an entity is for the tracker wandb")


ONE_DEVICE = TrainerOptions()
TENSORBOARD_ALONE = Tracking()
