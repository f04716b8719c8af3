"""PFM files: float32, rows from the bottom up; grey, or in colours that are equal.

Source: Paul Debevec's "PFM Portable FloatMap Image Format"; a negative scale means little-endian.
Programs disagree on a scale other than 1 and -1: OpenCV divides by it, Pillow leaves numbers alone.
They are read as they are here.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import check_floats, single_channel
from dsdmsr.io.netpbm import read_header
from dsdmsr.io.stored import Stored

__all__ = ["read_pfm", "write_pfm"]

_CHANNELS = {"Pf": 1, "PF": 3}
_HEADER = 2**16
_SPACE = b" \t\n\r"


class _Header(NamedTuple):
    channels: int
    columns: int
    rows: int
    scale: float
    end: int


def read_pfm(path: Path) -> Stored:
    """Return the numbers of a PFM of either byte order, H×W, float32, the top row first.

    The size of the file is compared with what the header promises before memory is taken; white
    space may follow the numbers.

    Raises:
        FileError: If the file is not a whole PFM, or its colours differ.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        channels, columns, rows, scale, end = _header(file.read(_HEADER), path)
        promised = 4 * channels * columns * rows
        if 0 < size - end - promised <= 2:
            file.seek(end + promised)
            if not file.read().strip(_SPACE):
                size = end + promised
        check_floats(path, channels * columns, rows, size - end)
        file.seek(end)
        order = "<" if scale < 0 else ">"
        numbers = np.frombuffer(file.read(promised), dtype=f"{order}f4")
    turned = numbers.astype(np.float32, copy=False).reshape(rows, columns, channels)[::-1]
    grey, _, notes = single_channel(turned, path)
    if abs(scale) != 1:
        notes += (f"its scale is {abs(scale):g}: numbers are read as they are, not scaled by it",)
    return Stored(numbers=np.ascontiguousarray(grey) if channels > 1 else grey, notes=notes)


def _header(content: bytes, path: Path) -> _Header:
    """Return what a header says; a single line feed, behind white space, ends it.

    Raises:
        FileError: If it is none.
    """
    wrong = FileError(f"{path} has no PFM header (Pf, width, height, scale)")
    header = read_header(content, 4)
    if header is None:
        raise wrong
    magic, width, height, last = header.words
    line = content[header.end :].partition(b"\n")[0]
    whole = all(word.isascii() and word.isdigit() and len(word) < 19 for word in (width, height))
    if magic not in _CHANNELS or not whole or line.strip(b" \t\r"):
        raise wrong
    if len(content) == header.end + len(line):
        raise wrong
    try:
        scale = float(last)
    except ValueError:
        raise wrong from None
    if not (math.isfinite(scale) and scale):
        raise FileError(f"{path} says that its scale is {last}: give a number other than 0")
    if min(int(width), int(height)) < 1:
        raise FileError(f"{path} promises {width}×{height} pixels: give 1×1 or more")
    end = header.end + len(line) + 1
    return _Header(_CHANNELS[magic], int(width), int(height), scale, end)


def write_pfm(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write float32 numbers as a little-endian PFM."""
    height, width = numbers.shape
    body = np.ascontiguousarray(numbers[::-1], dtype="<f4").tobytes()
    path.write_bytes(f"Pf\n{width} {height}\n-1.0\n".encode() + body)
