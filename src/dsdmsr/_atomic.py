"""Files, and folders that count as one, that are whole or not there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dsdmsr.errors import FileError

__all__ = ["remove_unfinished", "replacing", "writing"]

_UNFINISHED = re.compile(r"\..+\.\d+\.part")


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a path beside `path` to write to; when that is done, put it in the place of `path`.

    Whoever opens `path` finds the old file or the new one, whole. After an error nothing is left.
    The path may be a folder, too; while it takes the place of an old one, neither is there.

    Args:
        path: The file to make or replace.
        durable: Whether the content is to be on the disk before the name is, so that even after a
            power cut the old file or the new one is there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        if durable:
            with beside.open("r+b") as file:
                os.fsync(file.fileno())
        if beside.is_dir() and path.is_dir():
            old = path.with_name(f".{path.name}.{os.getpid()}.old.part")
            path.rename(old)
            beside.rename(path)
            _remove(old)
        else:
            beside.replace(path)
    finally:
        _remove(beside)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Make the folder of a user's file if it is missing, and yield a path as `replacing` does.

    Raises:
        FileError: If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            yield beside
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error


def _remove(path: Path) -> None:
    if path.is_dir():
        # Loads what reads archives, which most commands do without.
        from shutil import rmtree

        rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes have left in a folder that no other process writes to."""
    for path in folder.glob(".*.part"):
        if _UNFINISHED.fullmatch(path.name):
            _remove(path)
