"""Lightning module of a recipe: losses, schedule, averaged weights and validation."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import lightning
import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from dsdmsr.degradation.resample import resize
from dsdmsr.errors import TrainingError
from dsdmsr.nn import DSDMSR, Prediction, deep_supervision_loss
from dsdmsr.nn.losses import expectation_loss, of_one_process, surface_loss
from dsdmsr.nn.symmetry import symmetrise_gradients
from dsdmsr.pictures.panels import Panel
from dsdmsr.training.divergence import describe_divergence, divergence_threshold
from dsdmsr.training.examples import Examples
from dsdmsr.training.loaders import train_loader, validation_loader
from dsdmsr.training.optimizers import OPTIMIZERS
from dsdmsr.training.panels import panels_of
from dsdmsr.training.processes import is_main, largest_of_processes, mean_of_processes
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.validation import ValidationFigures

__all__ = ["TrainingModule"]


class TrainingModule(lightning.LightningModule):
    """Train a recipe's network.

    Attributes:
        panels: Those of the last validation at the largest scale, in the main process.
        seconds: Training time after the last step, including that before a resume.
        loss: The last step's loss, over all processes.

    Args:
        recipe: The settings of the run.
        start: The number of the first batch, which is the number of steps taken before.
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
        """Update the averaged weights; faster in the first steps, to forget the initial ones."""
        n = float(count)
        decay = min(self.recipe.ema, (1 + n) / (10 + n))
        torch._foreach_lerp_(list(averaged), list(current), 1 - decay)

    # Data

    def train_dataloader(self) -> DataLoader[Examples]:
        """Return the endless batches, from `start` on."""
        return train_loader(self.recipe, self.start, self.device.type)

    def val_dataloader(self) -> DataLoader[Examples]:
        """Return one batch of held-out maps for each scale that is trained, always the same."""
        return validation_loader(self.recipe)

    # Optimisation

    def _elapsed(self) -> float:
        return self.seconds_before + time.monotonic() - self._began

    @property
    def progress(self) -> float:
        """Fraction of the run that is done, 0 to 1."""
        recipe = self.recipe
        if recipe.steps is not None:
            return min(1.0, self.global_step / recipe.steps)
        # The recipe has checked that one of the two is given.
        return min(1.0, self.seconds / (60 * cast(float, recipe.minutes)))

    def validates_now(self) -> bool:
        """Return whether a validation follows the step that has just been taken."""
        return self.progress >= 1 or self.global_step % self.recipe.validate_every == 0

    def learning_rate(self) -> float:
        """Return the current rate: linear warm-up, then the recipe's schedule."""
        recipe = self.recipe
        warmup = min(1.0, (self.global_step + 1) / recipe.warmup)
        if recipe.schedule == "cosine":
            decay = 0.01 + 0.99 * (1 + math.cos(math.pi * self.progress)) / 2
        else:
            decay = 0.1 ** min(recipe.drops, int(self.progress * (recipe.drops + 1)))
        return recipe.learning_rate * warmup * decay

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
        """Clip as the recipe says; make the gradients of a symmetric network symmetric first."""
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
        targets, valids = examples.targets, examples.valids
        prediction = self.model(examples.lr_depth, examples.scale)
        loss = self._loss(prediction, targets, valids, mean_of_processes)
        own = loss.detach()
        self.loss = float(mean_of_processes(own))
        threshold = divergence_threshold(self.recipe, targets[-1])
        if not self.loss < threshold:
            cause = describe_divergence(examples, prediction.fused, float(own), threshold)
            raise TrainingError(f"the loss is {self.loss:.3g} at step {self.global_step}, {cause}")
        if prediction.log_error is not None:
            error = prediction.fused.float() - targets[-1]
            loss = loss + expectation_loss(
                prediction.log_error, error, valids[-1], mean=mean_of_processes
            )
        return loss

    def _loss(
        self,
        prediction: Prediction,
        targets: Sequence[Tensor],
        valids: Sequence[Tensor],
        mean: Callable[[Tensor], Tensor] = of_one_process,
    ) -> Tensor:
        recipe = self.recipe
        loss = deep_supervision_loss(
            prediction,
            targets,
            valids,
            kind=recipe.loss,
            mse_weight=recipe.mse_weight,
            stage_weights=recipe.stage_weights,
            mean=mean,
        )
        if recipe.surface_weight:
            grain = surface_loss(prediction.fused, targets[-1], valids[-1], mean=mean)
            loss = loss + recipe.surface_weight * grain
        return loss

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Take a step, update the averaged weights, and read the clock."""
        super().optimizer_step(*args, **kwargs)
        self.averaged.update_parameters(self.model)
        self.seconds = largest_of_processes(self._elapsed(), self.device)

    def on_train_batch_end(self, outputs: Any, batch: Examples, batch_idx: int) -> None:
        """Stop when the run's length is reached."""
        if self.progress >= 1:
            self.trainer.should_stop = True

    # Validation

    def validation_step(self, examples: Examples, batch_idx: int) -> None:
        """Add a batch to the validation's figures; keep panels of the largest scale.

        In full precision, whatever the training's, since that is how the network will be used.
        """
        with torch.autocast(self.device.type, enabled=False):
            prediction = self.averaged(examples.lr_depth, examples.scale)
            losses, expectations = self._losses_of_maps(prediction, examples)
            self.figures.add(
                examples.scale,
                prediction,
                resize(examples.lr_depth, examples.scale),
                examples.targets,
                examples.valids,
                losses=losses,
                expectations=expectations,
                span=examples.span,
            )
            if is_main() and examples.scale == max(mix.scale for mix in self.recipe.crops):
                self.panels = panels_of(examples, prediction, self.recipe.panels)

    def _losses_of_maps(
        self, prediction: Prediction, examples: Examples
    ) -> tuple[Tensor, Tensor | None]:
        """Return each map's loss and, if errors are estimated, its `expectation_loss`."""
        targets, valids = examples.targets, examples.valids
        maps = [slice(k, k + 1) for k in range(len(examples.lr_depth))]
        losses = [
            self._loss(prediction.part(one), [t[one] for t in targets], [v[one] for v in valids])
            for one in maps
        ]
        if prediction.log_error is None:
            return torch.stack(losses), None
        error = prediction.fused.float() - targets[-1]
        expectations = [
            expectation_loss(prediction.log_error[one], error[one], valids[-1][one]) for one in maps
        ]
        return torch.stack(losses), torch.stack(expectations)

    def on_validation_epoch_end(self) -> None:
        """Log the validation's figures."""
        figures = self.figures.compute()
        if self.recipe.trains == "expected_errors":
            figures["val/score"] = torch.stack(
                [figures[f"val/expectation_x{scale}"] for scale in self.figures.scales]
            ).mean()
        self.log_dict(figures, batch_size=1)
        self.figures.reset()

    # Checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Store the time spent."""
        checkpoint["seconds"] = self._elapsed()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the time spent."""
        self.seconds_before = float(checkpoint["seconds"])
