"""The index of a prepared set: a CSV a split, and a manifest."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from dsdmsr._atomic import replacing
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.data.prepared.splits import SPLITS

__all__ = ["COLUMNS", "MANIFEST", "image_column", "write_index", "write_manifest"]

MANIFEST = "manifest.json"
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
"""What the CSV files say of each map, before its paths."""


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
        shards: What is said of each shard.
        pyramid: Whether there are levels.
    """
    levels = [level_name(size) for size in reversed(LEVELS)] if pyramid else []
    bytes_of = {shard["name"]: shard["bytes"] for shard in shards}
    of_shard = ["shard_path", "shard_bytes"] if shards else []
    head = [*COLUMNS, *of_shard, *map(image_column, levels)]
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
            held = record.get("levels", {})
            row += [held[level]["path"] if level in held else "" for level in levels]
            writers[record["split"]].writerow(["" if cell is None else cell for cell in row])


def write_manifest(
    folder: Path,
    about: dict[str, Any],
    shards: Sequence[dict[str, Any]],
    records: Callable[[], Iterator[dict[str, Any]]],
) -> None:
    """Write ``manifest.json``, a line a map, without holding them all.

    Args:
        folder: Where.
        about: What is said of the whole set.
        shards: What is said of each shard.
        records: Returns the maps' records, in the order of the index.
    """
    with replacing(folder / MANIFEST) as beside, beside.open("w", encoding="utf-8") as file:
        body = json.dumps(about, indent=1, ensure_ascii=False)
        file.write(body.rstrip("}\n") + ',\n "shards": [')
        _write_lines(file, iter(shards))
        file.write('],\n "maps": [')
        _write_lines(file, records())
        file.write("]\n}\n")


def _write_lines(file: Any, records: Iterator[dict[str, Any]]) -> None:
    for k, record in enumerate(records):
        file.write(("," if k else "") + "\n  " + json.dumps(record, ensure_ascii=False))
