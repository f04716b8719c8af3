"""Training examples: low-resolution maps from crops, and the target at every stage's size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from dsdmsr.data.batches import Batch, Batches
from dsdmsr.data.scenes.sampling import choose
from dsdmsr.data.seeds import generator
from dsdmsr.degradation.degrade import degrade, stage_truths
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.depth.map import Kind
from dsdmsr.depth.normalise import value_range
from dsdmsr.training.noise import add_noise
from dsdmsr.training.recipe import DegradationMix

__all__ = ["ExampleBatches", "Examples", "sample_degradation", "make_examples", "normalise_crops"]

_SERIES = 2**62


class Examples(NamedTuple):
    """Low-resolution maps, normalised to 0…1, and their targets."""

    lr_depth: Tensor
    """b 1 h w, its holes filled as for upscaling."""
    targets: tuple[Tensor, ...]
    """Ground truth at each stage's size, smallest first, in the low-resolution maps' normalised
    unit."""
    valids: tuple[Tensor, ...]
    """Valid pixels of the targets."""
    low: Tensor
    """Value of each map that is normalised to 0, in the map's unit, b 1 1 1."""
    span: Tensor
    """Difference of values of each map that is normalised to 1, b 1 1 1."""
    scale: int
    kinds: tuple[Kind, ...]
    """Kind of each map's values."""
    names: tuple[str, ...]
    """Name of each map, for messages."""


def sample_degradation(mixes: Sequence[DegradationMix], seed: int, series: int) -> DegradationMix:
    """Return a batch's degradation: a function of the seed and its first crop's number."""
    rng = generator(seed, _SERIES + series)
    return mixes[choose(rng, np.cumsum([mix.share for mix in mixes]))]


def make_examples(batch: Batch, mix: DegradationMix, seed: int) -> Examples:
    """Degrade a batch; noise depends on the seed and each crop's number alone."""
    depth, valid = batch.hr_depth, batch.valid
    lr_depth, lr_valid = degrade(depth, batch.scale, mix.degradation, valid)
    if mix.rounded:
        whole = (depth == depth.round()).all(3, True).all(2, True)
        lr_depth = torch.where(whole, lr_depth.round(), lr_depth)
    if mix.noise is not None:
        lr_depth, lr_valid = add_noise(lr_depth, lr_valid, mix.noise, seed, batch.numbers)
    low, span = normalise_crops(lr_depth, lr_valid)
    if not bool(lr_valid.all()):
        pairs = zip(lr_depth.numpy(), lr_valid.numpy(), strict=True)
        filled = [fill_nearest(depth[0], valid[0])[None] for depth, valid in pairs]
        lr_depth = torch.from_numpy(np.stack(filled))
    stages = stage_truths(depth, valid, batch.scale, mix.degradation)
    return Examples(
        lr_depth=(lr_depth - low) / span,
        targets=tuple((target - low) / span for target, _ in stages),
        valids=tuple(valid for _, valid in stages),
        low=low,
        span=span,
        scale=batch.scale,
        kinds=batch.kinds,
        names=batch.names,
    )


def normalise_crops(lr_depth: Tensor, lr_valid: Tensor) -> tuple[Tensor, Tensor]:
    """Return each crop's offset and range over its valid pixels, b 1 1 1; range 1 if constant."""
    crops = zip(lr_depth.cpu().numpy(), lr_valid.cpu().numpy(), strict=True)
    ranges = lr_depth.new_tensor([value_range(depth, valid) for depth, valid in crops])
    low, high = ranges.reshape(-1, 2, 1, 1, 1).unbind(1)
    span = high - low
    return low, torch.where(span > 0, span, 1.0)


class ExampleBatches(IterableDataset[Examples]):
    """Turn batch after batch into examples, in the DataLoader's workers.

    Args:
        batches: The batches.
        degradations: The degradations, sampled for each batch.
        seed: See `sample_degradation` and `make_examples`.
    """

    def __init__(self, batches: Batches, degradations: Sequence[DegradationMix], seed: int) -> None:
        super().__init__()
        self.batches, self.degradations, self.seed = batches, degradations, seed

    def __iter__(self) -> Iterator[Examples]:
        """Yield without end."""
        for batch in self.batches:
            mix = sample_degradation(self.degradations, self.seed, batch.series)
            yield make_examples(batch, mix, self.seed)
