"""The Lightning module: a recipe's losses, schedule, averaged weights and validation."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from dsdmsr.data.batches import LARGEST_SEED, Batch, Batches, CropMix, make_batch
from dsdmsr.data.draws import choose
from dsdmsr.data.scenes import generator
from dsdmsr.degradation import Degradation, degrade, resize, stage_truths
from dsdmsr.errors import TrainingError
from dsdmsr.evaluation.panels import Panel
from dsdmsr.nn import DSDMSR, Prediction, deep_supervision_loss
from dsdmsr.nn.losses import alone, expectation_loss
from dsdmsr.nn.symmetry import symmetrise_gradients
from dsdmsr.training.config import Recipe, SmallMaps
from dsdmsr.training.figures import ValidationFigures
from dsdmsr.training.maps import crop_source, validation_crop, validation_source
from dsdmsr.training.noises import add_noise
from dsdmsr.training.optimizers import OPTIMIZERS
from dsdmsr.training.panels import panels_of
from dsdmsr.training.processes import is_main, largest, mean, part
from dsdmsr.upscaling.holes import fill_nearest

__all__ = ["TrainingModule", "normalise_crops"]

_VALIDATION_SEED = LARGEST_SEED
_EXPLODED = 1e4
"""A mean loss of crops normalised to 0…1 that only diverging weights reach."""


def normalise_crops(lr_depth: Tensor, lr_valid: Tensor) -> tuple[Tensor, Tensor]:
    """Return each crop's offset and range over its valid pixels, b 1 1 1; range 1 if constant."""
    low = torch.where(lr_valid, lr_depth, torch.inf).amin((1, 2, 3), keepdim=True)
    high = torch.where(lr_valid, lr_depth, -torch.inf).amax((1, 2, 3), keepdim=True)
    none = ~lr_valid.any(dim=(1, 2, 3)).reshape(-1, 1, 1, 1)
    low, high = low.masked_fill(none, 0), high.masked_fill(none, 1)
    span = high - low
    return low, torch.where(span > 0, span, 1.0)


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

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the endless batches, from `start` on."""
        recipe = self.recipe
        own = part()
        source = crop_source(recipe, own)
        data = Batches(recipe.seed, recipe.crops, source, self.start, own)
        workers = _drawing_processes(recipe.workers, self.device.type)
        return DataLoader(
            data,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            # The trainer ends persistent workers alone when a batch fails, and they heed no signal.
            persistent_workers=workers > 0,
            worker_init_fn=_leave_signals_to_the_parent,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return one batch of held-apart maps for each factor that is trained, always the same.

        Processes share each batch.
        """
        scales = sorted({mix.scale for mix in self.recipe.crops})
        source, count = validation_source(self.recipe), self.recipe.validation_maps
        mine = part().slice(count)
        batches = []
        for scale in scales:
            mix = CropMix(scale=scale, crop=validation_crop(self.recipe, scale), batch=count)
            # Maps that stream come in an order, so that all are drawn to find one's own.
            batch = make_batch(_VALIDATION_SEED, scale, (mix,), source)
            batches.append(
                batch._replace(
                    hr_depth=batch.hr_depth[mine],
                    valid=batch.valid[mine],
                    kinds=batch.kinds[mine],
                    names=batch.names[mine],
                )
            )
        return DataLoader(batches, batch_size=None)  # type: ignore[arg-type]

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

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Set the learning rate."""
        for optimizer in self.trainer.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.learning_rate()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the deeply supervised loss of a batch."""
        small_maps = self._drawn_small_maps(batch)
        targets, valids = self._targets(batch, small_maps.degradation)
        lr_depth, low, span = self._small(batch, small_maps)
        prediction = self.model((lr_depth - low) / span, batch.scale)
        loss = self._loss(prediction, [(target - low) / span for target in targets], valids, mean)
        own = loss.detach()
        self.loss = float(mean(own))
        if not self.loss < self._exploded(batch):
            raise TrainingError(self._explosion(batch, float(own), prediction.fused, targets[-1]))
        if prediction.log_error is not None:
            error = prediction.fused.float() - (targets[-1] - low) / span
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

    def _exploded(self, batch: Batch) -> float:
        """Return the loss that only diverging weights reach, of which some are sums over a map."""
        return _EXPLODED * (batch.hr_depth[0].numel() if self.recipe.loss == "sse" else 1)

    def _explosion(self, batch: Batch, loss: float, pred: Tensor, target: Tensor) -> str:
        """Say where a loss came from that is not finite or absurdly large.

        Args:
            batch: This process's part of the batch.
            loss: Its loss.
            pred: The answers.
            target: The truth.
        """
        what = f"the loss is {self.loss:.3g} at step {self.global_step}"
        if loss < self._exploded(batch):
            return f"{what}, in another process's part of the batch"
        bad_input = ~torch.isfinite(target).all(dim=(1, 2, 3))
        errors = (pred.detach() - target).abs().amax((1, 2, 3))
        if bool(bad_input.any()):
            cause = f"{batch.names[int(bad_input.int().argmax())]} holds values that are not finite"
        elif bool(torch.isfinite(errors).all()):
            cause = f"worst in {batch.names[int(errors.argmax())]}: lower the learning rate"
        else:
            cause = (
                f"in all crops from {batch.names[0]} to {batch.names[-1]}: the weights have "
                "diverged, lower the learning rate"
            )
        return f"{what}, {cause}"

    def _drawn_small_maps(self, batch: Batch) -> SmallMaps:
        """Return how the batch is made small: a function of the seed and its first scene alone."""
        options = self.recipe.small_maps
        rng = generator(self.recipe.seed, 2**62 + batch.series)
        return options[choose(rng, np.cumsum([option.share for option in options]))]

    def _small(self, batch: Batch, small_maps: SmallMaps) -> tuple[Tensor, Tensor, Tensor]:
        """Return the small maps, their holes filled as for upscaling; their offset and range."""
        lr_depth, lr_valid = degrade(
            batch.hr_depth, batch.scale, small_maps.degradation, batch.valid
        )
        if small_maps.rounded:
            whole = (batch.hr_depth == batch.hr_depth.round()).all(3, True).all(2, True)
            lr_depth = torch.where(whole, lr_depth.round(), lr_depth)
        if small_maps.noise is not None:
            lr_depth, lr_valid = add_noise(
                lr_depth, lr_valid, small_maps.noise, self.recipe.seed, batch.numbers
            )
        low, span = normalise_crops(lr_depth, lr_valid)
        if not bool(lr_valid.all()):
            pairs = zip(lr_depth.cpu().numpy(), lr_valid.cpu().numpy(), strict=True)
            filled = [fill_nearest(depth[0], valid[0])[None] for depth, valid in pairs]
            lr_depth = torch.from_numpy(np.stack(filled)).to(lr_depth.device)
        return lr_depth, low, span

    def _targets(self, batch: Batch, degradation: Degradation) -> tuple[list[Tensor], list[Tensor]]:
        """Return the truth at every stage's size, smallest first, and what of it is valid."""
        pairs = stage_truths(batch.hr_depth, batch.valid, batch.scale, degradation)
        return [target for target, _ in pairs], [valid for _, valid in pairs]

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Take a step, move the averaged weights after it, and look at the clock."""
        super().optimizer_step(*args, **kwargs)
        self.averaged.update_parameters(self.model)
        self.seconds = largest(self._elapsed(), self.device)

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Stop when the run's length is reached."""
        if self.progress >= 1:
            self.trainer.should_stop = True

    # Validation

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Add a batch to the validation's figures; draw panels at the largest factor.

        In full precision, whatever the training's, since that is how the network will be used.
        """
        with torch.autocast(self.device.type, enabled=False):
            self._validate(batch)

    def _validate(self, batch: Batch) -> None:
        scale, small_maps = batch.scale, self.recipe.small_maps[0]
        if not len(batch.hr_depth):
            return
        lr_depth, low, span = self._small(batch, small_maps)
        small = (lr_depth - low) / span
        prediction = self.averaged(small, scale)
        targets, valids = self._targets(batch, small_maps.degradation)
        truths = [(target - low) / span for target in targets]
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
            span=span,
        )
        if is_main() and scale == max(mix.scale for mix in self.recipe.crops):
            stages = tuple(depth * span + low for depth in prediction.stages)
            made = Prediction(stages, prediction.fused * span + low)
            self.panels = panels_of(batch, lr_depth, made, targets, valids, self.recipe.panels)

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
