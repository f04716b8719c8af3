"""Checks of a file's content that readers of several formats share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError

__all__ = [
    "ERROR_MARK",
    "MOST_BLOCKS",
    "MOST_MEMBERS",
    "any_size",
    "blocks_of_map",
    "check_floats",
    "check_parts",
    "check_size",
    "few",
    "holds_errors",
    "refuse_errors",
    "single_channel",
    "single_line",
    "stored_bytes",
]

ERROR_MARK = "expected absolute error"
"""What the description of a file of expected errors begins with; see `dsdmsr.io.error_files`."""
MOST_COMPRESSED, SURE = 1100, 2**27
"""How many times larger than what is stored numbers may be, and bytes that they may have anyway.

Deflate, of PNG, NPZ and most others, gets to 1032."""
_BYTES_OF_A_PIXEL = 4
MOST_BLOCKS, MOST_MEMBERS = 2**17, 2**13
"""Tiles, strips and chunks of a map; pages, arrays and data sets of a file: each takes time."""
_LONGEST_LINE = 400
_any_size: ContextVar[bool] = ContextVar("any_size", default=False)
T = TypeVar("T")
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


def check_size(path: Path, promised: int, stored: int, itemsize: int = 4) -> None:
    """Check, before memory is taken, that numbers aren't far more than what is stored of them.

    This is the one rule of all formats: they may have `SURE` bytes, or `MOST_COMPRESSED` times what
    is stored. Chunks that a file lacks are all one number, headers promise anything, and one block
    may stand for many.

    Args:
        path: The file, for errors.
        promised: Bytes of the numbers.
        stored: Bytes that the file has of them.
        itemsize: Bytes of a number; less than 4 count as 4, since maps are kept in float32.

    Raises:
        FileError: If they are, unless `any_size` allows it.
    """
    needed = promised * max(_BYTES_OF_A_PIXEL, itemsize) // itemsize
    if needed > max(SURE, MOST_COMPRESSED * stored) and not _any_size.get():
        raise FileError(
            f"{path} promises {promised:,} bytes of numbers, but stores {stored:,}: if it is one "
            "that you trust, give --any-size (any_size=True)"
        )


def check_parts(path: Path, count: int, what: str, most: int = MOST_BLOCKS) -> None:
    """Check that a file has no more parts than can be gone through in some seconds.

    Args:
        path: The file, for errors.
        count: How many it has.
        what: What they are.
        most: How many there may be.

    Raises:
        FileError: If it has, unless `any_size` allows it.
    """
    if count > most and not _any_size.get():
        raise FileError(
            f"{path} has {count:,} {what}, and at most {most:,} are read: if it is one that "
            "you trust, give --any-size (any_size=True)"
        )


def blocks_of_map(shape: Sequence[int], block: Sequence[int]) -> int:
    """Return how many blocks of an array, or of one map of a stack of three axes, are read."""
    counts = [-(-side // max(1, part)) for side, part in zip(shape, block, strict=True)]
    return math.prod(counts[-2:] if len(counts) == 3 else counts)


def few(parts: Iterable[T], path: Path, what: str) -> Iterator[T]:
    """Yield the members of a file, as far as `check_parts` lets it."""
    for number, part in enumerate(parts, start=1):
        check_parts(path, number, what, MOST_MEMBERS)
        yield part


def stored_bytes(path: Path) -> int:
    """Return how many bytes of a file are on the disk: a sparse file has few."""
    status = path.stat()
    blocks: int | None = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else min(status.st_size, 512 * blocks)


@contextmanager
def any_size(allowed: bool) -> Iterator[None]:
    """Let `check_size` and `check_parts` pass whatever a file promises, if that is allowed."""
    before = _any_size.set(_any_size.get() or allowed)
    try:
        yield
    finally:
        _any_size.reset(before)


def single_line(said: object) -> str:
    """Return a text, or an error's, in a single line, cut where it is long: libraries quote files.

    Example:
        >>> single_line(" no  map "), len(single_line("depth " * 1000)) < 500
        ('no map', True)
    """
    line = " ".join(str(said).split())
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …"


def single_channel(
    numbers: NDArray[Any], path: Path
) -> tuple[NDArray[Any], NDArray[np.bool_] | None, tuple[str, ...]]:
    """Return the grey numbers of a picture, which of its pixels are opaque, and a note if it helps.

    In place of which are opaque stands None if all are.

    Args:
        numbers: H×W, or H×W×C with C from 1 to 4: grey or red, green and blue, perhaps alpha.
        path: The file, for errors.

    Raises:
        FileError: If the colours differ, or some pixels are neither opaque nor transparent.
    """
    if numbers.ndim == 2:
        return numbers, None, ()
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
    opaque = None
    if count in (2, 4):
        alpha = numbers[..., -1]
        most = 1 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
        if ((alpha != 0) & (alpha != most)).any():
            raise FileError(
                f"{path} has pixels that are half transparent: give an alpha of nothing or all"
            )
        if not alpha.all():
            opaque = alpha != 0
            notes += ("its transparent pixels are holes",)
    return colours[..., 0], opaque, notes
