"""What readers of several formats ask of a file's content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

from dsdmsr.errors import FileError

__all__ = ["ERROR_MARK", "check_floats", "in_one_line", "refuse_errors", "the_one"]

ERROR_MARK = "expected absolute error"
"""What the description of a file of expected errors begins with; see `dsdmsr.io.error_files`."""
_ERROR_NAMES = frozenset({"error", "error.Z", "depth_error"})
"""Arrays, channels and variables that hold expected errors."""

T = TypeVar("T")


def the_one(found: Mapping[str, T], name: str, path: Path, what: str) -> T:
    """Return what is called `name`, or the only entry.

    Raises:
        FileError: If there are several and none is called `name`, or there is none; or it is a
            file of expected errors.
    """
    if name in found:
        return found[name]
    if _ERROR_NAMES & set(found):
        refuse_errors(path)
    if len(found) != 1:
        held = ", ".join(found) or "nothing"
        raise FileError(f"{path} holds {held}: give one {what}, or one called {name}")
    return next(iter(found.values()))


def refuse_errors(path: Path) -> NoReturn:
    """Refuse a file of expected errors where depth is wanted.

    Raises:
        FileError: Always.
    """
    raise FileError(f"{path} holds the expected errors of a map, not depth: give the map's file")


def check_floats(path: Path, columns: int, rows: int, held: int) -> None:
    """Check that a file holds as many bytes as its header promises float32 numbers for.

    Raises:
        FileError: If it holds more or fewer.
    """
    promised = 4 * columns * rows
    if held != promised:
        raise FileError(
            f"{path} promises {columns}×{rows} pixels, {promised} bytes, but holds {held}"
        )


def in_one_line(error: BaseException) -> str:
    """Return an error's text without its line breaks."""
    return " ".join(str(error).split())
