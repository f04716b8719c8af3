"""Trainer callbacks: checkpoints, a stop on signals, and the progress bar."""

from __future__ import annotations

import io
import math
import signal
import threading
import time
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dsdmsr._atomic import replacing
from dsdmsr.errors import TrainingError
from dsdmsr.training.processes import largest_of_processes
from dsdmsr.training.run_folder import BEST, CHECKPOINT

__all__ = ["Checkpoints", "PlainFiles", "RunProgress", "StopBySignal"]

_SUSPICIOUS = 10.0
"""A loss so many times the usual one may be the start of divergence: don't save yet."""


class PlainFiles(TorchCheckpointIO):
    """Write checkpoints to their path directly, with no copy in the temporary folder."""

    def save_checkpoint(self, checkpoint: Any, path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint.

        Raises:
            OSError: If it cannot be written; torch's own writer hides the reason.
        """
        content = io.BytesIO()
        torch.save(checkpoint, content)
        Path(path).write_bytes(content.getbuffer())


class Checkpoints(lightning.Callback):
    """Save the state every so many seconds and after each validation, and the best one.

    A step that a validation follows is saved after it, so that a resume never skips one. A state
    whose weights are not finite is never saved.

    Attributes:
        best: The lowest `val/score` so far.
    """

    def __init__(self, run_dir: Path, every_seconds: float) -> None:
        self.run_dir, self.every = run_dir, every_seconds
        self.saved_at = time.monotonic()
        self.usual: float | None = None
        self.best = math.inf

    def save(self, trainer: lightning.Trainer, name: str = CHECKPOINT) -> None:
        """Save the current state, whole or not at all."""
        if not _finite(trainer.lightning_module):
            return
        if trainer.is_global_zero:
            with replacing(self.run_dir / name, durable=True) as beside:
                trainer.save_checkpoint(beside)
        else:
            # All processes take part, but nothing is written here.
            trainer.save_checkpoint(self.run_dir / name)
        if name == CHECKPOINT:
            self.saved_at = time.monotonic()

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Save the initial state, whose weights may not be those of the recipe's seed."""
        if (self.run_dir / BEST).exists():
            state = torch.load(self.run_dir / BEST, weights_only=True, map_location="cpu")
            self.best = float(state["callbacks"][self.state_key]["best"])
        if not (self.run_dir / CHECKPOINT).exists():
            self.save(trainer)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save if the interval has passed."""
        loss = module.loss
        steady = self.usual is None or loss < _SUSPICIOUS * self.usual
        self.usual = loss if self.usual is None else 0.99 * self.usual + 0.01 * loss
        elapsed = largest_of_processes(time.monotonic() - self.saved_at, module.device)
        if elapsed > self.every and steady and not module.validates_now():
            self.save(trainer)

    def on_validation_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Save the state, and the best one; a score that is not finite saves nothing."""
        score = float(trainer.callback_metrics["val/score"])
        if not math.isfinite(score):
            return
        if score < self.best:
            self.best = score
            self.save(trainer, BEST)
        self.save(trainer)

    def on_train_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Raise if the last weights are not usable.

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
        """Return what `on_train_start` reads from the best checkpoint."""
        return {"best": self.best}


def _finite(module: lightning.LightningModule) -> bool:
    return all(bool(torch.isfinite(p).all()) for p in module.parameters())


class StopBySignal(lightning.Callback):
    """Save and exit after the current step when SIGTERM or Ctrl-C comes.

    If one of several processes gets the signal, all exit. A second signal exits at once, with the
    checkpoint before. Used around the whole run (``with``), since a signal may come before the
    first step.
    """

    def __init__(self, checkpoints: Checkpoints, console: Console) -> None:
        self.checkpoints, self.console = checkpoints, console
        self.caught: int | None = None
        self.agreed = 0
        self.before: dict[int, Any] = {}

    def __enter__(self) -> StopBySignal:
        """Install the signal handlers."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self.before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        """Restore the handlers from before."""
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def on_train_start(self, trainer: lightning.Trainer, module: Any) -> None:
        """Install the handlers again, since the trainer has installed its own."""
        for number in self.before:
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        if self.caught is not None:
            raise SystemExit(128 + number)
        self.caught = number

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Exit if a signal came and no validation is due."""
        self.agreed = int(largest_of_processes(self.caught or 0, module.device))
        if not module.validates_now():
            self._exit(trainer, saved=False)

    def on_validation_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Exit if a signal came."""
        self._exit(trainer, saved=True)

    def _exit(self, trainer: lightning.Trainer, *, saved: bool) -> None:
        if not self.agreed:
            return
        if not saved:
            self.checkpoints.save(trainer)
        self.console.print(
            f"stopped by {signal.Signals(self.agreed).name} after step {trainer.global_step}; go "
            "on with --resume auto",
            markup=False,
        )
        # Only the main process exits with the signal's status: launchers kill a run whose other
        # processes fail.
        raise SystemExit(128 + self.agreed if trainer.is_global_zero else 0)


class RunProgress(lightning.Callback):
    """Show the run's progress, its loss, and the time left."""

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
        """Update the bar."""
        self.bar.update(
            self.task,
            completed=module.progress,
            step=module.global_step,
            loss=module.loss,
        )

    def teardown(self, trainer: lightning.Trainer, module: Any, stage: str) -> None:
        """Remove the bar."""
        self.bar.stop()

    def on_exception(
        self, trainer: lightning.Trainer, module: Any, exception: BaseException
    ) -> None:
        """Remove the bar."""
        self.bar.stop()
