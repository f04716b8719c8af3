"""Endless batches of crops, each a function of (seed, number) alone if its source is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from dsdmsr.data.crops import CropSource, CropStack
from dsdmsr.data.ranks import SINGLE_PROCESS, Rank
from dsdmsr.data.scenes.sampling import choose
from dsdmsr.data.seeds import generator
from dsdmsr.depth.map import Kind
from dsdmsr.errors import ConfigError
from dsdmsr.scales import check_scale

__all__ = ["Batch", "Batches", "CropMix", "make_batch"]

_APART, _TOGETHER = 16, 4
"""See `Batches._drawn_as`."""
_KEPT = _APART * _TOGETHER
"""So many batches' crops are kept, where they are used again."""
_ORDERS = 5 * 2**60
"""Numbers from here on give the orders in which crops are used."""


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


class _Drawn(NamedTuple):
    """The crops of a batch before they are turned."""

    mix: CropMix
    crops: CropStack


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
    return _posed(seed, number, mixes, _drawn(seed, number, mixes, source, rank), rank)


def _random(seed: int, number: int, mixes: tuple[CropMix, ...]) -> tuple[CropMix, Generator]:
    """Return what batch `number` is of, and the random numbers for its poses."""
    rng = generator(seed, 2**63 + number)
    return mixes[choose(rng, np.cumsum([mix.share for mix in mixes]))], rng


def _numbers(number: int, mixes: tuple[CropMix, ...], count: int, rank: Rank) -> range:
    """Return the numbers of a process's share of the `count` crops of batch `number`."""
    series = number * max(m.batch for m in mixes)
    return range(series, series + count)[rank.slice(count)]


def _drawn(
    seed: int, number: int, mixes: tuple[CropMix, ...], source: CropSource, rank: Rank
) -> _Drawn:
    mix, _ = _random(seed, number, mixes)
    numbers = _numbers(number, mixes, mix.batch, rank)
    if not numbers:
        raise ConfigError(f"×{mix.scale} has batches of {mix.batch} for {rank.of} processes")
    return _Drawn(mix, source.crops(seed, numbers, mix.crop))


def _posed(seed: int, number: int, mixes: tuple[CropMix, ...], drawn: _Drawn, rank: Rank) -> Batch:
    """Return drawn crops as batch `number`, each turned, flipped and negated at random."""
    mix, cropped = drawn
    _, rng = _random(seed, number, mixes)
    poses = [(int(rng.integers(4)), *(rng.random(2) < 0.5)) for _ in range(mix.batch)]
    own = poses[rank.slice(mix.batch)]
    crops = []
    for depth, valid, pose in zip(cropped.hr_depth, cropped.valid, own, strict=True):
        turns, mirrored, negated = pose
        pair = torch.rot90(torch.cat([-depth if negated else depth, valid]), turns, (1, 2))
        crops.append(pair.flip(2) if mirrored else pair)
    pairs = torch.stack(crops)
    return Batch(
        hr_depth=pairs[:, :1].contiguous(),
        valid=pairs[:, 1:] > 0,
        scale=mix.scale,
        series=number * max(m.batch for m in mixes),
        numbers=tuple(_numbers(number, mixes, mix.batch, rank)),
        kinds=cropped.kinds,
        names=cropped.names,
    )


class Batches(IterableDataset[Batch]):
    """Iterate over `make_batch` from number `start` on, without end.

    Workers share the numbers out between them, in an order that a `DataLoader` with
    ``batch_size=None`` undoes; so the series doesn't depend on their number.

    With `uses`, the same crops make several batches, each with poses of its own: rendering a scene
    takes longer than a step of a small network. They are mixed with others', and crops are drawn
    once by each worker, if the number of workers is a power of 2 up to 16.

    Args:
        seed: See `make_batch`.
        mixes: See `make_batch`.
        source: See `make_batch`.
        start: The first number.
        rank: See `make_batch`.
        uses: How many batches the same crops make.

    Source:
        Choi et al.: "Faster neural network training with data echoing", arXiv 1907.05550.
    """

    def __init__(
        self,
        seed: int,
        mixes: tuple[CropMix, ...],
        source: CropSource,
        start: int = 0,
        rank: Rank = SINGLE_PROCESS,
        *,
        uses: int = 1,
    ) -> None:
        super().__init__()
        self.seed, self.mixes, self.source, self.start = seed, mixes, source, start
        self.rank, self.uses = rank, uses

    def __iter__(self) -> Iterator[Batch]:
        """Yield batch after batch."""
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        number = self.start + first
        kept: dict[int, _Drawn] = {}
        while True:
            drawn_as = self._drawn_as(number)
            if drawn_as not in kept:
                if len(kept) == (_KEPT if self.uses > 1 else 1):
                    del kept[next(iter(kept))]
                kept[drawn_as] = _drawn(self.seed, drawn_as, self.mixes, self.source, self.rank)
            yield _posed(self.seed, number, self.mixes, kept[drawn_as], self.rank)
            number += step

    def _drawn_as(self, number: int) -> int:
        """Return the number of the batch whose crops make batch `number`.

        Numbers that are equal modulo 16 have crops in common. Of these, each block of 4·uses takes
        the crops of 4 batches, in random order.
        """
        if self.uses == 1:
            return number
        turn, rest = divmod(number, _APART)
        block, place = divmod(turn, _TOGETHER * self.uses)
        order = generator(self.seed, _ORDERS + block * _APART + rest).permutation(
            _TOGETHER * self.uses
        )
        return (block * _TOGETHER + int(order[place]) % _TOGETHER) * _APART + rest
