"""Folders of maps to upscale by the thousand, and what is in a ledger of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["check_ledger", "ledger_rows", "make_maps"]

_FOLDERS = 8


def make_maps(folder: Path, count: int, shape: tuple[int, int], *, damaged: int = 0) -> Path:
    """Write 16-bit PNG files of slanted planes with a step and a hole, some of them cut short.

    Args:
        folder: Where they are written, in a few folders.
        count: How many.
        shape: Height and width.
        damaged: Every so-manieth is damaged; 0: none.
    """
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    plane = 1500 + 8 * columns + 5 * rows + 900 * (columns > shape[1] // 2)
    for number in range(count):
        path = folder / f"scan{number % _FOLDERS}" / f"depth{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        numbers = (plane + number % 300).astype(np.uint16)
        numbers[:2, :2] = 0
        Image.fromarray(numbers).save(path)
        if damaged and number % damaged == 0:
            path.write_bytes(path.read_bytes()[:-40])
    return folder


def ledger_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a ledger, part after part."""
    from pyarrow import parquet

    rows: list[dict[str, Any]] = []
    for part in sorted(folder.glob("part-*.parquet")):
        rows += parquet.read_table(part).to_pylist()
    return rows


def check_ledger(source: Path, target: Path) -> None:
    """Check that each map was written once, and that the ledger says so with its checksum.

    Raises:
        ValueError: If it doesn't.
    """
    rows = [row for row in ledger_rows(target / "_ledger") if row["error"] is None]
    named = [row["source"] for row in rows]
    there = {str(path) for path in source.rglob("*.png")}
    if len(named) != len(set(named)) or set(named) != there:
        raise ValueError(f"{len(named)} rows of {len(set(named))} maps for {len(there)} files")
    written = {str(path) for path in target.rglob("*.png")}
    if written != {row["target"] for row in rows}:
        raise ValueError(f"{len(written)} files for {len(rows)} rows")
    for row in rows:
        found = hashlib.sha256(Path(row["target"]).read_bytes()).hexdigest()
        if found != row["sha256"]:
            raise ValueError(f"{row['target']} has not the checksum that the ledger says")
    unfinished = [path for path in target.rglob(".*") if path.is_file()]
    if len(unfinished) > 2:  # what the killed processes were writing; their folders are cleaned
        raise ValueError(f"{unfinished} are left")
