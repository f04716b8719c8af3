"""Run a recipe: from a folder, or an interrupted run in it, to trained weights."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import lightning
import torch
from rich.console import Console
from safetensors.torch import save_file

from dsdmsr._atomic import replacing
from dsdmsr.errors import ConfigError, DsdmsrError, TrainingError
from dsdmsr.nn import DSDMSR
from dsdmsr.training.callbacks import Checkpoints, PlainFiles, RunProgress, StopBySignal
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.options import ONE_DEVICE, TENSORBOARD_ALONE, Tracking, TrainerOptions
from dsdmsr.training.processes import (
    ANOTHER_HAS_ENDED,
    check_processes,
    is_main,
    is_of_another,
    others_of_machine,
    placed,
)
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.run_folder import (
    BEST,
    CHECKPOINT,
    WEIGHTS,
    begin,
    holds_run,
    resume_at,
    step_of,
    take_up,
)
from dsdmsr.training.sources import crop_source, validation_source
from dsdmsr.training.tracking import Log, check_trackers
from dsdmsr.zoo.warm_start import load_fitting

__all__ = ["fit"]


def fit(
    recipe: Recipe,
    run_dir: Path,
    *,
    resume: Literal["auto", "never"] = "never",
    init: dict[str, torch.Tensor] | None = None,
    begun_from: Sequence[str] = (),
    device: str = "auto",
    trainer: TrainerOptions = ONE_DEVICE,
    tracking: Tracking = TENSORBOARD_ALONE,
    console: Console | None = None,
) -> Path:
    """Train a recipe and leave everything in `run_dir`.

    ``recipe.yaml`` is what ran, ``run.json`` on what commit and machine, ``log.csv`` and what
    trackers write how it went, ``panels/`` what validation looked like, ``last.ckpt`` what a
    resume needs, ``best.ckpt`` the same of the best validation, and ``model.safetensors`` the
    averaged weights of that one, in float32.

    SIGTERM and Ctrl-C are heeded after the step that is going on: the run is saved, and the process
    is left by `SystemExit`, 128 + the signal's number.

    Several processes, of one machine or of many that share the folder, give what one would, but
    for the last digits: each batch is shared between them. Where they are not started by torchrun
    or SLURM, this process starts the others with its own command.

    Args:
        recipe: What to train.
        run_dir: A new or empty folder, or, to resume, one with a run.
        resume: ``auto`` goes on with the folder's run, if there is one, from its last checkpoint;
            its recipe must be the same but for the length.
        init: Weights to begin with; those whose name and shape fit are taken.
        begun_from: How the weights in `init` were trained, for the card.
        device: ``auto``, ``cpu`` or ``cuda``.
        trainer: On how many devices.
        tracking: Where figures and panels go besides the folder.
        console: Where progress is shown. Default: standard error.

    Returns:
        The path of ``model.safetensors``, which the main process writes.

    Raises:
        TrainingError: If `run_dir` is not empty and the run in it is not to be resumed or cannot
            be, training diverges, or another process of the run ends.
        ConfigError: If the devices are not there, or too many for the recipe's batches, a tracker
            is not installed, or only what tells errors is to be trained of no network.
        ModelError: If none of the weights in `init` fits.
    """
    device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if recipe.trains == "expected_errors" and init is None and not holds_run(run_dir):
        raise ConfigError("the recipe trains expected_errors alone: give --init, whose they are")
    check_processes(trainer, recipe, device)
    check_trackers(tracking)
    console = (console or Console(stderr=True)) if is_main() else Console(quiet=True)
    # What is wrong with the maps is better told before there is a run.
    crop_source(recipe), validation_source(recipe)
    if resume == "auto" and holds_run(run_dir):
        found = resume_at(recipe, run_dir, begun_from)
        if found is None:
            return _keep_best(recipe, run_dir)
        start = found
        if is_main():
            take_up(recipe, run_dir, start)
    else:
        start = 0
        if is_main():
            begin(recipe, run_dir, device, begun_from)
    torch.manual_seed(recipe.seed)
    module = TrainingModule(recipe, start)
    if init is not None and not (run_dir / CHECKPOINT).exists():
        load_fitting(module.model, init)
        module.averaged.module.load_state_dict(module.model.state_dict())
    checkpoints = Checkpoints(run_dir, recipe.checkpoint_seconds)
    with StopBySignal(checkpoints, console) as stop, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", module="torch.utils.data")
        log = Log(run_dir, every=100, tracking=tracking)
        callbacks = [log, checkpoints, RunProgress(console), stop]
        _train(module, run_dir, device, trainer, callbacks)
    return _keep_best(recipe, run_dir)


def _train(
    module: TrainingModule,
    run_dir: Path,
    device: str,
    options: TrainerOptions,
    callbacks: list[lightning.Callback],
) -> None:
    """Train from the folder's checkpoint, if there is one, to the recipe's end."""
    bf16 = _uses_bf16(module.recipe, device)
    if bf16:
        module = module.to(memory_format=torch.channels_last)
    checkpoint = run_dir / CHECKPOINT
    try:
        with others_of_machine(options):
            trainer = _trainer(module.recipe, run_dir, device, options, bf16, callbacks)
            try:
                trainer.fit(
                    module, ckpt_path=checkpoint if checkpoint.exists() else None, weights_only=True
                )
            finally:
                # A run left while it validates would wait for the processes that draw crops.
                trainer.fit_loop.teardown()
    except OSError as error:
        raise TrainingError(f"cannot write to {run_dir}: {error.strerror or error}") from error
    except TrainingError as error:
        raise TrainingError(f"{error}; {_told(run_dir)}") from error
    except DsdmsrError as error:
        # From a process that reads maps an error comes with the whole way it took.
        last = str(error).strip().splitlines()[-1]
        raise type(error)(last.partition(f"{type(error).__name__}: ")[2] or last) from error
    except RuntimeError as error:
        if options.processes > 1 and is_of_another(error):
            raise TrainingError(f"{ANOTHER_HAS_ENDED}: {_told(run_dir)}") from error
        raise


def _told(run_dir: Path) -> str:
    """Say which checkpoints there are to go back to."""
    found = [
        f"{run_dir / name} is of step {step_of(run_dir / name)}"
        for name in (CHECKPOINT, BEST)
        if (run_dir / name).exists()
    ]
    return " and ".join(found) if found else "there is no checkpoint yet"


def _keep_best(recipe: Recipe, run_dir: Path) -> Path:
    """Write the averaged weights that did best in validation, in the main process."""
    path = run_dir / WEIGHTS
    if not is_main():
        return path
    state = torch.load(run_dir / BEST, weights_only=True, map_location="cpu")
    prefix = "averaged.module."
    names = DSDMSR(recipe.model).state_dict().keys()
    weights = {name: state["state_dict"][prefix + name].contiguous() for name in names}
    with replacing(path, durable=True) as beside:
        save_file(weights, beside, metadata={"step": str(state["global_step"])})
    return path


def _uses_bf16(recipe: Recipe, device: str) -> bool:
    if recipe.precision != "auto":
        return recipe.precision == "bf16"
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, bool)() for name in asked)


def _trainer(
    recipe: Recipe,
    run_dir: Path,
    device: str,
    options: TrainerOptions,
    bf16: bool,
    callbacks: list[lightning.Callback],
) -> lightning.Trainer:
    for name in ("lightning.pytorch", "lightning.fabric.utilities.distributed"):
        logging.getLogger(name).setLevel(logging.ERROR)
    where = placed(options)
    return lightning.Trainer(
        accelerator="gpu" if device == "cuda" else "cpu",
        precision="bf16-mixed" if bf16 else "32-true",
        # A GPU's convolutions are tried out once for each size, and crops have few.
        benchmark=device == "cuda",
        # The module stops the run, which also makes a validation of the end.
        max_steps=-1,
        max_epochs=-1,
        val_check_interval=recipe.validate_every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run_dir,
        callbacks=callbacks,
        **{**where, "plugins": [PlainFiles(), *where["plugins"]]},
    )
