"""Training of a recipe in a run's folder, from its start or from where it was interrupted.

In the folder, ``recipe.yaml`` is what ran, ``run.json`` on what commit and machine, ``log.csv`` and
the trackers' files its figures, ``panels/`` plots of its validations, ``last.ckpt`` what a resume
needs, ``best.ckpt`` the same of the best validation, and ``model.safetensors`` the averaged weights
of that one, in float32.

On SIGTERM and Ctrl-C the current step is finished and the run is saved; then the process exits by
`SystemExit` with 128 + the signal's number.

Several processes, of one machine or of many that share the folder, share each batch and give what
one would, but for the last digits. Where neither torchrun nor SLURM has started them, this process
starts the others with its own command.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import lightning
import torch
from rich.console import Console
from safetensors.torch import save

from dsdmsr._atomic import replacing
from dsdmsr.errors import ConfigError, DsdmsrError, TrainingError
from dsdmsr.nn import DSDMSR
from dsdmsr.training.callbacks import Checkpoints, PlainFiles, RunProgress, StopBySignal
from dsdmsr.training.launch import check_processes, ddp_arguments, spawn_local_ranks
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.options import ONE_DEVICE, TENSORBOARD_ALONE, Tracking, TrainerOptions
from dsdmsr.training.processes import PEER_ENDED, is_main, is_peer_failure
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
    options: TrainerOptions = ONE_DEVICE,
    tracking: Tracking = TENSORBOARD_ALONE,
    console: Console | None = None,
) -> Path:
    """Train a recipe; return the path of the weights, ``run_dir/model.safetensors``.

    Args:
        recipe: What to train.
        run_dir: A new or empty folder, or one with a run to resume.
        resume: ``auto`` resumes the folder's run from its last checkpoint, if there is one; its
            recipe must be the same but for the length.
        init: Initial weights; those whose name and shape fit are loaded.
        begun_from: How the weights in `init` were trained, for the card.
        device: ``auto``, ``cpu`` or ``cuda``.
        options: On how many devices.
        tracking: Where figures and panels go besides the folder.
        console: Where progress is shown. Default: standard error.

    Raises:
        TrainingError: If `run_dir` can't be used, training diverges, or another process ends.
        ConfigError: If devices or a tracker are missing, or the recipe needs `init`.
        ModelError: If none of the weights in `init` fits.
    """
    device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    console = (console or Console(stderr=True)) if is_main() else Console(quiet=True)
    _check(recipe, run_dir, device, options, has_init=init is not None)
    check_trackers(tracking, console)
    start = _open_folder(recipe, run_dir, device, begun_from, resume=resume == "auto")
    if start is not None:
        module = _initial_module(recipe, run_dir, start, init)
        _train_with_callbacks(module, run_dir, device, options, tracking, console)
    return _keep_best(recipe, run_dir)


def _check(
    recipe: Recipe, run_dir: Path, device: str, options: TrainerOptions, *, has_init: bool
) -> None:
    """Refuse, before there is a run, what can't run; maps that are missing, too."""
    if recipe.trains == "expected_errors" and not has_init and not holds_run(run_dir):
        raise ConfigError("the recipe trains expected_errors alone: give --init, whose they are")
    check_processes(options, recipe, device)
    crop_source(recipe), validation_source(recipe)


def _open_folder(
    recipe: Recipe, run_dir: Path, device: str, begun_from: Sequence[str], *, resume: bool
) -> int | None:
    """Begin or resume the folder's run; return its first step, or None if it is finished."""
    if resume and holds_run(run_dir):
        start = resume_at(recipe, run_dir, begun_from)
        if start is not None and is_main():
            take_up(recipe, run_dir, start)
        return start
    if is_main():
        begin(recipe, run_dir, device, begun_from)
    return 0


def _initial_module(
    recipe: Recipe, run_dir: Path, start: int, init: dict[str, torch.Tensor] | None
) -> TrainingModule:
    torch.manual_seed(recipe.seed)
    module = TrainingModule(recipe, start)
    if init is not None and not (run_dir / CHECKPOINT).exists():
        load_fitting(module.model, init)
        module.averaged.module.load_state_dict(module.model.state_dict())
    return module


def _train_with_callbacks(
    module: TrainingModule,
    run_dir: Path,
    device: str,
    options: TrainerOptions,
    tracking: Tracking,
    console: Console,
) -> None:
    checkpoints = Checkpoints(run_dir, module.recipe.checkpoint_seconds)
    with StopBySignal(checkpoints, console) as stop, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", module="torch.utils.data")
        log = Log(run_dir, every=100, tracking=tracking)
        _train(module, run_dir, device, options, [log, checkpoints, RunProgress(console), stop])


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
        with spawn_local_ranks(options):
            trainer = _trainer(module.recipe, run_dir, device, options, bf16, callbacks)
            try:
                trainer.fit(
                    module, ckpt_path=checkpoint if checkpoint.exists() else None, weights_only=True
                )
            finally:
                # A run that is left while it validates would wait for its DataLoader workers.
                trainer.fit_loop.teardown()
    except OSError as error:
        raise TrainingError(f"cannot write to {run_dir}: {error.strerror or error}") from error
    except TrainingError as error:
        raise TrainingError(f"{error}; {_checkpoints_of(run_dir)}") from error
    except DsdmsrError as error:
        # An error in a DataLoader worker comes with the worker's whole traceback.
        last = str(error).strip().splitlines()[-1]
        raise type(error)(last.partition(f"{type(error).__name__}: ")[2] or last) from error
    except RuntimeError as error:
        if options.processes > 1 and is_peer_failure(error):
            raise TrainingError(f"{PEER_ENDED}: {_checkpoints_of(run_dir)}") from error
        raise


def _checkpoints_of(run_dir: Path) -> str:
    """Say which checkpoints there are to resume from."""
    checkpoints = [
        f"{run_dir / name} is of step {step_of(run_dir / name)}"
        for name in (CHECKPOINT, BEST)
        if (run_dir / name).exists()
    ]
    return " and ".join(checkpoints) if checkpoints else "there is no checkpoint yet"


def _keep_best(recipe: Recipe, run_dir: Path) -> Path:
    """Write the averaged weights of the best validation, in the main process."""
    path = run_dir / WEIGHTS
    if not is_main():
        return path
    state = torch.load(run_dir / BEST, weights_only=True, map_location="cpu")
    prefix = "averaged.module."
    names = DSDMSR(recipe.model).state_dict().keys()
    weights = {name: state["state_dict"][prefix + name].contiguous() for name in names}
    with replacing(path, durable=True) as beside:
        beside.write_bytes(save(weights, metadata={"step": str(state["global_step"])}))
    return path


def _uses_bf16(recipe: Recipe, device: str) -> bool:
    if recipe.precision != "auto":
        return recipe.precision == "bf16"
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, bool)() for name in checks)


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
    where = ddp_arguments(options)
    return lightning.Trainer(
        accelerator="gpu" if device == "cuda" else "cpu",
        precision="bf16-mixed" if bf16 else "32-true",
        # cuDNN tries its convolutions once for each size, and crops have few sizes.
        benchmark=device == "cuda",
        # The module stops the run, which also validates at the end.
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
        devices=where["devices"],
        num_nodes=where["num_nodes"],
        strategy=where["strategy"],
        use_distributed_sampler=where["use_distributed_sampler"],
        plugins=[PlainFiles(), *where["plugins"]],
    )
