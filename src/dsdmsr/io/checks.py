"""Checks of a file's content that readers of several formats share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError

__all__ = [
    "ERROR_MARK",
    "check_floats",
    "check_size",
    "holds_errors",
    "refuse_errors",
    "single_channel",
    "single_line",
]

ERROR_MARK = "expected absolute error"
"""What the description of a file of expected errors begins with; see `dsdmsr.io.error_files`."""
_MOST_COMPRESSED, _SURE = 10_000, 2**26
"""How many times larger than what is stored an array may be, and bytes that it may have anyway."""
_ERROR_NAMES = frozenset({"error", "error.Z", "depth_error"})
"""Arrays, channels and variables that hold expected errors."""


def holds_errors(names: Iterable[str]) -> bool:
    """Return whether an array, channel or variable of these names holds expected errors."""
    return not _ERROR_NAMES.isdisjoint(names)


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


def check_size(path: Path, promised: int, stored: int) -> None:
    """Check that an array isn't much larger than what is stored of it.

    Chunks that a file lacks are all one number, and compressed ones are seldom small.

    Args:
        path: The file, for errors.
        promised: Bytes of the array.
        stored: Bytes that the file has of it.

    Raises:
        FileError: If it is.
    """
    if promised > max(_SURE, _MOST_COMPRESSED * stored):
        raise FileError(f"{path} promises {promised:,} bytes of numbers, but stores {stored:,}")


def single_line(said: object) -> str:
    """Return a text, or an error's, in a single line."""
    return " ".join(str(said).split())


def single_channel(
    numbers: NDArray[Any], path: Path
) -> tuple[NDArray[Any], NDArray[np.bool_], tuple[str, ...]]:
    """Return the grey numbers of a picture, which of its pixels are opaque, and a note if it helps.

    Args:
        numbers: H×W, or H×W×C with C from 1 to 4: grey or red, green and blue, perhaps alpha.
        path: The file, for errors.

    Raises:
        FileError: If the colours differ, or some pixels are neither opaque nor transparent.
    """
    if numbers.ndim == 2:
        return numbers, np.ones(numbers.shape, np.bool_), ()
    count = numbers.shape[2] if numbers.ndim == 3 else 0
    if not 1 <= count <= 4:
        form = "×".join(map(str, numbers.shape))
        raise FileError(f"{path} holds {form} numbers: give one grey map")
    colours = numbers[..., : count if count in (1, 3) else count - 1]
    differs = colours != colours[..., :1]
    if colours.dtype.kind == "f":
        differs &= ~(np.isnan(colours) & np.isnan(colours[..., :1]))
    if differs.any():
        raise FileError(
            f"{path} is a picture in colours, which stand for no depth: give grey numbers"
        )
    notes: tuple[str, ...] = ()
    if count > 2:
        notes = ("its red, green and blue are equal: read as grey",)
    opaque = np.ones(numbers.shape[:2], np.bool_)
    if count in (2, 4):
        alpha = numbers[..., -1]
        most = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
        if ((alpha != 0) & (alpha != most)).any():
            raise FileError(
                f"{path} has pixels that are half transparent: give an alpha of nothing or all"
            )
        opaque = alpha != 0
        if not opaque.all():
            notes += ("its transparent pixels are holes",)
    return colours[..., 0], opaque, notes
