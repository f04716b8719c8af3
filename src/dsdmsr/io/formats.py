"""The table of file formats: their readers and writers, and the numbers that they hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError, require
from dsdmsr.io.arrays import read_npy, read_npz, write_npy, write_npz
from dsdmsr.io.dpt import read_dpt, write_dpt
from dsdmsr.io.exr import read_exr, write_exr
from dsdmsr.io.hdf5 import read_hdf5, read_mat, write_hdf5, write_mat
from dsdmsr.io.pfm import read_pfm, write_pfm
from dsdmsr.io.pgm import read_pgm, write_pgm
from dsdmsr.io.png import read_png, write_png
from dsdmsr.io.stored import Stored
from dsdmsr.io.tiff import read_tiff, write_tiff

__all__ = ["FORMATS", "SUFFIXES", "Format", "format_of", "left_out", "split_member"]

Carried = Literal["invalid", "georeference", "window"]


class Format(NamedTuple):
    """A file format: how it is read and written, and which numbers it holds."""

    read: Callable[..., Stored]
    """Takes the path; with `selects`, also the member that follows ``#``, or None."""
    write: Callable[..., None] | None
    """Takes the path and the numbers; where `rows` is true, their shape, their type and bands of
    rows instead; and with `carries`, the map's metadata as ``metadata``. None: never written."""
    holds: Literal["whole", "float", "both"]
    needs: str | None = None
    """A library of an extra."""
    rows: bool = False
    """Whether `write` takes bands of rows, so that not all needs to be in memory."""
    selects: bool = False
    """Whether it may hold several maps, and ``file#member`` names one."""
    members: Callable[[Path, str | None], list[str]] | None = None
    """For recordings: returns the members, one for each frame, that a path and what follows ``#``
    stand for."""
    written_as: str | None = None
    """The suffix of outputs in a folder for inputs of this format. Default: its own."""
    carries: tuple[Carried, ...] = ()
    """Which metadata it holds beside the numbers."""


_TIFF = Format(
    read_tiff, write_tiff, "both", "tifffile", rows=True, carries=("invalid", "georeference")
)
_HDF5 = Format(read_hdf5, write_hdf5, "both", "h5py", selects=True, carries=("invalid",))
FORMATS: dict[str, Format] = {
    ".png": Format(read_png, write_png, "whole"),
    ".pgm": Format(read_pgm, write_pgm, "whole"),
    ".pfm": Format(read_pfm, write_pfm, "float"),
    ".npy": Format(read_npy, write_npy, "both", rows=True),
    ".npz": Format(read_npz, write_npz, "both"),
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".exr": Format(read_exr, write_exr, "float", "OpenEXR", selects=True, carries=("window",)),
    ".dpt": Format(read_dpt, write_dpt, "float"),
    ".h5": _HDF5,
    ".hdf5": _HDF5,
    ".mat": Format(read_mat, write_mat, "both", "h5py", selects=True),
}
SUFFIXES = tuple(FORMATS)
"""The file name endings that can be read and written."""


def split_member(path: Path) -> tuple[Path, str | None]:
    """Return the file that a path names, and which of its maps.

    Examples are ``nyu.mat#12`` and ``render.exr#ViewLayer.Depth.Z``; None where nothing follows.
    """
    before, mark, member = str(path).partition("#")
    while mark:
        if Path(before).suffix.lower() in FORMATS and member and not path.exists():
            return Path(before), member
        more, mark, member = member.partition("#")
        before = f"{before}#{more}"
    return path, None


def format_of(path: Path) -> Format:
    """Return the format that a path names by its suffix.

    Raises:
        FileError: If there is none, or it holds one map only and the path names one of several.
        DependencyError: If it needs a library that is not installed.
    """
    path, member = split_member(path)
    if path.suffix.lower() not in FORMATS:
        raise FileError(
            f"{path} ends in {path.suffix or 'no suffix'}: allowed are {', '.join(FORMATS)}"
        )
    format_ = FORMATS[path.suffix.lower()]
    if format_.needs is not None:
        require(format_.needs, f"{path}: the format {path.suffix}")
    if member is not None and not format_.selects:
        raise FileError(f"{path}#{member}: a {path.suffix} file holds one map: leave #{member} out")
    return format_


def left_out(path: Path, metadata: Metadata) -> list[str]:
    """Return what a file of a path's format cannot hold of a map's metadata, a line each."""
    format_, name = format_of(path), path.suffix[1:].upper()
    lines = []
    if metadata.georeference is not None and "georeference" not in format_.carries:
        lines.append(f"a {name} holds no georeference: it is left out; write .tif to keep it")
    if metadata.window is not None and "window" not in format_.carries:
        lines.append(f"a {name} holds no data window: it is left out; write .exr to keep it")
    return lines
