"""The tags of MATLAB 5 files: checked before a library reads what they announce.

Source: MathWorks, "MAT-File Format", Level 5: elements of a tag, which is a type and a size, and
data; arrays are elements of elements, compressed or not.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dsdmsr.errors import FileError

__all__ = ["check_arrays"]

_FIRST = 128
_ARRAY, _COMPRESSED = 14, 15
_INT8, _INT32, _UINT32 = 1, 5, 6
_NUMBERS = frozenset({1, 2, 3, 4, 5, 6, 7, 9, 12, 13})
"""Types of whole numbers and floats."""
_CLASSES = range(6, 16)
"""Classes of arrays of numbers: mxDOUBLE_CLASS to mxUINT64_CLASS."""
_COMPLEX = 0x800
_AT_ONCE = 2**16


class _Tag(NamedTuple):
    kind: int
    size: int
    data: int
    """Where its data begin."""
    end: int
    """Where the next tag is."""


def check_arrays(path: Path) -> None:
    """Check that the arrays of numbers in a file are such, and real.

    Raises:
        FileError: If one is not.
        ValueError, struct.error, zlib.error: If the file is cut off or damaged.
    """
    with path.open("rb") as file:
        file.seek(_FIRST - 2)
        order = "<" if file.read(2) == b"IM" else ">"
        for content in _arrays(file, order):
            _check(path, content, order)


def _arrays(file: BinaryIO, order: str) -> Iterator[bytes]:
    """Yield the beginning of each array, from behind its tag on."""
    place = _FIRST
    while len(head := file.read(8)) == 8:
        kind, size = struct.unpack(f"{order}II", head)
        content = file.read(min(size, _AT_ONCE))
        if kind == _COMPRESSED:
            content = zlib.decompressobj().decompress(content, _AT_ONCE)
            kind, content = struct.unpack_from(f"{order}I", content)[0], content[8:]
        if kind == _ARRAY:
            yield content
        place += 8 + size
        file.seek(place)


def _check(path: Path, content: bytes, order: str) -> None:
    flags = _tag(content, 0, order)
    (bits,) = struct.unpack_from(f"{order}I", content, flags.data)
    if flags.kind != _UINT32 or bits & 0xFF not in _CLASSES:
        return  # texts, structures and others, which aren't read
    if bits & _COMPLEX:
        raise FileError(f"{path} holds complex numbers, which are no depth: give real ones")
    sides = _tag(content, flags.end, order)
    name = _tag(content, sides.end, order)
    numbers = _tag(content, name.end, order)
    kinds = (sides.kind, name.kind)
    if kinds != (_INT32, _INT8) or numbers.kind not in _NUMBERS:
        raise FileError(f"{path} is damaged: an array of numbers holds none")


def _tag(content: bytes, place: int, order: str) -> _Tag:
    """Return the tag at a place."""
    (kind,) = struct.unpack_from(f"{order}I", content, place)
    if kind >> 16:  # small data lie in the tag itself
        return _Tag(kind & 0xFFFF, kind >> 16, place + 4, place + 8)
    (size,) = struct.unpack_from(f"{order}I", content, place + 4)
    return _Tag(kind, size, place + 8, place + 8 + size + -size % 8)
