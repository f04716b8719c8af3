"""Folder of a run: its files, and the checks before a run begins or resumes there."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple

import torch
import yaml

from dsdmsr._atomic import remove_unfinished, replace_text
from dsdmsr._provenance import named, provenance, write_json
from dsdmsr.errors import ConfigError, TrainingError
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict

__all__ = [
    "BEST",
    "CHECKPOINT",
    "LOG",
    "NETWORK",
    "PANELS",
    "TENSORBOARD",
    "WEIGHTS",
    "begin",
    "holds_run",
    "identity",
    "read_provenance",
    "resume_at",
    "step_of",
    "stored_recipe",
    "take_up",
]

_RECIPE, _RUN, WEIGHTS = "recipe.yaml", "run.json", "model.safetensors"
CHECKPOINT, BEST, LOG, TENSORBOARD = "last.ckpt", "best.ckpt", "log.csv", "tensorboard"
PANELS, NETWORK = "panels", "network"


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
"""Exceptions that torch raises for checkpoints that are incomplete or of another program."""


def holds_run(run_dir: Path) -> bool:
    """Return whether there is a run in this folder."""
    return (run_dir / _RUN).is_file()


def begin(recipe: Recipe, run_dir: Path, device: str, begun_from: Sequence[str] = ()) -> None:
    """Begin a run in a new or empty folder, or where a run was interrupted while it began.

    Raises:
        TrainingError: If there is something else in the folder, or it cannot be written to.
    """
    if holds_run(run_dir):
        raise TrainingError(f"{run_dir} holds a run: give another folder, or --resume auto")
    origin = {**provenance(device), "begun_from": list(begun_from)}
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        if not _is_free(recipe, run_dir):
            raise TrainingError(f"{run_dir} is not empty: give a new folder")
        _store_recipe(recipe, run_dir)
        write_json(run_dir / _RUN, origin)
    except OSError as error:
        raise TrainingError(f"cannot write to {run_dir}: {error.strerror}") from error


def _is_free(recipe: Recipe, run_dir: Path) -> bool:
    """Return whether a folder has nothing but files of a run that was interrupted as it began."""
    names = [path.name for path in run_dir.iterdir() if not path.match(".*.part")]
    try:
        return not names or (names == [_RECIPE] and stored_recipe(run_dir) == recipe)
    except TrainingError:
        return False


def resume_at(recipe: Recipe, run_dir: Path, begun_from: Sequence[str] = ()) -> int | None:
    """Check the run in a folder that is to be resumed, perhaps with another length.

    Returns:
        The steps that it has taken; None if it has reached its length.

    Raises:
        TrainingError: If it is the run of another recipe, its checkpoint is damaged, or it began
            from weights that are neither in a checkpoint nor given.
    """
    stored = stored_recipe(run_dir)
    if recipe.lasting(steps=stored.steps, minutes=stored.minutes) != stored:
        raise TrainingError(
            f"{run_dir} holds a run of another recipe: give its own, {run_dir / _RECIPE}, "
            "or another folder"
        )
    origin = read_provenance(run_dir)
    checkpoint, step = run_dir / CHECKPOINT, 0
    if checkpoint.exists():
        step, seconds = _load(checkpoint)
        done = step / recipe.steps if recipe.steps else seconds / (60 * (recipe.minutes or 1))
        if done >= 1 and (run_dir / BEST).exists():
            return None
    elif origin["begun_from"] != list(begun_from):
        raise TrainingError(
            f"{run_dir} holds a run without a checkpoint that began from other weights: give the "
            "same --init, or another folder"
        )
    return step


def take_up(recipe: Recipe, run_dir: Path, step: int) -> None:
    """Prepare a folder for its run to resume after `step`, see `resume_at`.

    Raises:
        TrainingError: If it cannot be written to.
    """
    try:
        remove_unfinished(run_dir)
        (run_dir / WEIGHTS).unlink(missing_ok=True)
        _forget_after(run_dir / LOG, step)
        _store_recipe(recipe, run_dir)
    except OSError as error:
        raise TrainingError(f"cannot write to {run_dir}: {error.strerror}") from error


def step_of(checkpoint: Path) -> int:
    """Return the step that a checkpoint was saved after.

    Raises:
        TrainingError: If it is damaged.
    """
    return _load(checkpoint).step


class _Reached(NamedTuple):
    """How far a checkpoint's run had come."""

    step: int
    seconds: float


def _load(checkpoint: Path) -> _Reached:
    try:
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True, map_location="cpu")
        return _Reached(int(state["global_step"]), float(state["seconds"]))
    except _DAMAGE as error:
        raise TrainingError(
            f"{checkpoint} cannot be resumed from ({type(error).__name__}): begin anew elsewhere"
        ) from error


def _forget_after(log: Path, step: int) -> None:
    """Drop the rows of steps that will be taken again, and an incomplete one."""
    if not log.is_file():
        return
    with log.open(encoding="utf-8", newline="") as file:
        rows = file.readlines()
    kept = [
        row
        for k, row in enumerate(rows)
        if row.endswith("\n") and (k == 0 or _step_in(row, step + 1) <= step)
    ]
    replace_text(log, "".join(kept))


def _step_in(row: str, otherwise: int) -> int:
    """Return the step of a row of the log, or something else if the row is damaged."""
    text = row.partition(",")[0].strip()
    return int(text) if text.isdecimal() and len(text) < 20 else otherwise


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
    """Return the provenance of the run in a folder, see `dsdmsr._provenance.provenance`.

    Raises:
        TrainingError: If it is missing or damaged.
    """
    try:
        origin: dict[str, Any] = json.loads((run_dir / _RUN).read_text(encoding="utf-8"))
        parts = [origin["commit"], origin["date"], origin["machine"]["torch"]]
        if not all(isinstance(text, str | None) for text in parts):
            raise TypeError
        named(origin["machine"])
        if not isinstance(origin["begun_from"], list):
            raise TypeError
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise TrainingError(f"{run_dir / _RUN} is missing or damaged: begin anew") from error
    return origin


def identity(run_dir: Path) -> bytes:
    """Return bytes that identify the run in a folder, and stay the same when it is resumed."""
    return str(run_dir.resolve()).encode() + (run_dir / _RUN).read_bytes()


def _store_recipe(recipe: Recipe, run_dir: Path) -> None:
    replace_text(run_dir / _RECIPE, yaml.safe_dump(recipe_to_dict(recipe)), durable=True)
