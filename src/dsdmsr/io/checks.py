"""Checks of a file's content that readers of several formats share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

from dsdmsr.errors import FileError

__all__ = ["ERROR_MARK", "check_floats", "refuse_errors", "single_entry", "single_line"]

ERROR_MARK = "expected absolute error"
"""What the description of a file of expected errors begins with; see `dsdmsr.io.error_files`."""
_ERROR_NAMES = frozenset({"error", "error.Z", "depth_error"})
"""Arrays, channels and variables that hold expected errors."""

T = TypeVar("T")


def single_entry(entries: Mapping[str, T], name: str, path: Path, what: str) -> T:
    """Return what is called `name`, or the only entry.

    Raises:
        FileError: If there are several and none is called `name`, or there is none; or it is a
            file of expected errors.
    """
    if name in entries:
        return entries[name]
    if _ERROR_NAMES & set(entries):
        refuse_errors(path)
    if len(entries) != 1:
        names = ", ".join(entries) or "nothing"
        raise FileError(f"{path} holds {names}: give one {what}, or one called {name}")
    return next(iter(entries.values()))


def refuse_errors(path: Path) -> NoReturn:
    """Refuse a file of expected errors where depth is wanted.

    Raises:
        FileError: Always.
    """
    raise FileError(f"{path} holds the expected errors of a map, not depth: give the map's file")


def check_floats(path: Path, columns: int, rows: int, size: int) -> None:
    """Check that a file holds as many bytes as its header promises float32 numbers for.

    Raises:
        FileError: If it holds more or fewer.
    """
    promised = 4 * columns * rows
    if size != promised:
        raise FileError(
            f"{path} promises {columns}×{rows} pixels, {promised} bytes, but holds {size}"
        )


def single_line(error: BaseException) -> str:
    """Return an error's text in a single line."""
    return " ".join(str(error).split())
