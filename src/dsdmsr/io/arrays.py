"""NumPy's files: NPY, and NPZ with the array under the key ``depth``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import (
    ERROR_MARK,
    MOST_MEMBERS,
    check_parts,
    check_size,
    refuse_errors,
    single_line,
    stored_bytes,
)
from dsdmsr.io.stacks import map_of, named_array, split_number
from dsdmsr.io.stored import Stored

__all__ = ["read_npy", "read_npz", "write_npy", "write_npz"]

_ZIP = b"PK\x03\x04"
_NOTE_LENGTH = 1000
"""Bytes behind an array among which a note on it would begin; see `dsdmsr.io.error_files`."""


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what NumPy raises for damaged files into an error that names the file."""
    try:
        yield
    except _damage() as error:
        if "pickle" in str(error):
            raise FileError(
                f"{path} holds pickled objects, or is no NumPy file: give plain numbers"
            ) from error
        raise FileError(f"{path} is damaged or cut off: {single_line(error)}") from error


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and type that an NPY header promises; what follows is the array.

    Source:
        ``numpy.lib.format``.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("pickled objects")
    return shape, dtype


def _load_npy(path: Path) -> NDArray[Any]:
    with _naming(path), path.open("rb") as file:
        if file.read(len(_ZIP)) == _ZIP:
            raise FileError(f"{path} is not an NPY file, whatever its name says")
        file.seek(0)
        shape, dtype = _read_header(file)
        left = path.stat().st_size - file.tell()
        if (promised := math.prod(shape) * dtype.itemsize) > left:
            raise ValueError(f"{promised:,} bytes of numbers promised, and {left:,} there")
        file.seek(0)
        array = np.lib.format.read_array(file, allow_pickle=False)
        if ERROR_MARK.encode() in file.read(_NOTE_LENGTH):
            refuse_errors(path)
    return np.asarray(array)


def _load_member(path: Path, name: str | None) -> NDArray[Any]:
    """Return the wanted array of an archive: of the others, only the headers are read."""
    import zipfile

    with _naming(path), path.open("rb") as file:
        if file.read(len(_ZIP)) != _ZIP:
            raise FileError(f"{path} is not an NPZ file, whatever its name says")
        with zipfile.ZipFile(file) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            check_parts(path, len(members), "members", MOST_MEMBERS)
            listed = {}
            for each, member in members.items():
                with archive.open(member) as opened, suppress(ValueError):
                    shape, dtype = _read_header(opened)
                    listed[each] = np.broadcast_to(np.zeros((), dtype), shape)
            wanted, array = named_array(listed, name, path)
            member = members[wanted]
            stored = min(member.compress_size, stored_bytes(path))
            check_size(path, array.nbytes, stored, array.dtype.itemsize)
            with archive.open(member) as opened:
                return np.asarray(np.lib.format.read_array(opened, allow_pickle=False))


def _damage() -> tuple[type[Exception], ...]:
    """Return what NumPy and the archive's readers raise for files that are not whole."""
    import struct
    import tokenize
    import zipfile
    import zlib
    from lzma import LZMAError

    return (
        EOFError,
        KeyError,
        LZMAError,
        NotImplementedError,
        OSError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
        struct.error,
        tokenize.TokenError,
        zipfile.BadZipFile,
        zlib.error,
    )


def read_npy(path: Path, member: str | None = None) -> Stored:
    """Return the map in an NPY file, or one of a stack.

    Args:
        path: The file: H×W or N×H×W, and any axes of length 1 among them.
        member: The number of a map in a stack, from 0.

    Raises:
        FileError: If the file is damaged, or holds Python objects, or no such map.
    """
    name, number = split_number(member)
    if name is not None:
        raise FileError(f"{path}#{member}: name a map of a stack by its number, {path.name}#0")
    return Stored(numbers=map_of(_load_npy(path), number, path))


def read_npz(path: Path, member: str | None = None) -> Stored:
    """Return the array ``depth`` of an NPZ file, or the only one that may be a map.

    Args:
        path: The file. Of a stack of maps, the array may be called ``depths``.
        member: The number of a map in a stack, from 0; or the array's name, then perhaps ``@`` and
            that number.

    Raises:
        FileError: If the file is damaged, or has several such arrays and none is named; or if the
            array is no map, or no stack that holds this one.
    """
    name, number = split_number(member)
    return Stored(numbers=map_of(_load_member(path, name), number, path))


def write_npy(
    path: Path, shape: tuple[int, int], dtype: np.dtype[Any], bands: Iterator[NDArray[np.generic]]
) -> None:
    """Write as NPY what comes in bands of rows, from the top to the bottom."""
    with path.open("wb") as file:
        header = {"descr": dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for band in bands:
            file.write(np.ascontiguousarray(band, dtype).data)


def write_npz(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write the numbers as NPZ, under the key ``depth``."""
    with path.open("wb") as file:
        np.savez_compressed(file, depth=numbers)
