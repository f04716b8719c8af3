"""What a network learns from: small maps made of crops, and the truth at every stage's size."""

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
from dsdmsr.training.recipe import SmallMaps

__all__ = ["ExampleBatches", "Examples", "draw_small_maps", "make_examples", "normalise_crops"]

_SERIES = 2**62


class Examples(NamedTuple):
    """Small maps, normalised to 0…1, and what is to be made of them."""

    small: Tensor
    """b 1 h w, its holes filled as for upscaling."""
    truths: tuple[Tensor, ...]
    """At each stage's size, smallest first, in the small maps' normalised unit."""
    valids: tuple[Tensor, ...]
    """What of them is valid."""
    low: Tensor
    """What is 0 of each map, in its own unit, b 1 1 1."""
    span: Tensor
    """How much is 1 of each map, b 1 1 1."""
    scale: int
    kinds: tuple[Kind, ...]
    """What the values of each map are."""
    names: tuple[str, ...]
    """What each map is of."""


def draw_small_maps(options: Sequence[SmallMaps], seed: int, series: int) -> SmallMaps:
    """Return how a batch is made small: a function of the seed and its first crop's number."""
    rng = generator(seed, _SERIES + series)
    return options[choose(rng, np.cumsum([option.share for option in options]))]


def make_examples(batch: Batch, small_maps: SmallMaps, seed: int) -> Examples:
    """Make examples of a batch; noise depends on the seed and each crop's number alone."""
    depth, valid = batch.hr_depth, batch.valid
    small, lr_valid = degrade(depth, batch.scale, small_maps.degradation, valid)
    if small_maps.rounded:
        whole = (depth == depth.round()).all(3, True).all(2, True)
        small = torch.where(whole, small.round(), small)
    if small_maps.noise is not None:
        small, lr_valid = add_noise(small, lr_valid, small_maps.noise, seed, batch.numbers)
    low, span = normalise_crops(small, lr_valid)
    if not bool(lr_valid.all()):
        pairs = zip(small.numpy(), lr_valid.numpy(), strict=True)
        filled = [fill_nearest(depth[0], valid[0])[None] for depth, valid in pairs]
        small = torch.from_numpy(np.stack(filled))
    stages = stage_truths(depth, valid, batch.scale, small_maps.degradation)
    return Examples(
        small=(small - low) / span,
        truths=tuple((truth - low) / span for truth, _ in stages),
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
    """Make examples of batch after batch, in the processes that draw them.

    Args:
        batches: The batches.
        options: How small maps may be made of them; drawn for each batch.
        seed: See `draw_small_maps` and `make_examples`.
    """

    def __init__(self, batches: Batches, options: Sequence[SmallMaps], seed: int) -> None:
        super().__init__()
        self.batches, self.options, self.seed = batches, options, seed

    def __iter__(self) -> Iterator[Examples]:
        """Yield without end."""
        for batch in self.batches:
            chosen = draw_small_maps(self.options, self.seed, batch.series)
            yield make_examples(batch, chosen, self.seed)
