"""NumPy's files: NPY, and NPZ with the array under the key ``depth``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import ERROR_MARK, refuse_errors, single_line
from dsdmsr.io.stacks import map_of, named_array, split_number
from dsdmsr.io.stored import Stored

__all__ = ["read_npy", "read_npz", "write_npy", "write_npz"]


_NOTE_LENGTH = 1000
"""Bytes behind an array among which a note on it would begin; see `dsdmsr.io.error_files`."""


def _load(path: Path, wanted: type[Any], name: str) -> Any:
    """Return what `np.load` makes of the file, arrays of an archive loaded."""
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, wanted):
                raise FileError(f"{path} is not an {name} file, whatever its name says")
            if name == "NPY" and ERROR_MARK.encode() in file.read(_NOTE_LENGTH):
                refuse_errors(path)
            return loaded if name == "NPY" else {key: loaded[key] for key in loaded.files}
    except _damage() as error:
        if "pickle" in str(error):
            raise FileError(
                f"{path} holds pickled objects, or is no NumPy file: give plain numbers"
            ) from error
        raise FileError(f"{path} is damaged or cut off: {single_line(error)}") from error


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
    return Stored(numbers=map_of(_load(path, np.ndarray, "NPY"), number, path))


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
    from numpy.lib.npyio import NpzFile

    name, number = split_number(member)
    _, array = named_array(_load(path, NpzFile, "NPZ"), name, path)
    return Stored(numbers=map_of(array, number, path))


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
