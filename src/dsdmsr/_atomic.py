"""Files, and folders that count as one, that are whole or not there."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from dsdmsr.errors import FileError, OutputExistsError

__all__ = ["remove_unfinished", "replace_text", "replacing", "writing"]

_UNFINISHED = re.compile(r"\..+\.(\w*)-(\d+)-\d+(?:\.old)?\.part")
_NAME_MAX = 100
"""Bytes of a file's name that its unfinished form has, which needs some more than the name."""
_NODE = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
_HOST = re.sub(r"\W", "", _NODE)[:20]
_numbers = count()
_cleaned: set[Path] = set()
"""Folders in which there is nothing left of processes that are gone."""


@contextmanager
def replacing(path: Path, *, durable: bool = False, overwrite: bool = True) -> Iterator[Path]:
    """Yield a path beside `path` to write to; when that is done, put it in the place of `path`.

    Whoever opens `path` finds the old file or the new one, whole. After an error nothing is left.
    The path may be a folder, too; while it takes the place of an old one, neither is there. Threads
    and processes may write to one path at a time: each has a file of its own, and one is the last.

    Args:
        path: The file to make or replace.
        durable: Whether the content is to be on the disk before the name is, so that even after a
            power cut the old file or the new one is there.
        overwrite: Whether a file of that name may be replaced, even one that is new.

    Raises:
        FileExistsError: If it may not, and there is one.
    """
    beside = _beside(path)
    try:
        yield beside
        if durable:
            with beside.open("r+b") as file:
                os.fsync(file.fileno())
        if not overwrite:
            _put_where_nothing_is(beside, path)
        elif beside.is_dir() and path.is_dir():
            old = beside.with_suffix(".old.part")
            path.rename(old)
            beside.rename(path)
            _remove(old)
        else:
            beside.replace(path)
    finally:
        _remove(beside)


def replace_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write a text file, whole or not at all, with the same bytes on every platform.

    Args:
        path: The file to make or replace.
        text: What it is to hold, as UTF-8.
        durable: See `replacing`.
    """
    with replacing(path, durable=durable) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def writing(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Make the folder of a user's file if it is missing, and yield a path as `replacing` does.

    What processes of this machine that are gone have left in the folder is removed first.

    Raises:
        OutputExistsError: If the file exists by the end, and may not be replaced.
        FileError: If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(path.parent)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error
    try:
        with replacing(path, overwrite=overwrite) as beside:
            yield beside
    except FileExistsError as error:
        raise OutputExistsError(
            f"{path} exists by now: give another name, or allow overwriting"
        ) from error
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes have left in a folder that no other process writes to."""
    for path, _, _ in _unfinished(folder):
        _remove(path)


def _unfinished(folder: Path) -> Iterator[tuple[Path, str, int]]:
    """Yield what is unfinished in a folder, with the machine and the process that it is of."""
    for path in folder.glob(".*.part"):
        if found := _UNFINISHED.fullmatch(path.name):
            yield path, found[1], int(found[2])


def _beside(path: Path) -> Path:
    """Return a path that no other thread or process has, in the folder of `path`."""
    start = os.fsencode(path.name)[:_NAME_MAX].decode(errors="ignore")
    return path.with_name(f".{start}.{_HOST}-{os.getpid()}-{next(_numbers)}.part")


def _put_where_nothing_is(beside: Path, path: Path) -> None:
    """Give a file the name `path`, if there is none.

    Raises:
        FileExistsError: If there is.
    """
    if not beside.is_dir():
        try:
            os.link(beside, path)
            return
        except FileExistsError:
            raise
        except OSError:
            pass  # a file system without hard links
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    beside.rename(path)


def _remove_left(folder: Path) -> None:
    """Remove what processes of this machine that are gone have left in a folder, once."""
    folder = folder.resolve()
    if folder in _cleaned or os.name != "posix":
        return
    _cleaned.add(folder)
    for path, host, process in _unfinished(folder):
        if host == _HOST and _is_gone(process):
            _remove(path)


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # another user's
    return False


def _remove(path: Path) -> None:
    if path.is_dir():
        # Loads what reads archives, which most commands do without.
        from shutil import rmtree

        rmtree(path)
    else:
        path.unlink(missing_ok=True)
