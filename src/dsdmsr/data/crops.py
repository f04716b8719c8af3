"""Square crops of depth maps to learn from, whatever the maps come from."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.data.prepared.index import COLUMNS, image_column
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.data.prepared.splits import SPLITS, Split
from dsdmsr.data.prepared.storage import restore
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.sampling import choose
from dsdmsr.data.seeds import generator
from dsdmsr.data.sources.source import Source
from dsdmsr.depth.map import Kind
from dsdmsr.errors import ConfigError, DataError
from dsdmsr.io import read_numbers

__all__ = [
    "Crops",
    "CropSource",
    "Folder",
    "Mixture",
    "Pyramid",
    "StoredMap",
    "Synthetic",
    "choose_window",
    "cut",
    "has_maps",
    "read_index",
    "stack",
    "stored_map",
]

_ENOUGH_VALID = 0.5
_WINDOWS_TRIED = 8
_SCENES_KIND: Kind = "inverse_depth"
_MAPS_TRIED = 50
_MAPS_SERIES, _MIXTURE_SERIES = 2**61, 2**60
"""Where the generators begin that belong to a crop's number, away from those of scenes."""


class Crops(NamedTuple):
    """Crops of depth maps."""

    hr_depth: Tensor
    """b 1 s s, float32."""
    valid: Tensor
    """b 1 s s, bool."""
    kinds: tuple[Kind, ...]
    """What the values of each crop are."""
    names: tuple[str, ...]
    """What each crop is of."""


class Crop(NamedTuple):
    """A crop of a map."""

    values: NDArray[np.float32]
    """0 where invalid."""
    valid: NDArray[np.bool_]
    """Which of them are valid."""
    kind: Kind
    """What the values are."""
    name: str
    """What it is of."""


class CropSource(Protocol):
    """Something that crops come from."""

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> Crops:
        """Return square crops of `size` pixels, one for each number of the series `seed`.

        Raises:
            DataError: If there is no map of that size, or a file is damaged.
        """
        ...


class Synthetic:
    """Crops that are scenes of their own; each is a function of (seed, number) alone.

    Args:
        scenes: What they look like.
    """

    def __init__(self, scenes: SceneConfig) -> None:
        self.scenes = scenes

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> Crops:
        """Draw the scenes; see `CropSource`."""
        depths, valids = render_scenes(seed, numbers, (size, size), self.scenes)
        names = tuple(f"scene {number} of seed {seed}" for number in numbers)
        return Crops(depths, valids, tuple(_SCENES_KIND for _ in numbers), names)


class StoredMap(NamedTuple):
    """A map as it is kept; see `dsdmsr.data.prepared.storage.Stored`."""

    numbers: NDArray[np.generic]
    quantum: float | None
    offset: float
    kind: Kind
    name: str


def stored_map(
    numbers: NDArray[Any], quantum: object, offset: object, kind: object, name: str
) -> StoredMap:
    """Check and return a map as it is kept.

    Raises:
        ValueError: If it cannot be one.
    """
    step = None if quantum in (None, "") else float(str(quantum))
    known = kind in get_args(Kind) and (step is None or 0 < step < np.inf)
    if not known or numbers.ndim != 2 or numbers.dtype.kind != ("f" if step is None else "u"):
        raise ValueError(f"{numbers.dtype} of kind {kind!r} and quantum {quantum!r} is no map")
    return StoredMap(numbers, step, float(str(offset)), cast(Kind, kind), name)


class _Maps(ABC):
    """Crops of maps that can be read in any order; each a function of (seed, number) alone."""

    def __init__(self, count: int, where: str) -> None:
        if not count:
            raise DataError(f"{where} has no map")
        self._count, self._where = count, where

    @abstractmethod
    def _read(self, index: int) -> StoredMap:
        """Read a map."""

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> Crops:
        """Read maps and crop them; see `CropSource`."""
        return stack([self._crop(generator(seed, _MAPS_SERIES + k), size) for k in numbers])

    def _crop(self, rng: np.random.Generator, size: int) -> Crop:
        for _ in range(_MAPS_TRIED):
            stored = self._read(int(rng.integers(self._count)))
            if min(stored.numbers.shape) < size:
                continue
            return cut(stored, choose_window(rng, stored.numbers, size))
        raise DataError(f"{self._where}: no map of {_MAPS_TRIED} has {size}×{size} pixels")


class Folder(_Maps):
    """Crops of a data set's maps as they are found, without preparing it.

    Args:
        source: The data set; see `dsdmsr.data.prepare`.
        split: Which of its scenes.

    Raises:
        DataError: If the split has no map.
    """

    def __init__(self, source: Source, split: Split = "train") -> None:
        splits = source.splitting.assign(frame.scene for frame in source.frames)
        self._source = source
        self._frames = [frame for frame in source.frames if splits[frame.scene] == split]
        super().__init__(len(self._frames), f"the {split} split of the {source.name} set")

    def _read(self, index: int) -> StoredMap:
        frame = self._frames[index]
        depth = self._source.read(frame).depth
        values = np.where(depth.valid, depth.values, np.float32("nan"))
        return StoredMap(values, None, 0.0, depth.kind, f"map {frame.key}")


class Pyramid(_Maps):
    """Crops of the largest levels of a pyramid.

    Args:
        folder: What ``dsdmsr prepare dtu --pyramid`` has written.
        split: Which of its scenes.

    Raises:
        DataError: If it is no such folder, a file is missing, or splits share a scene.
    """

    def __init__(self, folder: Path, split: Split = "train") -> None:
        columns = [image_column(level_name(size)) for size in LEVELS]
        self._folder = folder
        self._rows: list[tuple[str, str, str, str]] = []
        for row in read_index(folder, split):
            path = next((row[column] for column in columns if row.get(column)), None)
            if path is None:
                raise DataError(f"{folder} has no level of {row['key']}: prepare it with --pyramid")
            if not (folder / path).is_file():
                raise DataError(f"{folder / path} is missing: prepare the set again")
            self._rows.append((path, row["quantum"], row["offset"], row["kind"]))
        super().__init__(len(self._rows), f"the {split} split of {folder}")

    def _read(self, index: int) -> StoredMap:
        path, quantum, offset, kind = self._rows[index]
        try:
            numbers = read_numbers(self._folder / path)
            return stored_map(numbers, quantum, offset, kind, f"map {path}")
        except ValueError as error:
            raise DataError(f"{self._folder / path} is not what the index says: {error}") from error


class Mixture:
    """Crops from several sources; each crop's source is a function of (seed, number) alone.

    Args:
        sources: The sources.
        shares: How often each is drawn, relative to the others.

    Raises:
        ConfigError: If there is none, or the shares are not one positive number each.
    """

    def __init__(self, sources: Sequence[CropSource], shares: Sequence[float]) -> None:
        if not sources or len(sources) != len(shares) or min(shares) <= 0:
            raise ConfigError("a mixture needs sources, and a positive share for each")
        self.sources, self._until = tuple(sources), np.cumsum(shares)

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> Crops:
        """Return crops of the sources drawn; see `CropSource`."""
        drawn = [choose(generator(seed, _MIXTURE_SERIES + k), self._until) for k in numbers]
        made: dict[int, tuple[Tensor, Tensor, Kind, str]] = {}
        for which, source in enumerate(self.sources):
            mine = [k for k, other in zip(numbers, drawn, strict=True) if other == which]
            if mine:
                found = zip(*source.crops(seed, mine, size), strict=True)
                made |= dict(zip(mine, found, strict=True))
        depths, valids, kinds, names = zip(*(made[k] for k in numbers), strict=True)
        return Crops(torch.stack(depths), torch.stack(valids), kinds, names)


def read_index(folder: Path, split: Split) -> Iterator[dict[str, str]]:
    """Yield the rows of a prepared folder's split.

    Raises:
        DataError: If it is no prepared folder, or a scene is in two splits.
    """
    split_of: dict[str, Split] = {}
    for other in SPLITS:
        for row in _rows(folder / f"{other}.csv"):
            first = split_of.setdefault(row["scene"], other)
            if first != other:
                raise DataError(
                    f"scene {row['scene']} is in {first}.csv and in {other}.csv of {folder}: a "
                    "scene belongs to one split"
                )
    return _rows(folder / f"{split}.csv")


def has_maps(folder: Path, split: Split) -> bool:
    """Return whether a prepared folder's split has a map.

    Raises:
        DataError: If it is no prepared folder, or a scene is in two splits.
    """
    return next(read_index(folder, split), None) is not None


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(COLUMNS) <= set(reader.fieldnames or ()):
                raise DataError(f"{path} is no index that 'dsdmsr prepare' has written")
            for row in reader:
                if None in row.values():
                    raise DataError(f"{path} is cut off in line {reader.line_num}")
                yield row
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: give a folder that dsdmsr prepare has made") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def choose_window(
    rng: np.random.Generator, numbers: NDArray[np.generic], size: int
) -> tuple[slice, slice]:
    """Return where to crop: the first of a few drawn places where enough is valid, or the best.

    Args:
        rng: Draws the places.
        numbers: As in `dsdmsr.data.prepared.storage.Stored`, `size` pixels a side or more.
        size: Pixels a side.
    """
    height, width = numbers.shape
    best, most = (slice(0, size), slice(0, size)), -1.0
    for _ in range(_WINDOWS_TRIED):
        top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
        window = (slice(top, top + size), slice(left, left + size))
        part = numbers[window]
        share = float((part != 0 if part.dtype.kind == "u" else np.isfinite(part)).mean())
        if share > most:
            best, most = window, share
        if share >= _ENOUGH_VALID:
            break
    return best


def cut(stored: StoredMap, window: tuple[slice, slice]) -> Crop:
    """Return a map's values in a window."""
    values, valid = restore(stored.numbers[window], stored.quantum, stored.offset)
    return Crop(values, valid, stored.kind, stored.name)


def stack(parts: Sequence[Crop]) -> Crops:
    """Return crops as one batch."""
    values, valids, kinds, names = zip(*parts, strict=True)
    return Crops(
        torch.from_numpy(np.stack(values)[:, None]),
        torch.from_numpy(np.stack(valids)[:, None]),
        tuple(kinds),
        tuple(names),
    )
