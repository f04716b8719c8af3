"""The reading of depth files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap, Kind
from dsdmsr.errors import DepthError, EncodingError, FileError
from dsdmsr.io.choice import guess_encoding, sort_of, stereo_beside
from dsdmsr.io.encodings import ENCODINGS, Encoding, decode, find_encoding
from dsdmsr.io.formats import format_of, split_member

__all__ = ["interpret", "read_depth", "read_numbers"]


def read_depth(
    path: str | os.PathLike[str],
    encoding: str | Encoding | None = None,
    *,
    kind: Kind | None = None,
) -> DepthMap:
    """Read a depth file.

    Args:
        path: A file that ends in one of `dsdmsr.io.SUFFIXES`; ``nyu.mat#12`` is one map of a stack.
            TIFF, EXR, HDF5 and MATLAB files need the extra ``io``.
        encoding: What its numbers mean: a name in `dsdmsr.io.ENCODINGS`, or an `Encoding`.
            Default: a guess, named by the map's ``encoding``: 8-bit numbers are ``levels``, 16-bit
            ones ``mm``, all others ``float``, or ``disparity`` in PFM files beside a ``calib.txt``.
            ``levels`` means ``levels16`` where the file has 16 bits.
        kind: The kind that the guess has to have: depth, disparity or inverse depth.

    Returns:
        The map; in metres, if it is depth and the encoding has a unit.

    Raises:
        FileError: If the file is missing, is a folder, is damaged, or is no depth file.
        DependencyError: If the extra ``io`` is needed and not installed.
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.

    Examples:
        Disparity in a NumPy file, NaN where unknown:

        >>> import tempfile
        >>> import numpy as np
        >>> from dsdmsr import read_depth
        >>> with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        ...     np.save(file.name, np.float32([[12.5, np.nan]]))
        ...     disparity = read_depth(file.name, "disparity")
        >>> disparity.unit, disparity.valid.tolist()
        ('px', [[True, False]])
    """
    if isinstance(encoding, str):
        find_encoding(encoding)
    return interpret(read_numbers(path), path, encoding, kind=kind)


def read_numbers(path: str | os.PathLike[str]) -> NDArray[np.generic]:
    """Return the numbers in a depth file as they are, H×W.

    Raises:
        FileError: If the file is missing, is a folder, is damaged, or is no depth file.
        DependencyError: If the extra ``io`` is needed and not installed.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise FileError(f"{path} is a folder: give a depth file")
        file, number = split_member(path)
        if not file.exists():
            raise FileError(f"{file} does not exist: give a depth file")
        read = format_of(path).read
        return read(file) if number is None else read(file, number)
    except (OSError, MemoryError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error


def interpret(
    numbers: NDArray[np.generic],
    path: str | os.PathLike[str],
    encoding: str | Encoding | None = None,
    *,
    kind: Kind | None = None,
) -> DepthMap:
    """Return the map of what `read_numbers` returned for `path`; see `read_depth`.

    Raises:
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.
    """
    path = Path(path)
    if encoding is None:
        encoding = guess_encoding(numbers, path, kind)
    elif kind is not None and isinstance(encoding, str) and find_encoding(encoding).kind != kind:
        raise EncodingError(
            f"encoding {encoding!r} is of kind {find_encoding(encoding).kind}, not {kind}: give "
            "the encoding or the kind"
        )
    elif encoding == "levels" and sort_of(numbers) == ("u", 2):
        encoding = "levels16"
    elif (
        isinstance(encoding, str)
        and format_of(path).holds == "whole"
        and find_encoding(encoding).dtype != numbers.dtype
    ):
        fitting = [n for n, e in ENCODINGS.items() if e.dtype == numbers.dtype]
        raise EncodingError(
            f"{path} has {8 * numbers.dtype.itemsize} bits, encoding {encoding!r} has not: "
            f"allowed are {', '.join(fitting)}"
        )
    stereo = stereo_beside(path) if encoding == "disparity" else None
    try:
        return decode(numbers, encoding, stereo)
    except (DepthError, EncodingError) as error:
        raise type(error)(f"{path}: {error}") from error
