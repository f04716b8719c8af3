"""Crops of maps that can be read in any order; each a function of (seed, number) alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dsdmsr.data.crops.source import CropStack, MapCrop, stack
from dsdmsr.data.crops.windows import choose_window, cut
from dsdmsr.data.prepared.index import image_column, read_index
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.data.prepared.splits import Split
from dsdmsr.data.prepared.storage import StoredMap
from dsdmsr.data.seeds import generator
from dsdmsr.data.sources.source import Source
from dsdmsr.errors import DataError
from dsdmsr.io import read_numbers

__all__ = ["Folder", "Pyramid"]

_MAPS_TRIED = 50
_SERIES = 2**61
"""Where the generators begin that belong to a crop's number, away from those of scenes."""


class Folder:
    """Crops of a data set's maps as they are on the disk, without preparing it.

    Args:
        source: The data set; see `dsdmsr.data.sources`.
        split: Which of its scenes.

    Raises:
        DataError: If the split has no map.
    """

    def __init__(self, source: Source, split: Split = "train") -> None:
        self._source = source
        frames = zip(source.frames, source.split_of, strict=True)
        self._frames = [frame for frame, other in frames if other == split]
        self._where = f"the {split} split of the {source.name} set"
        _check_count(len(self._frames), self._where)

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> CropStack:
        """Read maps and crop them; see `CropSource`."""
        return _random_crops(self._read, len(self._frames), self._where, seed, numbers, size)

    def _read(self, index: int) -> StoredMap:
        frame = self._frames[index]
        depth = self._source.read(frame).depth
        values = np.where(depth.valid, depth.values, np.float32("nan"))
        return StoredMap(numbers=values, kind=depth.kind, name=f"map {frame.key}")


class Pyramid:
    """Crops of the largest levels of a pyramid.

    Args:
        folder: A folder that ``dsdmsr prepare dtu --pyramid`` has written.
        split: Which of its scenes.

    Raises:
        DataError: If it is no such folder, a file is missing, or splits share a scene.
    """

    def __init__(self, folder: Path, split: Split = "train") -> None:
        columns = [image_column(level_name(size)) for size in LEVELS]
        self._folder = folder
        self._records: list[dict[str, str]] = []
        for row in read_index(folder, split):
            path = next((row[column] for column in columns if row.get(column)), None)
            if path is None:
                raise DataError(f"{folder} has no level of {row['key']}: prepare it with --pyramid")
            if not (folder / path).is_file():
                raise DataError(f"{folder / path} is missing: prepare the set again")
            needed = {key: row[key] for key in ("quantum", "offset", "kind")}
            self._records.append({"path": path, **needed})
        self._where = f"the {split} split of {folder}"
        _check_count(len(self._records), self._where)

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> CropStack:
        """Read maps and crop them; see `CropSource`."""
        return _random_crops(self._read, len(self._records), self._where, seed, numbers, size)

    def _read(self, index: int) -> StoredMap:
        record = self._records[index]
        path = self._folder / record["path"]
        try:
            return StoredMap.from_record(read_numbers(path), record, f"map {record['path']}")
        except ValueError as error:
            raise DataError(f"{path} is not what the index says: {error}") from error


def _check_count(count: int, where: str) -> None:
    """Check that there is a map.

    Raises:
        DataError: If there is none.
    """
    if not count:
        raise DataError(f"{where} has no map")


def _random_crops(
    read: Callable[[int], StoredMap],
    count: int,
    where: str,
    seed: int,
    numbers: Sequence[int],
    size: int,
) -> CropStack:
    """Return crops of random maps; see `CropSource`.

    Args:
        read: Reads the map of an index.
        count: How many maps there are.
        where: Which maps they are, for people.
        seed: See `CropSource.crops`.
        numbers: See `CropSource.crops`.
        size: See `CropSource.crops`.
    """

    def crop(rng: np.random.Generator) -> MapCrop:
        for _ in range(_MAPS_TRIED):
            stored = read(int(rng.integers(count)))
            if min(stored.numbers.shape) >= size:
                return cut(stored, choose_window(rng, stored.numbers, size))
        raise DataError(f"{where}: no map of {_MAPS_TRIED} has {size}×{size} pixels")

    return stack([crop(generator(seed, _SERIES + number)) for number in numbers])
