"""Depth files to maps and back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr._atomic import writing
from dsdmsr.depth.map import DepthMap, Kind, Stereo
from dsdmsr.errors import DepthError, EncodingError, FileError
from dsdmsr.io.arrays import read_npy, read_npz, write_npy, write_npz
from dsdmsr.io.calib import read_calib
from dsdmsr.io.dpt import read_dpt, write_dpt
from dsdmsr.io.encodings import ENCODINGS, Encoding, decode, encode, find_encoding
from dsdmsr.io.exr import read_exr, write_exr
from dsdmsr.io.hdf5 import read_hdf5, read_mat, write_hdf5, write_mat
from dsdmsr.io.pfm import read_pfm, write_pfm
from dsdmsr.io.pgm import read_pgm, write_pgm
from dsdmsr.io.png import read_png, write_png
from dsdmsr.io.tiff import read_tiff, write_tiff

__all__ = [
    "SUFFIXES",
    "check_output",
    "choose_encoding",
    "default_encoding",
    "interpret",
    "split_member",
    "read_depth",
    "read_numbers",
    "write_bands",
    "write_depth",
]


class Format(NamedTuple):
    """A kind of file: how it is read and written, and which numbers it holds."""

    read: Callable[..., NDArray[np.generic]]
    write: Callable[..., None]
    holds: Literal["whole", "float", "both"]
    needs: str | None = None
    """A library of the extra ``io``."""
    rows: bool = False
    """Whether `write` takes bands of rows, so that not all needs to be in memory."""
    stacks: bool = False
    """Whether it may hold many maps, and `read` takes the number of one."""


FORMATS: dict[str, Format] = {
    ".png": Format(read_png, write_png, "whole"),
    ".pgm": Format(read_pgm, write_pgm, "whole"),
    ".pfm": Format(read_pfm, write_pfm, "float"),
    ".npy": Format(read_npy, write_npy, "both", rows=True),
    ".npz": Format(read_npz, write_npz, "both"),
    ".tif": Format(read_tiff, write_tiff, "both", "tifffile", rows=True),
    ".tiff": Format(read_tiff, write_tiff, "both", "tifffile", rows=True),
    ".exr": Format(read_exr, write_exr, "float", "OpenEXR"),
    ".dpt": Format(read_dpt, write_dpt, "float"),
    ".h5": Format(read_hdf5, write_hdf5, "both", "h5py", stacks=True),
    ".hdf5": Format(read_hdf5, write_hdf5, "both", "h5py", stacks=True),
    ".mat": Format(read_mat, write_mat, "both", "h5py", stacks=True),
}
SUFFIXES = tuple(FORMATS)
"""The file name endings that can be read and written."""

_GUESSES = {("u", 1): "levels", ("u", 2): "mm"}
_BY_KIND: dict[Kind, tuple[str, str | None]] = {
    "depth": ("float", "mm"),
    "disparity": ("disparity", "disparity16"),
    "inverse_depth": ("inverse", None),
}
"""The encoding of floats and of whole numbers for each kind, where none is given."""


def _sort(numbers: NDArray[np.generic]) -> tuple[str, int]:
    """Return the kind of number and its bytes, whatever their order."""
    return numbers.dtype.kind, numbers.dtype.itemsize


def split_member(path: Path) -> tuple[Path, int | None]:
    """Return the file that a path names, and which of its maps: ``nyu.mat#12``; None for all."""
    found = re.fullmatch(r"(.+\.\w+)#(\d+)", str(path))
    if found is None or path.exists():
        return path, None
    return Path(found[1]), int(found[2])


def _format_of(path: Path) -> Format:
    path, number = split_member(path)
    if path.suffix.lower() not in FORMATS:
        raise FileError(
            f"{path} ends in {path.suffix or 'no suffix'}: allowed are {', '.join(FORMATS)}"
        )
    found = FORMATS[path.suffix.lower()]
    if found.needs is not None and find_spec(found.needs) is None:
        raise FileError(f"{path}: {path.suffix} files need {found.needs}: pip install 'dsdmsr[io]'")
    if number is not None and not found.stacks:
        raise FileError(f"{path}#{number}: a {path.suffix} file holds one map: leave #{number} out")
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
        file, number = split_member(path)
        if not file.exists():
            raise FileError(f"{file} does not exist: give a depth file")
        read = _format_of(path).read
        return read(file) if number is None else read(file, number)
    except (OSError, MemoryError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error


def _guess(numbers: NDArray[np.generic], path: Path, kind: Kind | None) -> str:
    """Return the encoding that numbers most likely have, if they are of a kind."""
    guess = _GUESSES.get(_sort(numbers), "float")
    if guess == "float" and _stereo_beside(path) is not None:
        guess = "disparity"
    if kind is None or ENCODINGS[guess].kind == kind:
        return guess
    whole = ENCODINGS[guess].largest is not None
    found = _BY_KIND[kind][whole]
    if found is None or (whole and ENCODINGS[found].dtype.itemsize != numbers.dtype.itemsize):
        raise EncodingError(
            f"{path} holds {numbers.dtype.name} numbers, and no encoding of kind {kind} does: "
            "leave the kind out"
        )
    return found


def _stereo_beside(path: Path) -> Stereo | None:
    """Return what the calib.txt beside a PFM file says, if it is one of Middlebury's."""
    beside = path.with_name("calib.txt")
    if path.suffix.lower() != ".pfm" or not beside.is_file():
        return None
    try:
        return read_calib(beside)[1]
    except FileError:
        # Other data sets have other files of this name.
        return None


def interpret(
    numbers: NDArray[np.generic],
    path: str | os.PathLike[str],
    encoding: str | Encoding | None = None,
    *,
    kind: Kind | None = None,
) -> DepthMap:
    """Make a map of what `read_numbers` found in `path`; see `read_depth`.

    Raises:
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.
    """
    path = Path(path)
    if encoding is None:
        encoding = _guess(numbers, path, kind)
    elif kind is not None and isinstance(encoding, str) and find_encoding(encoding).kind != kind:
        raise EncodingError(
            f"encoding {encoding!r} is of kind {find_encoding(encoding).kind}, not {kind}: give "
            "the encoding or the kind"
        )
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
    stereo = _stereo_beside(path) if encoding == "disparity" else None
    try:
        return decode(numbers, encoding, stereo)
    except (DepthError, EncodingError) as error:
        raise type(error)(f"{path}: {error}") from error


def read_depth(
    path: str | os.PathLike[str],
    encoding: str | Encoding | None = None,
    *,
    kind: Kind | None = None,
) -> DepthMap:
    """Read a depth file.

    Args:
        path: A file whose name ends in one of ``SUFFIXES``. TIFF, EXR and HDF5 files need the
            extra ``io``.
        encoding: What its numbers mean, a name in ``ENCODINGS``, or an encoding of one's own.
            Default: a guess, which the map's ``encoding`` tells: whole numbers of 8 bits are
            ``levels``, of 16 bits ``mm``, all other numbers ``float``, but ``disparity`` in PFM
            files beside a ``calib.txt``, which says the cameras. ``levels`` means ``levels16``
            where the file has 16 bits.
        kind: What the guess is to be: depth, disparity or inverse depth. Default: not said.

    Returns:
        The map, in metres for the depth encodings that have a unit.

    Raises:
        FileError: If the file is missing, is a folder, is damaged, or is no depth file.
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.
    """
    if isinstance(encoding, str):
        find_encoding(encoding)
    return interpret(read_numbers(path), path, encoding, kind=kind)


def check_output(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Return `path` if a depth file may be written there.

    Raises:
        FileError: If its suffix is unknown or needs a library that is missing, it is a folder, or
            it exists and `overwrite` is false.
    """
    path = Path(path)
    _format_of(path)
    if split_member(path)[1] is not None:
        raise FileError(f"{path} is one map of a file: give a file name without #")
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


def default_encoding(path: Path, depth: DepthMap) -> str:
    """Return the encoding in which a map that came in none goes to `path`.

    Raises:
        EncodingError: If the file's format holds whole numbers, and no encoding does for the
            map's kind and unit.
    """
    floats, whole = _BY_KIND[depth.kind]
    if _format_of(path).holds != "whole":
        return "metres" if (floats, depth.unit) == ("float", "m") else floats
    if whole is None or depth.unit != ENCODINGS[whole].unit:
        raise EncodingError(
            f"{path}: a {path.suffix[1:].upper()} cannot hold {depth.kind} in "
            f"{depth.unit or 'an unknown unit'}: write .npy or .pfm, or give an output encoding"
        )
    return whole


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
    write_bands(path, depth.shape, iter([depth]), encoding, overwrite=overwrite)


def write_bands(
    path: str | os.PathLike[str],
    shape: tuple[int, int],
    bands: Iterator[DepthMap],
    encoding: str | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a depth file, whole or not at all, from bands that are made while it is written.

    NPY and TIFF files take no more memory than a band does; for others, all is gathered first.

    Args:
        path: Where; see `write_depth`.
        shape: Height and width of the map.
        bands: Its rows, from the top to the bottom, all of one kind, unit and encoding.
        encoding: What the numbers shall mean. Default: what the bands came in.
        overwrite: Whether a file that exists may be replaced.

    Raises:
        FileError: If the file exists, or cannot be written there.
        EncodingError: If the format or the encoding cannot hold the map; nothing is clipped.
    """
    path = check_output(path, overwrite=overwrite)
    format_ = _format_of(path)
    first = next(bands)
    name = choose_encoding(path, first, encoding)
    whole = format_.holds != "float" and ENCODINGS[name].largest is not None

    def numbers() -> Iterator[NDArray[np.generic]]:
        top = 0
        for band in chain([first], bands):
            bottom = top + band.shape[0]
            try:
                yield encode(band, name, whole=whole)
            except EncodingError as error:
                part = "" if band.shape == shape else f" rows {top} to {bottom - 1}:"
                raise EncodingError(f"{path}:{part} {error}") from error
            top = bottom

    dtype = ENCODINGS[name].dtype if whole else np.dtype(np.float32)
    with writing(path) as beside:
        if format_.rows:
            format_.write(beside, shape, dtype, numbers())
        else:
            format_.write(beside, np.concatenate(list(numbers())))
