"""The table of file formats: their readers and writers, and the numbers that they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError, require
from dsdmsr.io.arrays import read_npy, read_npz, write_npy, write_npz
from dsdmsr.io.dpt import read_dpt, write_dpt
from dsdmsr.io.exr import read_exr, write_exr
from dsdmsr.io.hdf5 import read_hdf5, read_mat, write_hdf5, write_mat
from dsdmsr.io.pfm import read_pfm, write_pfm
from dsdmsr.io.pgm import read_pgm, write_pgm
from dsdmsr.io.png import read_png, write_png
from dsdmsr.io.tiff import read_tiff, write_tiff

__all__ = ["FORMATS", "SUFFIXES", "Format", "format_of", "split_member"]


class Format(NamedTuple):
    """A file format: how it is read and written, and which numbers it holds."""

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


def split_member(path: Path) -> tuple[Path, int | None]:
    """Return the file that a path names, and which of its maps: ``nyu.mat#12``; None for all."""
    match = re.fullmatch(r"(.+\.\w+)#(\d+)", str(path))
    if match is None or path.exists():
        return path, None
    return Path(match[1]), int(match[2])


def format_of(path: Path) -> Format:
    """Return the format that a path names by its suffix.

    Raises:
        FileError: If there is none, or it holds one map only and the path names one of several.
        DependencyError: If it needs a library that is not installed.
    """
    path, number = split_member(path)
    if path.suffix.lower() not in FORMATS:
        raise FileError(
            f"{path} ends in {path.suffix or 'no suffix'}: allowed are {', '.join(FORMATS)}"
        )
    format_ = FORMATS[path.suffix.lower()]
    if format_.needs is not None:
        require(format_.needs, f"{path}: the format {path.suffix}")
    if number is not None and not format_.stacks:
        raise FileError(f"{path}#{number}: a {path.suffix} file holds one map: leave #{number} out")
    return format_
