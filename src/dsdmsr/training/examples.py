"""Training examples: low-resolution maps degraded from crops, and the target of every stage."""

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
from dsdmsr.degradation.degrade import degrade, stage_targets
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.depth.map import Kind
from dsdmsr.depth.normalise import offset_and_span
from dsdmsr.training.noise import add_noise
from dsdmsr.training.recipe import DegradationMix

__all__ = [
    "ExampleBatches",
    "Examples",
    "make_examples",
    "normalise_crops",
    "sample_degradation",
]

_SERIES = 2**62


class Examples(NamedTuple):
    """Low-resolution maps, normalised to 0…1, and the targets of a network's stages."""

    lr_depth: Tensor
    """b 1 h w, with holes filled as for upscaling."""
    targets: tuple[Tensor, ...]
    """At each stage's size, smallest first, normalised like the low-resolution maps."""
    valids: tuple[Tensor, ...]
    """Their valid pixels."""
    low: Tensor
    """Value of each map, in its own unit, that is 0 here, b 1 1 1."""
    span: Tensor
    """Difference of values of each map, in its own unit, that is 1 here, b 1 1 1."""
    scale: int
    kinds: tuple[Kind, ...]
    """Kind of each map's values."""
    names: tuple[str, ...]
    """Name of each map."""


def sample_degradation(options: Sequence[DegradationMix], seed: int, series: int) -> DegradationMix:
    """Return how a batch is degraded: a function of the seed and its first crop's number."""
    rng = generator(seed, _SERIES + series)
    return options[choose(rng, np.cumsum([option.share for option in options]))]


def make_examples(batch: Batch, degradations: DegradationMix, seed: int) -> Examples:
    """Make examples of a batch; noise depends on the seed and each crop's number alone."""
    depth, valid = batch.hr_depth, batch.valid
    lr_depth, lr_valid = degrade(depth, batch.scale, degradations.degradation, valid)
    if degradations.rounded:
        whole = (depth == depth.round()).all(3, True).all(2, True)
        lr_depth = torch.where(whole, lr_depth.round(), lr_depth)
    if degradations.noise is not None:
        lr_depth, lr_valid = add_noise(lr_depth, lr_valid, degradations.noise, seed, batch.numbers)
    low, span = normalise_crops(lr_depth, lr_valid)
    if not bool(lr_valid.all()):
        pairs = zip(lr_depth.numpy(), lr_valid.numpy(), strict=True)
        filled = [fill_nearest(depth[0], valid[0])[None] for depth, valid in pairs]
        lr_depth = torch.from_numpy(np.stack(filled))
    stages = stage_targets(depth, valid, batch.scale, degradations.degradation)
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
    """Return each crop's offset and span, b 1 1 1; see `dsdmsr.depth.normalise`."""
    pairs = [
        offset_and_span(depth[valid])
        for depth, valid in zip(lr_depth.numpy(), lr_valid.numpy(), strict=True)
    ]
    low, span = torch.tensor(pairs, dtype=lr_depth.dtype).T.reshape(2, -1, 1, 1, 1)
    return low, span


class ExampleBatches(IterableDataset[Examples]):
    """Make examples of batch after batch, in the processes that load them.

    Args:
        batches: The batches.
        options: How they may be degraded; sampled for each batch.
        seed: See `sample_degradation` and `make_examples`.
    """

    def __init__(self, batches: Batches, options: Sequence[DegradationMix], seed: int) -> None:
        super().__init__()
        self.batches, self.options, self.seed = batches, options, seed

    def __iter__(self) -> Iterator[Examples]:
        """Yield without end."""
        for batch in self.batches:
            sample = sample_degradation(self.options, self.seed, batch.series)
            yield make_examples(batch, sample, self.seed)
