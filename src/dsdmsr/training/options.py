"""Options of training: the command's, and Python's."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from dsdmsr.errors import ConfigError

__all__ = [
    "ONE_DEVICE",
    "TENSORBOARD_ALONE",
    "TrackerKind",
    "Tracking",
    "TrainOptions",
    "TrainerOptions",
    "packaged_recipes",
]

TrackerKind = Literal["tensorboard", "wandb", "none"]


def packaged_recipes() -> dict[str, Traversable]:
    """Return the recipes in the package: name → an openable path."""
    folder = resources.files("dsdmsr.training") / "recipes"
    return {
        Path(item.name).stem: item
        for item in sorted(folder.iterdir(), key=lambda item: Path(item.name).stem)
        if item.name.endswith(".yaml")
    }


@dataclass(frozen=True, kw_only=True)
class TrainerOptions:
    """Say on how many devices a run runs; each has a process, and processes share each batch.

    Raises:
        ConfigError: If a number is not positive.
    """

    devices: int = 1
    """GPUs of each machine; on CPUs, processes."""
    num_nodes: int = 1
    """Machines. torchrun or SLURM starts the processes of several."""
    strategy: Literal["auto", "ddp"] = "auto"
    """How processes work together; auto is ddp where there are several."""

    def __post_init__(self) -> None:
        if min(self.devices, self.num_nodes) < 1:
            raise ConfigError(
                f"trainer has {self.devices} devices on {self.num_nodes} nodes: give 1 or more"
            )

    @property
    def processes(self) -> int:
        """Number of processes that train together."""
        return self.devices * self.num_nodes


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Say where a run's figures and panels go, besides its folder.

    Raises:
        ConfigError: If the trackers contradict each other.
    """

    tracker: tuple[TrackerKind, ...] = ("tensorboard",)
    """Where figures and panels go besides the run's folder: tensorboard, if it is installed; wandb,
    offline without an account; or none."""
    wandb_project: str | None = None
    """Project in wandb. Default: WANDB_PROJECT."""
    wandb_entity: str | None = None
    """User or team in wandb. Default: WANDB_ENTITY."""

    def __post_init__(self) -> None:
        if "none" in self.tracker and len(self.tracker) > 1:
            raise ConfigError("tracker none goes with no other")
        if "wandb" not in self.tracker and (self.wandb_project or self.wandb_entity):
            raise ConfigError("a project or an entity is for the tracker wandb")


ONE_DEVICE = TrainerOptions()
TENSORBOARD_ALONE = Tracking()


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Say which recipe is trained, and how; each field is an option of `dsdmsr train`.

    Raises:
        ConfigError: If options contradict each other.
    """

    recipe: str = field(
        metadata={"help": f"A packaged recipe ({', '.join(packaged_recipes())}), or a YAML file."}
    )
    """A packaged recipe by name, or a YAML file."""
    run_dir: Path | None = None
    """The run's folder: recipe, logs, checkpoints, and at the end the network."""
    minutes: float | None = None
    """Length of the run in minutes, instead of the recipe's."""
    steps: int | None = None
    """Length of the run in steps, instead of the recipe's."""
    fast_dev: bool = False
    """Run the whole recipe in about a minute: few steps, small batches, small crops."""
    errors_alone: bool = False
    """Train only the layers that predict errors, of the network given by --init; its predictions
    don't change."""
    maps: Path | None = None
    """Train on this folder, written by dsdmsr prepare, instead of the recipe's maps."""
    resume: Literal["auto", "never"] = "never"
    """auto: continue from the folder's last checkpoint, if there is one."""
    init: str | None = None
    """A network to start from: packaged, a folder, or owner/name on the Hub."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto, cpu, or cuda."""
    trainer: TrainerOptions = ONE_DEVICE
    """The devices."""
    tracking: Tracking = TENSORBOARD_ALONE
    """The trackers."""

    def __post_init__(self) -> None:
        if (self.minutes is not None) + (self.steps is not None) + self.fast_dev > 1:
            raise ConfigError("--minutes, --steps and --fast-dev exclude each other: give one")
