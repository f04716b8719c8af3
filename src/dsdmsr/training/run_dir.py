"""A run's folder: what is in it, and whether a run may begin or go on there."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
import yaml

from dsdmsr.errors import ConfigError, TrainingError
from dsdmsr.provenance import provenance, write_json
from dsdmsr.replacing import remove_unfinished, replacing
from dsdmsr.training.config import Recipe, load_recipe, recipe_to_dict

__all__ = [
    "BEST",
    "CHECKPOINT",
    "LOG",
    "TENSORBOARD",
    "WEIGHTS",
    "begin",
    "holds_run",
    "is_finished",
    "read_provenance",
    "resume_at",
    "step_of",
    "stored_recipe",
]

_RECIPE, _RUN, WEIGHTS = "recipe.yaml", "run.json", "model.safetensors"
CHECKPOINT, BEST, LOG, TENSORBOARD = "last.ckpt", "best.ckpt", "log.csv", "tensorboard"


_DAMAGE = (
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    UnpicklingError,
    ValueError,
    struct.error,
)
"""What torch raises for checkpoints that are not whole, or not ours."""


def holds_run(run_dir: Path) -> bool:
    """Return whether a run began in this folder."""
    return (run_dir / _RUN).is_file()


def begin(recipe: Recipe, run_dir: Path, begun_from: Sequence[str] = ()) -> None:
    """Begin a run in a new or empty folder.

    Raises:
        TrainingError: If there is something in the folder, or it cannot be written to.
    """
    if holds_run(run_dir):
        raise TrainingError(f"{run_dir} holds a run: give another folder, or --resume auto")
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        if any(run_dir.iterdir()):
            raise TrainingError(f"{run_dir} is not empty: give a new folder")
        _store_recipe(recipe, run_dir)
        write_json(run_dir / _RUN, {**provenance(), "begun_from": list(begun_from)})
    except OSError as error:
        raise TrainingError(f"cannot write to {run_dir}: {error.strerror}") from error


def resume_at(recipe: Recipe, run_dir: Path) -> int:
    """Take up the run in a folder, perhaps with another length; return the steps behind it.

    Raises:
        TrainingError: If it is the run of another recipe, or its checkpoint is damaged.
    """
    stored = stored_recipe(run_dir)
    if recipe.lasting(steps=stored.steps, minutes=stored.minutes) != stored:
        raise TrainingError(
            f"{run_dir} holds a run of another recipe: give its own, {run_dir / _RECIPE}, "
            "or another folder"
        )
    read_provenance(run_dir)
    checkpoint = run_dir / CHECKPOINT
    step = step_of(checkpoint) if checkpoint.exists() else 0
    try:
        remove_unfinished(run_dir)
        _forget_after(run_dir / LOG, step)
        _store_recipe(recipe, run_dir)
    except OSError as error:
        raise TrainingError(f"cannot write to {run_dir}: {error.strerror}") from error
    return step


def is_finished(recipe: Recipe, run_dir: Path) -> bool:
    """Return whether a run has had the length that its recipe asks for, and left its weights."""
    state = torch.load(run_dir / CHECKPOINT, weights_only=True, map_location="cpu")
    if recipe.steps is not None:
        done = bool(state["global_step"] >= recipe.steps)
    else:
        done = bool(state["seconds"] >= 60 * (recipe.minutes or 0))
    return done and (run_dir / WEIGHTS).exists()


def step_of(checkpoint: Path) -> int:
    """Return how many steps a checkpoint has behind it.

    Raises:
        TrainingError: If it is damaged.
    """
    try:
        return int(torch.load(checkpoint, weights_only=True, map_location="cpu")["global_step"])
    except _DAMAGE as error:
        raise TrainingError(
            f"{checkpoint} cannot be resumed from ({type(error).__name__}): begin anew elsewhere"
        ) from error


def _forget_after(log: Path, step: int) -> None:
    """Drop the rows of steps that will be taken again."""
    if not log.is_file():
        return
    with log.open(encoding="utf-8", newline="") as file:
        head, *rows = file.readlines()
    with replacing(log) as beside:
        kept = (row for row in rows if int(row.split(",", 1)[0]) <= step)
        beside.write_text(head + "".join(kept), encoding="utf-8", newline="")


def stored_recipe(run_dir: Path) -> Recipe:
    """Return the recipe of the run in a folder.

    Raises:
        TrainingError: If it is missing or damaged.
    """
    try:
        return load_recipe(str(run_dir / _RECIPE))
    except ConfigError as error:
        raise TrainingError(f"{run_dir} holds a run without its recipe: {error}") from error


def read_provenance(run_dir: Path) -> dict[str, Any]:
    """Return what made the run in a folder.

    Raises:
        TrainingError: If it is missing or damaged.
    """
    try:
        made: dict[str, Any] = json.loads((run_dir / _RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{run_dir / _RUN} is missing or damaged: begin anew") from error
    return made


def _store_recipe(recipe: Recipe, run_dir: Path) -> None:
    with replacing(run_dir / _RECIPE) as beside:
        beside.write_text(yaml.safe_dump(recipe_to_dict(recipe)), encoding="utf-8")
