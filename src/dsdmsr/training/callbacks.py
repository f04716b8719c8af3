"""What a run leaves behind while it goes on: checkpoints, logs, a progress bar."""

from __future__ import annotations

import csv
import math
import signal
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dsdmsr.errors import TrainingError
from dsdmsr.evaluation.panels import draw_panel
from dsdmsr.replacing import replacing
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.run_dir import BEST, CHECKPOINT, LOG, PANELS, TENSORBOARD

__all__ = ["Checkpoints", "Log", "PlainFiles", "RunProgress", "StopBySignal"]

_ALARMING = 10.0
"""A loss so many times the usual one may be the beginning of the end: wait with saving."""


class PlainFiles(TorchCheckpointIO):
    """Write checkpoints where they are asked for, with no copy in the temporary folder."""

    def save_checkpoint(self, checkpoint: Any, path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint."""
        torch.save(checkpoint, path)


class Checkpoints(lightning.Callback):
    """Save the state every so many seconds and after each validation, and the best by that.

    A step that a validation follows is saved after it, so that a resume never leaves one out. A
    state whose weights are not finite is never saved.

    Attributes:
        best: The least `val/score` so far.
    """

    def __init__(self, run_dir: Path, every_seconds: float) -> None:
        self.run_dir, self.every = run_dir, every_seconds
        self.saved_at = time.monotonic()
        self.usual: float | None = None
        self.best = math.inf

    def save(self, trainer: lightning.Trainer, name: str = CHECKPOINT) -> None:
        """Save the state of this moment, whole or not at all."""
        if not _finite(trainer.lightning_module):
            return
        with replacing(self.run_dir / name, durable=True) as beside:
            trainer.save_checkpoint(beside)
        if name == CHECKPOINT:
            self.saved_at = time.monotonic()

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Save the beginning, which may be other weights than the recipe's seed gives."""
        if (self.run_dir / BEST).exists():
            state = torch.load(self.run_dir / BEST, weights_only=True, map_location="cpu")
            self.best = float(state["callbacks"][self.state_key]["best"])
        if not (self.run_dir / CHECKPOINT).exists():
            self.save(trainer)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save when it is time."""
        loss = float(outputs["loss"])
        calm = self.usual is None or loss < _ALARMING * self.usual
        self.usual = loss if self.usual is None else 0.99 * self.usual + 0.01 * loss
        due = time.monotonic() - self.saved_at > self.every
        if due and calm and not module.validates_now():
            self.save(trainer)

    def on_validation_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Save, and save the best; what answers nothing finite is not worth keeping."""
        score = float(trainer.callback_metrics["val/score"])
        if not math.isfinite(score):
            return
        if score < self.best:
            self.best = score
            self.save(trainer, BEST)
        self.save(trainer)

    def on_train_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Refuse an end that is none.

        Raises:
            TrainingError: If the weights have diverged.
        """
        score = float(trainer.callback_metrics["val/score"])
        if not _finite(module) or not math.isfinite(score):
            raise TrainingError(
                f"the weights have diverged after step {module.global_step}, the last: lower the "
                "learning rate"
            )

    def state_dict(self) -> dict[str, Any]:
        """Return what `on_train_start` looks for in the best checkpoint."""
        return {"best": self.best}


def _finite(module: lightning.LightningModule) -> bool:
    return all(bool(torch.isfinite(p).all()) for p in module.parameters())


class StopBySignal(lightning.Callback):
    """Save and leave after the step that is going on when SIGTERM or Ctrl-C comes.

    A second signal leaves at once, to the checkpoint before. Used around the whole run
    (``with``), since a signal may come before the first step.
    """

    def __init__(self, checkpoints: Checkpoints, console: Console) -> None:
        self.checkpoints, self.console = checkpoints, console
        self.caught: int | None = None
        self.before: dict[int, Any] = {}

    def __enter__(self) -> StopBySignal:
        """Listen."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self.before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        """Listen no more."""
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Listen again, in the place of the trainer, which has begun to listen itself."""
        for number in self.before:
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        if self.caught is not None:
            raise SystemExit(128 + number)
        self.caught = number

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Leave, if a signal came and no validation is due."""
        if not module.validates_now():
            self._leave(trainer, saved=False)

    def on_validation_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Leave, if a signal came."""
        self._leave(trainer, saved=True)

    def _leave(self, trainer: lightning.Trainer, *, saved: bool) -> None:
        if self.caught is None:
            return
        if not saved:
            self.checkpoints.save(trainer)
        self.console.print(
            f"stopped by {signal.Signals(self.caught).name} after step {trainer.global_step}; go "
            "on with --resume auto",
            markup=False,
        )
        raise SystemExit(128 + self.caught)


class Log(lightning.Callback):
    """Write training losses every so many steps, and each validation.

    Rows go to ``log.csv``, panels to ``panels/``, and both to TensorBoard files where tensorboard
    is installed.
    """

    def __init__(self, run_dir: Path, every: int) -> None:
        self.path, self.every = run_dir / LOG, every
        self.folder = run_dir / TENSORBOARD
        self.board: Any = None
        self.sums: dict[str, tuple[float, int]] = {}

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Open TensorBoard's file; what it holds of steps to come is void."""
        if find_spec("tensorboard"):
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(self.folder), purge_step=module.global_step + 1)

    def _append(self, module: TrainingModule, values: dict[str, float]) -> None:
        new = not self.path.exists() or not self.path.stat().st_size
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "seconds", "learning_rate", "name", "value"])
            for name, value in values.items():
                head = [module.global_step, f"{module.seconds:.1f}"]
                writer.writerow([*head, f"{module.learning_rate():.3e}", name, f"{value:.6g}"])
        if self.board is not None:
            for name, value in {**values, "learning_rate": module.learning_rate()}.items():
                self.board.add_scalar(name, value, module.global_step)
            self.board.flush()

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
        """Write the validation's figures, and draw its panels."""
        values = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}
        self._append(module, dict(sorted(values.items())))
        for number, panel in enumerate(module.panels, start=1):
            picture = draw_panel(panel._replace(title=f"{panel.title}, step {module.global_step}"))
            folder = self.folder.parent / PANELS
            folder.mkdir(exist_ok=True)
            with replacing(folder / f"step{module.global_step:07d}_map{number}.png") as beside:
                picture.save(beside, format="PNG")
            if self.board is not None:
                pixels = np.asarray(picture)
                self.board.add_image(
                    f"panel {number}", pixels, module.global_step, dataformats="HWC"
                )

    def teardown(self, trainer: lightning.Trainer, module: Any, stage: str) -> None:
        """Close TensorBoard's file."""
        if self.board is not None:
            self.board.close()

    def on_exception(
        self, trainer: lightning.Trainer, module: Any, exception: BaseException
    ) -> None:
        """Close it then, too."""
        self.teardown(trainer, module, "fit")


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
        self.bar.update(self.task, completed=module.progress)
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

    def on_exception(
        self, trainer: lightning.Trainer, module: Any, exception: BaseException
    ) -> None:
        """Take it away then, too."""
        self.bar.stop()
