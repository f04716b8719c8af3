"""The Lightning module: a recipe's losses, schedule, averaged weights and validation."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import lightning
import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from dsdmsr.data.batches import LARGEST_SEED, Batches, CropMix, make_batch
from dsdmsr.degradation.resample import resize
from dsdmsr.errors import TrainingError
from dsdmsr.nn import DSDMSR, Prediction, deep_supervision_loss
from dsdmsr.nn.losses import alone, expectation_loss
from dsdmsr.nn.symmetry import symmetrise_gradients
from dsdmsr.pictures.panels import Panel
from dsdmsr.training.examples import ExampleBatches, Examples, make_examples
from dsdmsr.training.optimizers import OPTIMIZERS
from dsdmsr.training.panels import panels_of
from dsdmsr.training.processes import is_main, largest, mean, part
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.sources import crop_source, validation_crop, validation_source
from dsdmsr.training.validation import ValidationFigures

__all__ = ["TrainingModule"]

_VALIDATION_SEED = LARGEST_SEED
_EXPLODED = 1e4
"""A mean loss of crops normalised to 0…1 that only diverging weights reach."""


def _drawing_processes(asked: int | None, device: str) -> int:
    if asked is not None:
        return asked
    return 1 if device == "cpu" else max(1, (os.cpu_count() or 1) - 2)


def _leave_signals_to_the_parent(worker: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


class TrainingModule(lightning.LightningModule):
    """Train a recipe's network.

    Attributes:
        panels: Of the last validation at the largest factor, in the main process.
        seconds: Of training after the last step, those before a resume included.
        loss: Of the last step, over all processes.

    Args:
        recipe: What to train, on what, for how long.
        start: The number of the first batch: how many steps the run has behind it.
    """

    def __init__(self, recipe: Recipe, start: int = 0) -> None:
        super().__init__()
        self.recipe, self.start = recipe, start
        self.model = DSDMSR(recipe.model)
        if recipe.trains == "expected_errors":
            for name, parameter in self.model.named_parameters():
                parameter.requires_grad_(".expected." in name)
        self.averaged = AveragedModel(self.model, multi_avg_fn=self._average)
        self.averaged.requires_grad_(False)
        self.figures = ValidationFigures(
            {mix.scale for mix in recipe.crops}, expectations=recipe.model.confidence > 0
        )
        self.panels: list[Panel] = []
        self.seconds = self.seconds_before = 0.0
        self.loss = math.nan
        self._began = time.monotonic()

    @torch.no_grad()
    def _average(self, averaged: Any, current: Any, count: Any) -> None:
        """Move the averaged weights; faster in the first steps, so that they forget the start."""
        n = float(count)
        decay = min(self.recipe.ema, (1 + n) / (10 + n))
        torch._foreach_lerp_(list(averaged), list(current), 1 - decay)

    # Data

    def train_dataloader(self) -> DataLoader[Examples]:
        """Return the endless batches, from `start` on."""
        recipe = self.recipe
        own = part()
        source = crop_source(recipe, own)
        batches = Batches(recipe.seed, recipe.crops, source, self.start, own)
        data = ExampleBatches(batches, recipe.small_maps, recipe.seed)
        workers = _drawing_processes(recipe.workers, self.device.type)
        return DataLoader(
            data,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            pin_memory=self.device.type == "cuda",
            # The trainer ends persistent workers alone when a batch fails, and they heed no signal.
            persistent_workers=workers > 0,
            worker_init_fn=_leave_signals_to_the_parent,
        )

    def val_dataloader(self) -> DataLoader[Examples]:
        """Return one batch of held-apart maps for each factor that is trained, always the same.

        Processes share each batch.
        """
        scales = sorted({mix.scale for mix in self.recipe.crops})
        source, count = validation_source(self.recipe), self.recipe.validation_maps
        mine = part().slice(count)
        examples = []
        for scale in scales:
            mix = CropMix(scale=scale, crop=validation_crop(self.recipe, scale), batch=count)
            # Maps that stream come in an order, so that all are drawn to find one's own.
            batch = make_batch(_VALIDATION_SEED, scale, (mix,), source)
            own = batch._replace(
                hr_depth=batch.hr_depth[mine],
                valid=batch.valid[mine],
                numbers=batch.numbers[mine],
                kinds=batch.kinds[mine],
                names=batch.names[mine],
            )
            if len(own.hr_depth):
                examples.append(make_examples(own, self.recipe.small_maps[0], self.recipe.seed))
        return DataLoader(examples, batch_size=None)  # type: ignore[arg-type]

    # Optimisation

    def _elapsed(self) -> float:
        return self.seconds_before + time.monotonic() - self._began

    @property
    def progress(self) -> float:
        """How much of the run is done, 0 to 1."""
        recipe = self.recipe
        if recipe.steps is not None:
            return min(1.0, self.global_step / recipe.steps)
        assert recipe.minutes is not None  # the recipe has checked that one of them is given
        return min(1.0, self.seconds / (60 * recipe.minutes))

    def validates_now(self) -> bool:
        """Return whether a validation follows the step that has just been taken."""
        return self.progress >= 1 or self.global_step % self.recipe.validate_every == 0

    def learning_rate(self) -> float:
        """Return the rate at this moment: linear warm-up, then the recipe's schedule."""
        recipe = self.recipe
        warm = min(1.0, (self.global_step + 1) / recipe.warmup)
        if recipe.schedule == "cosine":
            fallen = 0.01 + 0.99 * (1 + math.cos(math.pi * self.progress)) / 2
        else:
            fallen = 0.1 ** min(recipe.drops, int(self.progress * (recipe.drops + 1)))
        return recipe.learning_rate * warm * fallen

    def configure_optimizers(self) -> Optimizer:
        """Return the recipe's optimiser; its rate is set before each step."""
        recipe = self.recipe
        return OPTIMIZERS[recipe.optimizer](
            self.model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip as the recipe says, gradients that keep a symmetric network so."""
        recipe, parameters = self.recipe, list(self.model.parameters())
        if recipe.model.symmetric:
            symmetrise_gradients(self.model)
        if recipe.clip_by == "norm":
            torch.nn.utils.clip_grad_norm_(parameters, recipe.clip)
        else:
            torch.nn.utils.clip_grad_value_(parameters, recipe.clip / self.learning_rate())

    def on_fit_start(self) -> None:
        """Start the clock."""
        self._began, self.seconds = time.monotonic(), self.seconds_before

    def on_train_batch_start(self, examples: Examples, batch_idx: int) -> None:
        """Set the learning rate."""
        for optimizer in self.trainer.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate()

    def training_step(self, examples: Examples, batch_idx: int) -> Tensor:
        """Return the deeply supervised loss of a batch."""
        truths, valids = examples.truths, examples.valids
        prediction = self.model(examples.small, examples.scale)
        loss = self._loss(prediction, truths, valids, mean)
        own = loss.detach()
        self.loss = float(mean(own))
        if not self.loss < self._exploded(truths[-1]):
            raise TrainingError(self._explosion(examples, float(own), prediction.fused))
        if prediction.log_error is not None:
            error = prediction.fused.float() - truths[-1]
            loss = loss + expectation_loss(prediction.log_error, error, valids[-1], mean=mean)
        return loss

    def _loss(
        self,
        prediction: Prediction,
        truths: Sequence[Tensor],
        valids: Sequence[Tensor],
        over_processes: Callable[[Tensor], Tensor] = alone,
    ) -> Tensor:
        recipe = self.recipe
        return deep_supervision_loss(
            prediction,
            truths,
            valids,
            kind=recipe.loss,
            mse_weight=recipe.mse_weight,
            stage_weights=recipe.stage_weights,
            mean=over_processes,
        )

    def _exploded(self, truth: Tensor) -> float:
        """Return the loss that only diverging weights reach, of which some are sums over a map."""
        return _EXPLODED * (truth[0].numel() if self.recipe.loss == "sse" else 1)

    def _explosion(self, examples: Examples, loss: float, pred: Tensor) -> str:
        """Say where a loss came from that is not finite or absurdly large.

        Args:
            examples: This process's part of the batch.
            loss: Its loss.
            pred: The answers.
        """
        what = f"the loss is {self.loss:.3g} at step {self.global_step}"
        truth, names = examples.truths[-1], examples.names
        if loss < self._exploded(truth):
            return f"{what}, in another process's part of the batch"
        bad_input = ~torch.isfinite(truth).all(dim=(1, 2, 3))
        errors = (pred.detach() - truth).abs().amax((1, 2, 3))
        if bool(bad_input.any()):
            cause = f"{names[int(bad_input.int().argmax())]} holds values that are not finite"
        elif bool(torch.isfinite(errors).all()):
            cause = f"worst in {names[int(errors.argmax())]}: lower the learning rate"
        else:
            cause = (
                f"in all crops from {names[0]} to {names[-1]}: the weights have diverged, lower "
                "the learning rate"
            )
        return f"{what}, {cause}"

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Take a step, move the averaged weights after it, and look at the clock."""
        super().optimizer_step(*args, **kwargs)
        self.averaged.update_parameters(self.model)
        self.seconds = largest(self._elapsed(), self.device)

    def on_train_batch_end(self, outputs: Any, batch: Examples, batch_idx: int) -> None:
        """Stop when the run's length is reached."""
        if self.progress >= 1:
            self.trainer.should_stop = True

    # Validation

    def validation_step(self, examples: Examples, batch_idx: int) -> None:
        """Add a batch to the validation's figures; draw panels at the largest factor.

        In full precision, whatever the training's, since that is how the network will be used.
        """
        with torch.autocast(self.device.type, enabled=False):
            self._validate(examples)

    def _validate(self, examples: Examples) -> None:
        small, truths, valids = examples.small, examples.truths, examples.valids
        scale = examples.scale
        prediction = self.averaged(small, scale)
        maps = [slice(k, k + 1) for k in range(len(small))]
        each = [
            self._loss(prediction.part(one), [t[one] for t in truths], [v[one] for v in valids])
            for one in maps
        ]
        expectations: list[Tensor] = []
        if prediction.log_error is not None:
            error = prediction.fused.float() - truths[-1]
            expectations = [
                expectation_loss(prediction.log_error[one], error[one], valids[-1][one])
                for one in maps
            ]
        self.figures.add(
            scale,
            prediction,
            resize(small, scale),
            truths,
            valids,
            losses=torch.stack(each),
            expectations=torch.stack(expectations) if expectations else None,
            span=examples.span,
        )
        if is_main() and scale == max(mix.scale for mix in self.recipe.crops):
            self.panels = panels_of(examples, prediction, self.recipe.panels)

    def on_validation_epoch_end(self) -> None:
        """Log the validation's figures."""
        found = self.figures.compute()
        if self.recipe.trains == "expected_errors":
            found["val/score"] = torch.stack(
                [found[f"val/expectation_x{scale}"] for scale in self.figures.scales]
            ).mean()
        self.log_dict(found, batch_size=1)
        self.figures.reset()

    # Checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the time spent."""
        checkpoint["seconds"] = self._elapsed()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the time spent."""
        self.seconds_before = float(checkpoint["seconds"])
