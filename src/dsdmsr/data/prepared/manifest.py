"""The manifest of a prepared set: a JSON file with a record of each map and each shard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dsdmsr._atomic import replacing

__all__ = ["MANIFEST", "read_manifest", "write_manifest"]

MANIFEST = "manifest.json"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a prepared folder; None if it has none, or one of something else."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest if {"frames", "maps", "shards"} <= set(manifest) else None
    except (FileNotFoundError, LookupError, TypeError, ValueError, RecursionError):
        return None


def write_manifest(
    folder: Path,
    about: dict[str, Any],
    shards: Sequence[dict[str, Any]],
    records: Callable[[], Iterator[dict[str, Any]]],
) -> None:
    """Write ``manifest.json``, a line a map, without holding them all.

    Args:
        folder: Where.
        about: The entries about the whole set.
        shards: The record of each shard.
        records: Returns the maps' records, in the order of the index.
    """
    with (
        replacing(folder / MANIFEST) as beside,
        beside.open("w", encoding="utf-8", newline="\n") as file,
    ):
        body = json.dumps(about, indent=1, ensure_ascii=False)
        file.write(body.rstrip("}\n") + ',\n "shards": [')
        _write_lines(file, iter(shards))
        file.write('],\n "maps": [')
        _write_lines(file, records())
        file.write("]\n}\n")


def _write_lines(file: Any, records: Iterator[dict[str, Any]]) -> None:
    for k, record in enumerate(records):
        file.write(("," if k else "") + "\n  " + json.dumps(record, ensure_ascii=False))
