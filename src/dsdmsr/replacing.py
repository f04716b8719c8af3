"""Files that are whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["remove_unfinished", "replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; when that is done, put it in the place of `path`.

    The content is on the disk before the name is, so that whoever opens `path` finds the old file
    or the new one, whatever happened in between. After an error nothing is left.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes have left in a folder that no other process writes to."""
    for path in folder.glob(".*.part"):
        path.unlink(missing_ok=True)
