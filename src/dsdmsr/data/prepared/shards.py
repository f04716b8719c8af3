"""Crops of maps that stream from shards."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torch.utils.data import get_worker_info

from dsdmsr.data.batches import WHOLE, Part
from dsdmsr.data.crops import (
    Crop,
    Crops,
    StoredMap,
    choose_window,
    cut,
    read_index,
    stack,
    stored_map,
)
from dsdmsr.data.prepared.splits import Split
from dsdmsr.data.seeds import generator
from dsdmsr.errors import DataError
from dsdmsr.io.checks import in_one_line

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
        folder: What ``dsdmsr prepare`` has written.
        split: Which of its scenes.
        part: Which of the nodes' processes this is; each has worker processes of its own.

    Raises:
        DataError: If it is no such folder, a shard is missing, or splits share a scene.
    """

    def __init__(self, folder: Path, split: Split = "train", part: Part = WHOLE) -> None:
        names: dict[str, str] = {}
        for row in read_index(folder, split):
            if not row.get("shard_path"):
                raise DataError(f"{folder} has no shards: prepare it with --shards")
            names[row["shard_path"]] = row.get("shard_bytes") or ""
        self._shards = [folder / name for name in names]
        self._split, self._part = split, part
        self._where = f"the {split} split of {folder}"
        for path in self._shards:
            if not path.is_file() or str(path.stat().st_size) != names[path.name]:
                raise DataError(f"{path} is missing or cut off: prepare the set with --resume")
        if not self._shards:
            raise DataError(f"{self._where} has no map")
        self._stream: Iterator[StoredMap] | None = None
        self._rng = np.random.default_rng(0)
        self._open: list[StoredMap] = []
        self._left: list[float] = []

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> Crops:
        """Return the next crops; see `dsdmsr.data.crops.CropSource`."""
        if self._stream is None:
            self._stream = self._maps(seed)
            self._rng = generator(seed, numbers[0])
        return stack([self._crop(self._stream, size) for _ in numbers])

    def _crop(self, stream: Iterator[StoredMap], size: int) -> Crop:
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

    def _place(self) -> Part:
        """Return which this is of all processes that read, over nodes and workers."""
        worker = get_worker_info()
        number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        return Part(self._part.rank * workers + number, self._part.of * workers)

    def _maps(self, seed: int) -> Iterator[StoredMap]:
        """Yield maps without end."""
        import webdataset

        rank, of = self._place()
        by_shard = len(self._shards) >= of
        for epoch in count():
            order = random.Random(f"{seed} {epoch}")
            shards = order.sample(self._shards, len(self._shards))
            mine = shards[rank::of] if by_shard else shards
            samples = (sample for path in mine for sample in _samples(path))
            if not by_shard:
                samples = (sample for k, sample in enumerate(samples) if k % of == rank)
            found = False
            for sample in webdataset.shuffle(_SHUFFLED, rng=order)(samples):
                found = True
                yield _decode(sample, self._split)
            if not found:
                raise DataError(f"{self._where} has fewer maps than there are processes to read")


def _samples(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the samples of a shard.

    Raises:
        DataError: If it is damaged.
    """
    from webdataset.tariterators import group_by_keys, tar_file_expander

    try:
        with path.open("rb") as stream:
            opened = {"url": str(path), "stream": stream}
            yield from group_by_keys(tar_file_expander(iter([opened])))
    except Exception as error:  # webdataset lets through whatever is raised on the way
        reason = in_one_line(Exception(*error.args[:1]))
        raise DataError(f"{path} is damaged: {reason}; prepare the set again") from error


def _decode(sample: dict[str, Any], split: Split) -> StoredMap:
    """Return a sample's map.

    Raises:
        DataError: If it is no sample of ours, or of another split.
    """
    where = f"sample {sample.get('__key__')} of {sample.get('__url__')}"
    try:
        about = json.loads(sample["json"])
        if about["split"] != split:
            raise DataError(f"{where} is of the {about['split']} split, not {split}: prepare again")
        if about["quantum"] is None:
            numbers = np.load(io.BytesIO(sample["npy"]), allow_pickle=False)
        else:
            with Image.open(io.BytesIO(sample["png"]), formats=["PNG"]) as image:
                numbers = np.asarray(image).astype(np.uint16)
        if numbers.shape != (about["height"], about["width"]):
            raise ValueError(f"it has {numbers.shape} pixels")
        return stored_map(numbers, about["quantum"], about["offset"], about["kind"], where)
    except (EOFError, KeyError, OSError, SyntaxError, TypeError, ValueError) as error:
        raise DataError(f"{where} is damaged: {in_one_line(error)}; prepare it again") from error
