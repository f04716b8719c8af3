"""What readers of several formats ask of a file's content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from dsdmsr.errors import FileError

__all__ = ["check_floats", "single_line", "single_entry"]

T = TypeVar("T")


def single_entry(found: Mapping[str, T], name: str, path: Path, what: str) -> T:
    """Return what is called `name`, or the only entry.

    Raises:
        FileError: If there are several and none is called `name`, or there is none.
    """
    if name in found:
        return found[name]
    if len(found) != 1:
        held = ", ".join(found) or "nothing"
        raise FileError(f"{path} holds {held}: give one {what}, or one called {name}")
    return next(iter(found.values()))


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


def single_line(error: BaseException) -> str:
    """Return an error's text without its line breaks."""
    return " ".join(str(error).split())
