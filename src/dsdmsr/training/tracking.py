"""Logs of a run's figures and panels: log.csv and panels/ always, and trackers."""

from __future__ import annotations

import csv
import hashlib
import os
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import lightning
import numpy as np
import torch
from PIL import Image
from rich.console import Console

from dsdmsr._atomic import replacing
from dsdmsr.errors import DependencyError, TrainingError, require
from dsdmsr.io.checks import single_line
from dsdmsr.pictures.panels import plot_panel
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.options import Tracking
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import recipe_to_dict
from dsdmsr.training.run_folder import LOG, PANELS, TENSORBOARD, identity

__all__ = ["Log", "Tracker", "check_trackers"]


class Tracker(Protocol):
    """A service or program that shows figures and panels."""

    def figures(self, values: Mapping[str, float], step: int) -> None:
        """Log the figures of a step."""

    def picture(self, name: str, image: Image.Image, step: int) -> None:
        """Log a picture."""

    def close(self) -> None:
        """Flush and close."""


class _TensorBoard:
    """Event files for TensorBoard; events of steps that will be taken again are purged.

    Args:
        folder: Where they are written.
        step: The steps that the run has taken.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder), purge_step=step + 1)

    def figures(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def picture(self, name: str, image: Image.Image, step: int) -> None:
        self._writer.add_image(name, np.asarray(image), step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


class _WeightsAndBiases:
    """A run of Weights & Biases; offline, in `folder`, where there is no account.

    A resumed run continues under the same identity. Steps are logged as a figure, since a resumed
    run may go back.

    Raises:
        TrainingError: If wandb can't start, as without a connection.
    """

    def __init__(self, folder: Path, recipe: Recipe, tracking: Tracking) -> None:
        import wandb

        self._image: Any = wandb.Image
        try:
            has_account = "WANDB_MODE" in os.environ or wandb.login(prompt=False)
            self._run: Any = wandb.init(
                dir=folder,
                project=tracking.wandb_project,
                entity=tracking.wandb_entity,
                mode=None if has_account else "offline",
                name=folder.name,
                id=hashlib.sha256(identity(folder)).hexdigest()[:16],
                resume="allow",
                config=recipe_to_dict(recipe),
                settings=wandb.Settings(silent=True, console="off"),
            )
        except wandb.Error as error:
            raise TrainingError(
                f"wandb does not start ({single_line(error)}): set WANDB_MODE=offline, or give "
                "another tracker"
            ) from error
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")

    def figures(self, values: Mapping[str, float], step: int) -> None:
        self._run.log({**values, "step": step})

    def picture(self, name: str, image: Image.Image, step: int) -> None:
        self._run.log({name: self._image(image), "step": step})

    def close(self) -> None:
        self._run.finish()


def check_trackers(tracking: Tracking, console: Console) -> None:
    """Check that the trackers are installed; a run goes on without TensorBoard, and says so.

    Raises:
        DependencyError: If wandb is asked for and not installed.
    """
    if "wandb" in tracking.tracker:
        require("wandb", "the tracker wandb")
    if "tensorboard" in tracking.tracker:
        try:
            require("tensorboard", "the tracker tensorboard")
        except DependencyError as error:
            console.print(f"no files for TensorBoard: {error}", markup=False)


def _open(tracking: Tracking, folder: Path, module: TrainingModule) -> list[Tracker]:
    trackers: list[Tracker] = []
    if "tensorboard" in tracking.tracker and find_spec("tensorboard"):
        trackers.append(_TensorBoard(folder / TENSORBOARD, module.global_step))
    if "wandb" in tracking.tracker:
        trackers.append(_WeightsAndBiases(folder, module.recipe, tracking))
    return trackers


class Log(lightning.Callback):
    """Write training losses every so many steps, and each validation with its panels.

    Args:
        run_dir: The run's folder.
        every: Steps between rows of training losses.
        tracking: The trackers that get them too.
    """

    def __init__(self, run_dir: Path, every: int, tracking: Tracking) -> None:
        self.folder, self.every, self.tracking = run_dir, every, tracking
        self.trackers: list[Tracker] = []
        self.sums: dict[str, tuple[float, int]] = {}
        self.crops = 0
        self.since = time.monotonic()

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Open the trackers."""
        if trainer.is_global_zero:
            self.trackers = _open(self.tracking, self.folder, module)
        self.since = time.monotonic()

    def _write(self, module: TrainingModule, values: dict[str, float]) -> None:
        path = self.folder / LOG
        new = not path.exists() or not path.stat().st_size
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "learning_rate", "name", "value"])
            for name, value in values.items():
                head = [module.global_step, f"{module.seconds:.1f}"]
                writer.writerow([*head, f"{module.learning_rate():.3e}", name, f"{value:.9g}"])
        for tracker in self.trackers:
            figures = {**values, "learning_rate": module.learning_rate()}
            tracker.figures(figures, module.global_step)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Collect the loss; write the means every `every` steps."""
        if not trainer.is_global_zero:
            return
        total, count = self.sums.get(f"train/loss_x{batch.scale}", (0.0, 0))
        self.sums[f"train/loss_x{batch.scale}"] = (total + module.loss, count + 1)
        self.crops += next(m.batch for m in module.recipe.crops if m.scale == batch.scale)
        if module.global_step % self.every == 0:
            self._flush(module)

    def _flush(self, module: TrainingModule) -> None:
        values = {k: total / n for k, (total, n) in sorted(self.sums.items())}
        values["train/crops_per_second"] = self.crops / (time.monotonic() - self.since)
        if module.device.type == "cuda":
            values["train/gpu_memory_mib"] = torch.cuda.max_memory_allocated(module.device) / 2**20
        self._write(module, values)
        self.sums, self.crops, self.since = {}, 0, time.monotonic()

    def on_train_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write the last steps' means."""
        if self.sums:
            self._flush(module)

    def on_validation_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write the validation's figures, and plot its panels."""
        if not trainer.is_global_zero:
            return
        values = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}
        self._write(module, dict(sorted(values.items())))
        for number, panel in enumerate(module.panels, start=1):
            picture = plot_panel(panel._replace(title=f"{panel.title}, step {module.global_step}"))
            folder = self.folder / PANELS
            folder.mkdir(exist_ok=True)
            with replacing(folder / f"step{module.global_step:07d}_map{number}.png") as beside:
                picture.save(beside, format="PNG")
            for tracker in self.trackers:
                tracker.picture(f"panel {number}", picture, module.global_step)

    def teardown(self, trainer: lightning.Trainer, module: Any, stage: str) -> None:
        """Close the trackers."""
        for tracker in self.trackers:
            tracker.close()
        self.trackers = []

    def on_exception(
        self, trainer: lightning.Trainer, module: Any, exception: BaseException
    ) -> None:
        """Close the trackers."""
        self.teardown(trainer, module, "fit")
