"""PFM files: one channel of float32, rows from the bottom up.

Source: Paul Debevec's "PFM Portable FloatMap Image Format"; a negative scale means little-endian.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import check_floats
from dsdmsr.io.stored import Stored

__all__ = ["read_pfm", "write_pfm"]

_HEADER = re.compile(
    rb"\A(P[Ff])\s+(\d+)\s+(\d+)\s+([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)[ \t\r]*\n"
)


def read_pfm(path: Path) -> Stored:
    """Return the numbers of a PFM of either byte order, H×W, float32, the top row first.

    The size of the file is compared with what the header promises before memory is taken.

    Raises:
        FileError: If the file is not a whole grey PFM.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        match = _HEADER.match(file.read(256))
        if match is None:
            raise FileError(f"{path} has no PFM header (Pf, width, height, scale)")
        magic, width, height, scale = match.groups()
        if magic == b"PF":
            raise FileError(f"{path} is a colour PFM: give a grey one (Pf)")
        columns, rows = int(width), int(height)
        check_floats(path, columns, rows, size - match.end())
        file.seek(match.end())
        order = "<" if float(scale) < 0 else ">"
        numbers = np.frombuffer(file.read(), dtype=f"{order}f4").reshape(rows, columns)
    return Stored(numbers=numbers.astype(np.float32, copy=False)[::-1])


def write_pfm(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write float32 numbers as a little-endian PFM."""
    height, width = numbers.shape
    body = np.ascontiguousarray(numbers[::-1], dtype="<f4").tobytes()
    path.write_bytes(f"Pf\n{width} {height}\n-1.0\n".encode() + body)
