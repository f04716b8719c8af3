"""The commands that make and measure networks. Heavy libraries are loaded where they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter, validators

from dsdmsr.app.console import err, out
from dsdmsr.errors import ConfigError
from dsdmsr.training.options import ONE_DEVICE, TrackerKind, Tracking, TrainerOptions

__all__ = ["train"]

_length = Group("Length", validator=validators.LimitedChoice())


def train(
    *,
    recipe: str,
    run_dir: Path | None = None,
    minutes: Annotated[float | None, Parameter(group=_length)] = None,
    steps: Annotated[int | None, Parameter(group=_length)] = None,
    fast_dev: Annotated[bool, Parameter(group=_length, negative=())] = False,
    errors_alone: Annotated[bool, Parameter(negative=())] = False,
    maps: Path | None = None,
    resume: Literal["auto", "never"] = "never",
    init: str | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    trainer: TrainerOptions = ONE_DEVICE,
    tracker: Annotated[tuple[TrackerKind, ...], Parameter(consume_multiple=True, negative=())] = (
        "tensorboard",
    ),
    wandb_project: str | None = None,
    wandb_entity: str | None = None,
    explain: bool = False,
) -> int:
    """Train a network on scenes that are drawn while it learns, or on maps of data sets.

    Parameters
    ----------
    recipe
        A packaged recipe (base, base-on, base-bicubic, base-errors, fast, fast-on, robust,
        robust-any, robust-bicubic, robust-on, smoke, srcnn, srcnn-x8, srcnn-x8-legacy, srcnn-x16,
        vdsr, vdsr-x8, vdsr-x8-legacy, vdsr-x16), or a YAML file.
    run_dir
        The run's folder: recipe, logs, checkpoints, and at the end the network.
    minutes
        Length of the run in minutes, instead of the recipe's.
    steps
        Length of the run in steps, instead of the recipe's.
    fast_dev
        Go the recipe's whole road in about a minute, with small batches of small crops.
    errors_alone
        Of the network given by --init, train only what tells its errors; its answers stay.
    maps
        Learn from this folder, which dsdmsr prepare has made, instead of from the recipe's maps.
    resume
        auto: go on from the folder's last checkpoint, if there is one.
    init
        A network to begin from: packaged, a folder, or owner/name on the Hub.
    device
        auto, cpu, or cuda.
    trainer
        On how many devices; torchrun and SLURM start the processes of several machines.
    tracker
        Where figures and panels go besides the run's folder: tensorboard, wandb (offline where
        there is no account), or none.
    wandb_project
        Default: WANDB_PROJECT.
    wandb_entity
        Default: WANDB_ENTITY.
    explain
        Print the whole recipe and what a step takes, and train nothing.
    """
    if explain:
        from dsdmsr.app.explain import explain_recipe

        explain_recipe(
            recipe,
            minutes=minutes,
            steps=steps,
            brief=fast_dev,
            errors_alone=errors_alone,
            maps=maps,
            out=out,
        )
        return 0
    if run_dir is None:
        raise ConfigError("no --run-dir: give a new folder, or --explain to look at the recipe")
    try:
        import lightning  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "training needs the extra 'train': pip install 'dsdmsr[train]'"
        ) from error
    from dsdmsr.training.processes import is_main
    from dsdmsr.training.run import train_recipe

    folder = train_recipe(
        recipe,
        run_dir,
        minutes=minutes,
        steps=steps,
        maps=maps,
        brief=fast_dev,
        errors_alone=errors_alone,
        resume=resume,
        init=init,
        device=device,
        options=trainer,
        tracking=Tracking(trackers=tracker, project=wandb_project, entity=wandb_entity),
        console=err,
    )
    if is_main():
        out.print(f"trained network: {folder}; use it with --model {folder}", markup=False)
    return 0
