"""The index of a prepared set: a CSV file for each split."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dsdmsr._atomic import replacing
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.data.prepared.splits import SPLITS, Split
from dsdmsr.errors import DataError

__all__ = ["COLUMNS", "has_maps", "image_column", "read_index", "write_index"]

COLUMNS = (
    "key",
    "scene",
    "kind",
    "unit",
    "quantum",
    "offset",
    "height",
    "width",
    "valid_share",
    "minimum",
    "maximum",
)
"""The columns of the CSV files, before those of paths."""


def image_column(level: str) -> str:
    """Return the CSV column of a level, named as the research code's: width first."""
    height, _, width = level.partition("x")
    return f"image_{width}x{height}_path"


def write_index(
    folder: Path,
    records: Callable[[], Iterator[dict[str, Any]]],
    shards: Sequence[dict[str, Any]],
    *,
    pyramid: bool,
) -> None:
    """Write ``train.csv``, ``valid.csv`` and ``test.csv``, with paths relative to `folder`.

    Args:
        folder: Where.
        records: Returns the maps' records, in the order of the index.
        shards: The record of each shard.
        pyramid: Whether there are levels.
    """
    levels = [level_name(size) for size in reversed(LEVELS)] if pyramid else []
    bytes_of = {shard["name"]: shard["bytes"] for shard in shards}
    shard_columns = ["shard_path", "shard_bytes"] if shards else []
    head = [*COLUMNS, *shard_columns, *map(image_column, levels)]
    with ExitStack() as stack:
        writers = {}
        for split in SPLITS:
            beside = stack.enter_context(replacing(folder / f"{split}.csv"))
            file = stack.enter_context(beside.open("w", encoding="utf-8", newline=""))
            writers[split] = csv.writer(file, lineterminator="\n")
            writers[split].writerow(head)
        for record in records():
            if "failed" in record:
                continue
            row = [record[column] for column in COLUMNS]
            if shards:
                row += [record["shard"], bytes_of[record["shard"]]]
            own_levels = record.get("levels", {})
            row += [own_levels[level]["path"] if level in own_levels else "" for level in levels]
            writers[record["split"]].writerow(["" if cell is None else cell for cell in row])


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
        raise DataError(
            f"{path} is missing: give a folder that dsdmsr prepare has written"
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
