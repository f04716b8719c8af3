"""PGM files: grey numbers of 8 or 16 bits, as they are, whatever the largest is said to be.

Source: Netpbm's "PGM format specification"; binary (P5), 16 bits with the high byte first.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.stored import Stored

__all__ = ["read_pgm", "write_pgm"]

_SPACE = rb"(?:\s+|#[^\n\r]*[\n\r])+"
_HEADER = re.compile(rb"P5" + 3 * (_SPACE + rb"(\d+)") + rb"\s")


def read_pgm(path: Path) -> Stored:
    """Return the numbers of a PGM, uint8 or uint16.

    Raises:
        FileError: If the file is not a whole binary PGM.
    """
    content = path.read_bytes()
    match = _HEADER.match(content)
    if match is None:
        raise FileError(f"{path} has no PGM header (P5, width, height, largest)")
    width, height, largest = map(int, match.groups())
    if not 0 < largest < 2**16:
        raise FileError(f"{path} says that its largest number is {largest}: give 1 to 65535")
    kind = np.dtype(np.uint8 if largest < 256 else ">u2")
    promised, size = width * height * kind.itemsize, len(content) - match.end()
    if promised != size:
        raise FileError(
            f"{path} promises {width}×{height} pixels, {promised} bytes, but holds {size}"
        )
    numbers = np.frombuffer(content, kind, offset=match.end()).reshape(height, width)
    return Stored(numbers=numbers.astype(kind.newbyteorder("=")))


def write_pgm(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write uint8 or uint16 numbers as a binary PGM."""
    height, width = numbers.shape
    largest = 256**numbers.dtype.itemsize - 1
    body = numbers.astype(numbers.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(f"P5\n{width} {height}\n{largest}\n".encode() + body)
