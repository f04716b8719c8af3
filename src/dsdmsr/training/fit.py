"""Run a recipe: from a folder, or an interrupted run in it, to trained weights."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import lightning
import torch
from rich.console import Console
from safetensors.torch import save_file

from dsdmsr.errors import ConfigError, ModelError, TrainingError
from dsdmsr.nn import DSDMSR
from dsdmsr.training.callbacks import CsvLog, LastCheckpoint, RunProgress
from dsdmsr.training.config import Recipe
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.run_dir import CHECKPOINT, begin, holds_run, resume_at

__all__ = ["fit"]


def fit(
    recipe: Recipe,
    run_dir: Path,
    *,
    resume: Literal["auto", "never"] = "never",
    init: dict[str, torch.Tensor] | None = None,
    begun_from: Sequence[str] = (),
    device: str = "auto",
    console: Console | None = None,
) -> Path:
    """Train a recipe and leave everything in `run_dir`.

    ``recipe.yaml`` is what ran, ``run.json`` on what commit and machine, ``log.csv`` how it went,
    ``last.ckpt`` what a resume needs, and ``model.safetensors`` the averaged weights in float32.

    Args:
        recipe: What to train.
        run_dir: A new or empty folder, or, to resume, one with a run.
        resume: ``auto`` goes on with the folder's run, if there is one, from its last checkpoint;
            its recipe must be the same but for the length.
        init: Weights to begin with; those whose name and shape fit are taken.
        begun_from: How the weights in `init` were trained, for the card.
        device: ``auto``, ``cpu`` or ``cuda``.
        console: Where progress is shown. Default: standard error.

    Returns:
        The path of ``model.safetensors``.

    Raises:
        TrainingError: If `run_dir` is not empty and the run in it is not to be resumed or cannot
            be, or training diverges.
        ConfigError: If the device is not there.
        ModelError: If none of the weights in `init` fits.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda, but torch sees none: give auto or cpu")
    if resume == "auto" and holds_run(run_dir):
        start = resume_at(recipe, run_dir)
    else:
        begin(recipe, run_dir, begun_from)
        start = 0
    torch.manual_seed(recipe.seed)
    module = TrainingModule(recipe, start)
    if init is not None and start == 0:
        load_fitting(module.model, init)
        module.averaged.module.load_state_dict(module.model.state_dict())
    device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    bf16 = _uses_bf16(recipe, device)
    if bf16:
        module = module.to(memory_format=torch.channels_last)
    trainer = _trainer(recipe, run_dir, device, bf16, console or Console(stderr=True))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        warnings.filterwarnings("ignore", module="torch.utils.data")
        try:
            trainer.fit(
                module, ckpt_path=run_dir / CHECKPOINT if start else None, weights_only=True
            )
        except OSError as error:
            raise TrainingError(f"cannot write to {run_dir}: {error.strerror}") from error
        except SystemExit as error:
            # Lightning leaves this way when it is interrupted, the checkpoint saved.
            raise KeyboardInterrupt from error
    weights = {k: v.contiguous() for k, v in module.averaged.module.state_dict().items()}
    beside = run_dir / "model.safetensors.part"
    save_file(weights, beside)
    return beside.replace(run_dir / "model.safetensors")


def load_fitting(model: DSDMSR, weights: dict[str, torch.Tensor]) -> None:
    """Load the weights whose names and shapes fit.

    Raises:
        ModelError: If none fits.
    """
    own = model.state_dict()
    fitting = {k: v.float() for k, v in weights.items() if k in own and own[k].shape == v.shape}
    if not fitting:
        raise ModelError("none of the given weights fits this network: give weights of its shape")
    model.load_state_dict({**own, **fitting})


def _uses_bf16(recipe: Recipe, device: str) -> bool:
    if recipe.precision != "auto":
        return recipe.precision == "bf16"
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    tiles: Any = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(tiles and tiles())


def _trainer(
    recipe: Recipe, run_dir: Path, device: str, bf16: bool, console: Console
) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return lightning.Trainer(
        accelerator="gpu" if device == "cuda" else "cpu",
        devices=1,
        precision="bf16-mixed" if bf16 else "32-true",
        max_steps=recipe.steps or -1,
        max_epochs=-1,
        gradient_clip_val=recipe.clip,
        val_check_interval=recipe.validate_every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run_dir,
        callbacks=[
            CsvLog(run_dir / "log.csv", every=100),
            LastCheckpoint(run_dir / CHECKPOINT, recipe.checkpoint_seconds),
            RunProgress(console),
        ],
    )
