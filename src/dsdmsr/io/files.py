"""Depth files to maps and back."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth import DepthMap
from dsdmsr.errors import DepthError, EncodingError, FileError
from dsdmsr.io.arrays import read_npy, read_npz, write_npy, write_npz
from dsdmsr.io.dpt import read_dpt, write_dpt
from dsdmsr.io.encodings import ENCODINGS, Encoding, decode, encode, find_encoding
from dsdmsr.io.exr import read_exr, write_exr
from dsdmsr.io.hdf5 import read_hdf5, write_hdf5
from dsdmsr.io.pfm import read_pfm, write_pfm
from dsdmsr.io.pgm import read_pgm, write_pgm
from dsdmsr.io.png import read_png, write_png
from dsdmsr.io.tiff import read_tiff, write_tiff
from dsdmsr.replacing import writing

__all__ = [
    "SUFFIXES",
    "check_output",
    "choose_encoding",
    "interpret",
    "read_depth",
    "read_numbers",
    "write_depth",
]


class Format(NamedTuple):
    """A kind of file: how it is read and written, and which numbers it holds."""

    read: Callable[[Path], NDArray[np.generic]]
    write: Callable[[Path, NDArray[np.generic]], None]
    holds: Literal["whole", "float", "both"]
    needs: str | None = None
    """A library of the extra ``io``."""


FORMATS: dict[str, Format] = {
    ".png": Format(read_png, write_png, "whole"),
    ".pgm": Format(read_pgm, write_pgm, "whole"),
    ".pfm": Format(read_pfm, write_pfm, "float"),
    ".npy": Format(read_npy, write_npy, "both"),
    ".npz": Format(read_npz, write_npz, "both"),
    ".tif": Format(read_tiff, write_tiff, "both", "tifffile"),
    ".tiff": Format(read_tiff, write_tiff, "both", "tifffile"),
    ".exr": Format(read_exr, write_exr, "float", "OpenEXR"),
    ".dpt": Format(read_dpt, write_dpt, "float"),
    ".h5": Format(read_hdf5, write_hdf5, "both", "h5py"),
    ".hdf5": Format(read_hdf5, write_hdf5, "both", "h5py"),
}
SUFFIXES = tuple(FORMATS)
"""The file name endings that can be read and written."""

_GUESSES = {("u", 1): "levels", ("u", 2): "mm"}


def _sort(numbers: NDArray[np.generic]) -> tuple[str, int]:
    """Return the kind of number and its bytes, whatever their order."""
    return numbers.dtype.kind, numbers.dtype.itemsize


def _format_of(path: Path) -> Format:
    if path.suffix.lower() not in FORMATS:
        raise FileError(
            f"{path} ends in {path.suffix or 'no suffix'}: allowed are {', '.join(FORMATS)}"
        )
    found = FORMATS[path.suffix.lower()]
    if found.needs is not None and find_spec(found.needs) is None:
        raise FileError(f"{path}: {path.suffix} files need {found.needs}: pip install 'dsdmsr[io]'")
    return found


def read_numbers(path: str | os.PathLike[str]) -> NDArray[np.generic]:
    """Return the numbers in a depth file as they are, H×W.

    Raises:
        FileError: If the file is missing, is a folder, is damaged, or is no depth file.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise FileError(f"{path} is a folder: give a depth file")
        if not path.exists():
            raise FileError(f"{path} does not exist: give a depth file")
        return _format_of(path).read(path)
    except (OSError, MemoryError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error


def interpret(
    numbers: NDArray[np.generic],
    path: str | os.PathLike[str],
    encoding: str | Encoding | None = None,
) -> DepthMap:
    """Make a map of what `read_numbers` found in `path`; see `read_depth`.

    Raises:
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.
    """
    path = Path(path)
    if encoding is None:
        encoding = _GUESSES.get(_sort(numbers), "float")
    elif encoding == "levels" and _sort(numbers) == ("u", 2):
        encoding = "levels16"
    elif (
        isinstance(encoding, str)
        and _format_of(path).holds == "whole"
        and find_encoding(encoding).dtype != numbers.dtype
    ):
        fitting = [n for n, e in ENCODINGS.items() if e.dtype == numbers.dtype]
        raise EncodingError(
            f"{path} has {8 * numbers.dtype.itemsize} bits, encoding {encoding!r} has not: "
            f"allowed are {', '.join(fitting)}"
        )
    try:
        return decode(numbers, encoding)
    except (DepthError, EncodingError) as error:
        raise type(error)(f"{path}: {error}") from error


def read_depth(path: str | os.PathLike[str], encoding: str | Encoding | None = None) -> DepthMap:
    """Read a depth file.

    Args:
        path: A file whose name ends in one of ``SUFFIXES``. TIFF, EXR and HDF5 files need the
            extra ``io``.
        encoding: What its numbers mean, a name in ``ENCODINGS``, or an encoding of one's own.
            Default: a guess, which the map's ``encoding`` tells: whole numbers of 8 bits are
            ``levels``, of 16 bits ``mm``, all other numbers ``float``. ``levels`` means
            ``levels16`` where the file has 16 bits.

    Returns:
        The map, in metres for the depth encodings that have a unit.

    Raises:
        FileError: If the file is missing, is a folder, is damaged, or is no depth file.
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.
    """
    if isinstance(encoding, str):
        find_encoding(encoding)
    return interpret(read_numbers(path), path, encoding)


def check_output(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Return `path` if a depth file may be written there.

    Raises:
        FileError: If its suffix is unknown or needs a library that is missing, it is a folder, or
            it exists and `overwrite` is false.
    """
    path = Path(path)
    _format_of(path)
    if path.is_dir():
        raise FileError(f"{path} is a folder: give a file name")
    if path.exists() and not overwrite:
        raise FileError(f"{path} exists: give another name, or allow overwriting")
    return path


def choose_encoding(path: Path, depth: DepthMap, encoding: str | None) -> str:
    """Return the encoding in which `depth` goes to `path`: as asked, or as it came.

    Raises:
        EncodingError: If the file's format cannot hold it.
    """
    holds = _format_of(path).holds
    name = encoding or depth.encoding or "float"
    if holds == "whole" and find_encoding(name).largest is None:
        whole = [n for n, e in ENCODINGS.items() if e.largest is not None]
        raise EncodingError(
            f"{path}: a {path.suffix[1:].upper()} cannot hold encoding {name!r}: write .npy, .npz "
            f"or .pfm, or choose an output encoding, one of {', '.join(whole)}"
        )
    return name


def write_depth(
    path: str | os.PathLike[str],
    depth: DepthMap,
    encoding: str | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a depth file, whole or not at all.

    Args:
        path: Where; its suffix says which format. Missing folders are made.
        depth: The map.
        encoding: What the numbers shall mean. Default: what the map came in.
        overwrite: Whether a file that exists may be replaced.

    Raises:
        FileError: If the file exists, or cannot be written there.
        EncodingError: If the format or the encoding cannot hold the map; nothing is clipped.
    """
    path = check_output(path, overwrite=overwrite)
    format_ = _format_of(path)
    name = choose_encoding(path, depth, encoding)
    whole = format_.holds != "float" and ENCODINGS[name].largest is not None
    try:
        numbers = encode(depth, name, whole=whole)
    except EncodingError as error:
        raise EncodingError(f"{path}: {error}") from error
    with writing(path) as beside:
        format_.write(beside, numbers)
