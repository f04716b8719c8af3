"""Global heaps of HDF5 files, which hold texts of any length: checked before a library reads them.

Source: "HDF5 File Format Specification" 3.0, section III.E. Sizes are taken to have eight bytes, as
the HDF5 library writes them unless it is asked otherwise.
"""

from __future__ import annotations

import mmap
import struct
from functools import lru_cache
from pathlib import Path

from dsdmsr.errors import FileError

__all__ = ["check_heaps"]

_BEGINS = b"GCOL\1\0\0\0"
_HEAD = 16
"""Bytes before the first object, and of an object before its content."""


def check_heaps(path: Path) -> None:
    """Check that each global heap of a file is a row of objects, up to its end.

    That takes a look at all of the file, once for all the maps of a stack.

    Raises:
        FileError: If one is not.
    """
    about = path.stat()
    _check(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=128)
def _check(path: Path, size: int, changed: int) -> None:
    """Check a file, as it is at that size and time."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(_BEGINS)
        while place >= 0:
            if not _is_whole(content, place):
                raise FileError(f"{path} is damaged: its texts do not lie one behind the other")
            place = content.find(_BEGINS, place + 1)


def _is_whole(content: mmap.mmap, start: int) -> bool:
    """Return whether a heap's objects lie one behind the other."""
    if start + _HEAD > len(content):
        return False
    (size,) = struct.unpack_from("<Q", content, start + 8)
    place, end = start + _HEAD, start + size
    if not place <= end <= len(content):
        return False
    while end - place >= _HEAD:
        index, _, length = struct.unpack_from("<HH4xQ", content, place)
        # What is free has the index 0, and its length counts its head.
        step = length if index == 0 else _HEAD + length + -length % 8
        if step < _HEAD or step > end - place:
            return False
        place += step
    return True
