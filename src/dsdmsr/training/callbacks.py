"""What a run leaves behind while it goes on: checkpoints, a CSV log, a progress bar."""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from typing import Any

import lightning
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dsdmsr.training.module import TrainingModule

__all__ = ["CsvLog", "LastCheckpoint", "RunProgress"]


class LastCheckpoint(lightning.Callback):
    """Save ``last.ckpt`` every so many seconds and at the end, whole or not at all."""

    def __init__(self, path: Path, every_seconds: float) -> None:
        self.path, self.every = path, every_seconds
        self.saved_at = time.monotonic()

    def save(self, trainer: lightning.Trainer) -> None:
        """Write beside, flush to disk, rename."""
        beside = self.path.with_suffix(".part")
        trainer.save_checkpoint(beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(self.path)
        self.saved_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save when it is time."""
        if time.monotonic() - self.saved_at > self.every:
            self.save(trainer)

    def on_train_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Save the end."""
        self.save(trainer)

    def on_exception(
        self, trainer: lightning.Trainer, module: Any, exception: BaseException
    ) -> None:
        """Save when a person stops the run."""
        if isinstance(exception, KeyboardInterrupt):
            self.save(trainer)


class CsvLog(lightning.Callback):
    """Append a row to ``log.csv``: training losses every so many steps, and each validation."""

    def __init__(self, path: Path, every: int) -> None:
        self.path, self.every = path, every
        self.sums: dict[str, tuple[float, int]] = {}

    def _append(self, module: TrainingModule, values: dict[str, float]) -> None:
        new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "learning_rate", "name", "value"])
            for name, value in values.items():
                head = [module.global_step, f"{module.seconds:.1f}"]
                writer.writerow([*head, f"{module.learning_rate():.3e}", name, f"{value:.6g}"])

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Collect the loss; write the means when it is time."""
        total, count = self.sums.get(f"train/loss_x{batch.scale}", (0.0, 0))
        self.sums[f"train/loss_x{batch.scale}"] = (total + float(outputs["loss"]), count + 1)
        if module.global_step % self.every == 0:
            self._flush(module)

    def _flush(self, module: TrainingModule) -> None:
        self._append(module, {k: total / n for k, (total, n) in sorted(self.sums.items())})
        self.sums = {}

    def on_train_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write what is left."""
        if self.sums:
            self._flush(module)

    def on_validation_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write the validation's figures."""
        values = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}
        self._append(module, dict(sorted(values.items())))


class RunProgress(lightning.Callback):
    """Show how far the run is, its loss, and the time left."""

    def __init__(self, console: Console) -> None:
        self.bar = Progress(
            TextColumn("training"),
            BarColumn(),
            TextColumn(
                "{task.percentage:>5.1f} %  step {task.fields[step]}  loss {task.fields[loss]:.4f}"
            ),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self.task = self.bar.add_task("", total=1.0, step=0, loss=float("nan"))

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Show the bar."""
        self.bar.start()

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar."""
        self.bar.update(
            self.task,
            completed=module.progress,
            step=module.global_step,
            loss=float(outputs["loss"]),
        )

    def teardown(self, trainer: lightning.Trainer, module: Any, stage: str) -> None:
        """Take the bar away."""
        self.bar.stop()
