"""Endless batches of crops, each a function of (seed, number) alone if its source is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from dsdmsr.data.crops import CropSource
from dsdmsr.data.ranks import SINGLE_PROCESS, Rank
from dsdmsr.data.scenes.sampling import choose
from dsdmsr.data.seeds import generator
from dsdmsr.depth.map import Kind
from dsdmsr.errors import ConfigError
from dsdmsr.scales import check_scale

__all__ = ["Batch", "Batches", "CropMix", "make_batch"]


@dataclass(frozen=True, kw_only=True)
class CropMix:
    """Say how often, and with which crops, one factor is trained.

    Raises:
        ConfigError: If a number is not positive, or the crop is not a multiple of the factor.
    """

    scale: int
    """The factor."""
    crop: int
    """Side of the square high-resolution crop, in pixels."""
    batch: int
    """Crops in a batch."""
    share: float = 1.0
    """How often this factor is sampled, relative to the others."""

    def __post_init__(self) -> None:
        check_scale(self.scale)
        if min(self.crop, self.batch, self.share) <= 0:
            raise ConfigError("crop, batch and share are positive numbers")
        if self.crop % self.scale:
            raise ConfigError(f"crop is {self.crop}: give a multiple of the scale, {self.scale}")


class Batch(NamedTuple):
    """High-resolution crops to predict from maps downsampled by `scale`."""

    hr_depth: Tensor
    """b 1 H W, float32."""
    valid: Tensor
    """b 1 H W, bool."""
    scale: int
    series: int
    """Number of the first crop of the whole batch, of which this may be a process's share."""
    numbers: tuple[int, ...]
    """Of the crops here."""
    kinds: tuple[Kind, ...]
    """The kind of each crop's values."""
    names: tuple[str, ...]
    """What each crop is of."""


def make_batch(
    seed: int,
    number: int,
    mixes: tuple[CropMix, ...],
    source: CropSource,
    rank: Rank = SINGLE_PROCESS,
) -> Batch:
    """Make batch `number` of the series `seed`, or a process's share of it.

    The factor is sampled by the shares of `mixes`. Each crop is turned by quarters, flipped, and in
    half of the cases negated, so that near values are the greatest or the least.

    Raises:
        ConfigError: If the share is empty: there are more processes than crops.
    """
    rng = generator(seed, 2**63 + number)
    mix = mixes[choose(rng, np.cumsum([mix.share for mix in mixes]))]
    series = number * max(m.batch for m in mixes)
    own = rank.slice(mix.batch)
    numbers = range(series, series + mix.batch)[own]
    if not numbers:
        raise ConfigError(f"×{mix.scale} has batches of {mix.batch} for {rank.of} processes")
    cropped = source.crops(seed, numbers, mix.crop)
    poses = [(int(rng.integers(4)), *(rng.random(2) < 0.5)) for _ in range(mix.batch)]
    crops = []
    for depth, valid, pose in zip(cropped.hr_depth, cropped.valid, poses[own], strict=True):
        turns, mirrored, negated = pose
        pair = torch.rot90(torch.cat([-depth if negated else depth, valid]), turns, (1, 2))
        crops.append(pair.flip(2) if mirrored else pair)
    pairs = torch.stack(crops)
    return Batch(
        hr_depth=pairs[:, :1].contiguous(),
        valid=pairs[:, 1:] > 0,
        scale=mix.scale,
        series=series,
        numbers=tuple(numbers),
        kinds=cropped.kinds,
        names=cropped.names,
    )


class Batches(IterableDataset[Batch]):
    """Iterate over `make_batch` from number `start` on, without end.

    Workers share the numbers out between them, in an order that a `DataLoader` with
    ``batch_size=None`` undoes; so the series doesn't depend on their number.

    Args:
        seed: See `make_batch`.
        mixes: See `make_batch`.
        source: See `make_batch`.
        start: The first number.
        rank: See `make_batch`.
    """

    def __init__(
        self,
        seed: int,
        mixes: tuple[CropMix, ...],
        source: CropSource,
        start: int = 0,
        rank: Rank = SINGLE_PROCESS,
    ) -> None:
        super().__init__()
        self.seed, self.mixes, self.source, self.start = seed, mixes, source, start
        self.rank = rank

    def __iter__(self) -> Iterator[Batch]:
        """Yield batch after batch."""
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        number = self.start + first
        while True:
            yield make_batch(self.seed, number, self.mixes, self.source, self.rank)
            number += step
