"""Data loaders of training and validation."""

from __future__ import annotations

import os
import signal

from torch.utils.data import DataLoader

from dsdmsr.data.batches import Batch, Batches, CropMix, make_batch
from dsdmsr.data.ranks import Rank
from dsdmsr.data.seeds import LARGEST_SEED
from dsdmsr.training.examples import ExampleBatches, Examples, make_examples
from dsdmsr.training.processes import process_count, rank
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.sources import crop_source, validation_crop, validation_source

__all__ = ["train_loader", "validation_loader", "worker_count"]

_VALIDATION_SEED = LARGEST_SEED


def worker_count(asked: int | None, device: str) -> int:
    """Return the number of DataLoader workers: `asked`, or by the kind of device."""
    if asked is not None:
        return asked
    return 1 if device == "cpu" else max(1, (os.cpu_count() or 1) - 2)


def _ignore_signals(worker: int) -> None:
    """Leave signals to the parent process, which ends its workers."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def train_loader(recipe: Recipe, start: int, device: str) -> DataLoader[Examples]:
    """Return this process's share of the endless batches, from number `start` on."""
    share = Rank(rank(), process_count())
    source = crop_source(recipe, share)
    batches = Batches(recipe.seed, recipe.crops, source, start, share, uses=recipe.uses)
    workers = worker_count(recipe.workers, device)
    return DataLoader(
        ExampleBatches(batches, recipe.degradations, recipe.seed),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        pin_memory=device == "cuda",
        # The trainer ends only persistent workers when a batch fails, and they ignore signals.
        persistent_workers=workers > 0,
        worker_init_fn=_ignore_signals,
    )


def validation_loader(recipe: Recipe) -> DataLoader[Examples]:
    """Return one batch of held-out maps for each scale that is trained, always the same.

    Each process gets its share of the batch.
    """
    source, count = validation_source(recipe), recipe.validation_maps
    share = Rank(rank(), process_count()).slice(count)
    examples = []
    for scale in sorted({mix.scale for mix in recipe.crops}):
        mix = CropMix(scale=scale, crop=validation_crop(recipe, scale), batch=count)
        # Maps that stream have an order, so each process reads all of them to find its own.
        batch = _sliced(make_batch(_VALIDATION_SEED, scale, (mix,), source), share)
        if len(batch.hr_depth):
            examples.append(make_examples(batch, recipe.degradations[0], recipe.seed))
    return DataLoader(examples, batch_size=None)  # type: ignore[arg-type]


def _sliced(batch: Batch, share: slice) -> Batch:
    return batch._replace(
        hr_depth=batch.hr_depth[share],
        valid=batch.valid[share],
        numbers=batch.numbers[share],
        kinds=batch.kinds[share],
        names=batch.names[share],
    )
