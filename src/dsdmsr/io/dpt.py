"""DPT files: depth as MPI Sintel gives it.

Source: the data set's ``sintel_io.py``: float32 202021.25, int32 width and height, then float32
rows from the top down, all little-endian.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import check_floats
from dsdmsr.io.stored import Stored

__all__ = ["read_dpt", "write_dpt"]

_HEADER = struct.Struct("<4sii")
_TAG = b"PIEH"
"""The bytes of 202021.25."""


def read_dpt(path: Path) -> Stored:
    """Return the numbers of a DPT file, H×W, float32.

    The size of the file is compared with what the header promises before memory is taken.

    Raises:
        FileError: If the file is not a whole DPT.
    """
    size = path.stat().st_size - _HEADER.size
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or not head.startswith(_TAG):
            raise FileError(f"{path} is not a DPT file, whatever its name says")
        _, width, height = _HEADER.unpack(head)
        if min(width, height) < 1:
            raise FileError(f"{path} promises {width}×{height} pixels: give 1×1 or more")
        check_floats(path, width, height, size)
        numbers = np.frombuffer(file.read(size), dtype="<f4").reshape(height, width)
    return Stored(numbers=numbers.astype(np.float32))


def write_dpt(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write float32 numbers as DPT."""
    height, width = numbers.shape
    body = np.ascontiguousarray(numbers, dtype="<f4").tobytes()
    path.write_bytes(_HEADER.pack(_TAG, width, height) + body)
