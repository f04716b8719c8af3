"""The folder that a preparation writes to: whether it may be, and the lock of the run in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dsdmsr._atomic import remove_unfinished
from dsdmsr.data.prepare.journal import JOURNAL, is_prepared
from dsdmsr.errors import DataError, needing

__all__ = ["check_folder", "locked", "remove_unfinished_below"]

_LOCK = ".journal.lock"


def check_folder(folder: Path, *, resume: bool) -> None:
    """Check that a folder is new or empty or, to resume, that a preparation began in it.

    Raises:
        DataError: If it is not.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file: give a new folder")
    begun = is_prepared(folder)
    if not _is_empty(folder) and not (resume and begun):
        advice = "give a new folder"
        if begun:
            advice += ", or --resume to go on with what is there"
        raise DataError(f"{folder} is not empty: {advice}")


def _is_empty(folder: Path) -> bool:
    """Return whether a folder holds nothing but what a run leaves that is killed as it begins."""
    return all(
        path.name == _LOCK or (path.name == JOURNAL and not path.stat().st_size)
        for path in folder.iterdir()
    )


def remove_unfinished_below(folder: Path) -> None:
    """Remove what killed processes have left in a folder and the folders in it."""
    for below, _, _ in os.walk(folder):
        remove_unfinished(Path(below))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder.

    Raises:
        DataError: If another run is in.
        DependencyError: If filelock is not installed.
    """
    with needing("preparing a data set"):
        from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise DataError(f"another run is writing to {folder}: wait for its end") from error
    try:
        yield
    finally:
        # Removed while it is held, so that no other run holds what has no name any more; Windows
        # refuses, and there the lock removes its file itself.
        with suppress(OSError):
            (folder / _LOCK).unlink()
        lock.release()
