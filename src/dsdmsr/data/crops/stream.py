"""Crops of maps that stream from shards."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from torch.utils.data import get_worker_info

from dsdmsr.data.crops.source import CropStack, MapCrop, stack
from dsdmsr.data.crops.windows import choose_window, cut
from dsdmsr.data.prepared.index import read_index
from dsdmsr.data.prepared.shards import decode_sample, read_samples
from dsdmsr.data.prepared.splits import Split
from dsdmsr.data.prepared.storage import StoredMap
from dsdmsr.data.ranks import SINGLE_PROCESS, Rank
from dsdmsr.data.seeds import generator
from dsdmsr.errors import DataError, needing

__all__ = ["Shards"]

_SHUFFLED = 16
"""Maps that wait, shuffled, as they are in the shard."""
_OPEN = 16
"""Maps that crops come from at one time."""
_USED = 0.25
"""Area of the crops from a map, relative to the map's, after which another takes its place."""

_MAPS_TRIED = 1000
"""Maps too small that are passed over before giving up."""


class Shards:
    """Crops of maps that stream from shards, each map once an epoch, in an order that is shuffled.

    Nodes and worker processes share the shards out between them, or, if there are fewer shards
    than processes, their maps. What comes depends on the seed and on how many processes there are;
    unlike other sources, a stream that is begun again doesn't go on where it was.

    Args:
        folder: A folder that ``dsdmsr prepare`` has written.
        split: Which of its scenes.
        rank: Which of the nodes' processes this is; each has worker processes of its own.

    Raises:
        DataError: If it is no such folder, a shard is missing, or splits share a scene.
        DependencyError: If webdataset is not installed.
    """

    def __init__(self, folder: Path, split: Split = "train", rank: Rank = SINGLE_PROCESS) -> None:
        with needing("reading shards"):
            import webdataset  # noqa: F401
        sizes: dict[str, str] = {}
        for row in read_index(folder, split):
            if not row.get("shard_path"):
                raise DataError(f"{folder} has no shards: prepare it with --shards")
            sizes[row["shard_path"]] = row.get("shard_bytes") or ""
        self._shards = [folder / name for name in sizes]
        self._split, self._rank = split, rank
        self._where = f"the {split} split of {folder}"
        for path in self._shards:
            if not path.is_file() or str(path.stat().st_size) != sizes[path.name]:
                raise DataError(f"{path} is missing or cut off: prepare the set with --resume")
        if not self._shards:
            raise DataError(f"{self._where} has no map")
        self._stream: Iterator[StoredMap] | None = None
        self._rng = np.random.default_rng(0)
        self._open: list[StoredMap] = []
        self._left: list[float] = []

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> CropStack:
        """Return the next crops; see `CropSource`."""
        if self._stream is None:
            self._stream = self._maps(seed)
            self._rng = generator(seed, numbers[0])
        return stack([self._crop(self._stream, size) for _ in numbers])

    def _crop(self, stream: Iterator[StoredMap], size: int) -> MapCrop:
        for _ in range(_MAPS_TRIED):
            if len(self._open) < _OPEN:
                self._open.append(next(stream))
                # Maps that come at one time would also go at one time.
                self._left.append(_USED * self._rng.random())
            slot = int(self._rng.integers(len(self._open)))
            stored = self._open[slot]
            fits = min(stored.numbers.shape) >= size
            self._left[slot] -= size**2 / stored.numbers.size if fits else 1
            if self._left[slot] <= 0:
                self._open[slot], self._left[slot] = next(stream), _USED
            if fits:
                return cut(stored, choose_window(self._rng, stored.numbers, size))
        raise DataError(f"{self._where}: no map of {_MAPS_TRIED} has {size}×{size} pixels")

    def _reader(self) -> Rank:
        """Return which this is of all processes that read, over nodes and workers."""
        worker = get_worker_info()
        return self._rank if worker is None else self._rank.of_worker(worker.id, worker.num_workers)

    def _maps(self, seed: int) -> Iterator[StoredMap]:
        """Yield maps without end."""
        import webdataset

        rank, of = self._reader()
        by_shard = len(self._shards) >= of
        for epoch in count():
            order = random.Random(f"{seed} {epoch}")
            shards = order.sample(self._shards, len(self._shards))
            own = shards[rank::of] if by_shard else shards
            samples = (sample for path in own for sample in read_samples(path))
            if not by_shard:
                samples = (sample for k, sample in enumerate(samples) if k % of == rank)
            some = False
            for sample in webdataset.shuffle(_SHUFFLED, rng=order)(samples):
                some = True
                yield decode_sample(sample, self._split)
            if not some:
                raise DataError(f"{self._where} has fewer maps than there are processes to read")
