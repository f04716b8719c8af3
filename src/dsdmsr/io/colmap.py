"""COLMAP's dense depth maps: ``*.geometric.bin`` and ``*.photometric.bin``.

Source: COLMAP's documentation, "Output Format", "Dense Reconstruction": the text
``width&height&channels&``, then float32, little-endian; of a map of one channel, the rows from the
top down. Depth is in the unit of the reconstruction; 0 where there is none.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import check_floats
from dsdmsr.io.stored import Stored

__all__ = ["read_colmap", "write_colmap"]

_HEADER = re.compile(rb"([0-9]{1,9})&([0-9]{1,9})&([0-9]{1,9})&")
_LONGEST = 30
"""Bytes of the longest header."""


def read_colmap(path: Path) -> Stored:
    """Return the numbers of a COLMAP depth map, H×W, float32.

    The size of the file is compared with what the header promises before memory is taken.

    Raises:
        FileError: If the file is no whole map of one channel.
    """
    with path.open("rb") as file:
        match = _HEADER.match(file.read(_LONGEST))
        if match is None:
            raise FileError(
                f"{path} is no COLMAP dense map (width&height&channels&, then floats): give one of "
                "stereo/depth_maps"
            )
        width, height, channels = map(int, match.groups())
        if channels == 3:
            raise FileError(f"{path} is a normal map of COLMAP: give one of stereo/depth_maps")
        if channels != 1 or min(width, height) < 1:
            raise FileError(
                f"{path} promises {width}×{height} pixels of {channels} channels: give one channel "
                "of 1×1 pixels or more"
            )
        check_floats(path, width, height, path.stat().st_size - match.end())
        file.seek(match.end())
        numbers = np.frombuffer(file.read(), dtype="<f4").reshape(height, width)
    return Stored(numbers=numbers.astype(np.float32))


def write_colmap(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write float32 numbers as a COLMAP depth map."""
    height, width = numbers.shape
    body = np.ascontiguousarray(numbers, dtype="<f4").tobytes()
    path.write_bytes(f"{width}&{height}&1&".encode() + body)
