"""The table of file formats: their readers and writers, and the numbers that they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import ConfigError, FileError, require, suggestion
from dsdmsr.io.png import read_png, write_png
from dsdmsr.io.stored import Stored

__all__ = [
    "ERROR_SUFFIXES",
    "FORMATS",
    "SUFFIXES",
    "Format",
    "check_suffix",
    "find_format",
    "format_of",
    "format_option",
    "is_depth_folder",
    "left_out",
    "split_member",
    "suffix_written",
]

Carried = Literal["invalid", "georeference", "window", "view", "unit"]


class Format(NamedTuple):
    """A file format: how it is read and written, and which numbers it holds."""

    read: Callable[..., Stored]
    """Takes the path; with `selects`, also the member that follows ``#``, or None."""
    write: Callable[..., None] | None
    """Takes the path and the numbers; where `rows` is true, their shape, their type and bands of
    rows instead; and with `carries`, the map's metadata as ``metadata`` and, if it holds that,
    the unit's name as ``unit``. None: never written."""
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
    written_as: str | Callable[[Path, str | None], str] | None = None
    """The suffix of outputs in a folder for inputs of this format, or what returns it for a path
    and what follows ``#``. Default: its own."""
    needs_view: bool = False
    """Whether it holds no map but depth that was seen from a view that is known; see `MvsView`."""
    is_folder: Callable[[Path], bool] | None = None
    """For files that are, or can be, folders on the disk: whether a folder is one."""
    carries: tuple[Carried, ...] = ()
    """Which metadata it holds beside the numbers."""


def _late(module: str, name: str) -> Callable[..., Any]:
    """Return a function of a module of this room, which is loaded when it is first called.

    Most commands touch one format, and load no other.
    """

    def call(*given: object, **named: object) -> Any:
        return getattr(import_module(f"dsdmsr.io.{module}"), name)(*given, **named)

    return call


_TIFF = Format(
    _late("tiff", "read_tiff"),
    _late("tiff", "write_tiff"),
    "both",
    "tifffile",
    rows=True,
    selects=True,
    carries=("invalid", "georeference"),
)
_HDF5 = Format(
    _late("hdf5", "read_hdf5"),
    _late("hdf5", "write_hdf5"),
    "both",
    "h5py",
    selects=True,
    carries=("invalid", "unit"),
)
_ROS = Format(
    _late("ros", "read_ros"),
    None,
    "both",
    "rosbags",
    selects=True,
    members=_late("ros", "ros_frames"),
    written_as=_late("ros", "ros_suffix"),
    is_folder=_late("recordings", "is_bag_folder"),
)
_JPEG = Format(_late("depth_photo", "read_photo"), None, "both", written_as=".npy")
_HEIC = Format(_late("heic", "read_heic"), None, "both", "pillow_heif", written_as=".npy")
FORMATS: dict[str, Format] = {
    ".png": Format(read_png, write_png, "whole"),
    ".pgm": Format(_late("pgm", "read_pgm"), _late("pgm", "write_pgm"), "whole"),
    ".pfm": Format(_late("pfm", "read_pfm"), _late("pfm", "write_pfm"), "float"),
    ".npy": Format(
        _late("arrays", "read_npy"), _late("arrays", "write_npy"), "both", rows=True, selects=True
    ),
    ".npz": Format(_late("arrays", "read_npz"), _late("arrays", "write_npz"), "both", selects=True),
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".exr": Format(
        _late("exr", "read_exr"),
        _late("exr", "write_exr"),
        "float",
        "OpenEXR",
        selects=True,
        carries=("window",),
    ),
    ".bin": Format(_late("colmap", "read_colmap"), _late("colmap", "write_colmap"), "float"),
    ".dmap": Format(
        _late("openmvs", "read_dmap"),
        _late("openmvs", "write_dmap"),
        "float",
        carries=("view",),
        needs_view=True,
    ),
    ".dpt": Format(_late("dpt", "read_dpt"), _late("dpt", "write_dpt"), "float"),
    ".h5": _HDF5,
    ".hdf5": _HDF5,
    ".mat": Format(
        _late("matlab", "read_mat"), _late("matlab", "write_mat"), "both", "h5py", selects=True
    ),
    ".nc": Format(
        _late("netcdf", "read_netcdf"), None, "both", "h5py", selects=True, written_as=".h5"
    ),
    ".zarr": Format(
        _late("zarr_arrays", "read_zarr"),
        _late("zarr_arrays", "write_zarr"),
        "both",
        "zarr",
        selects=True,
        carries=("invalid", "unit"),
        is_folder=_late("zarr_arrays", "is_zarr"),
    ),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".heic": _HEIC,
    ".heif": _HEIC,
    ".bag": _ROS,
    ".mcap": _ROS,
    ".db3": _ROS,
}
SUFFIXES = tuple(FORMATS)
"""The file name endings that can be read and written."""
_WRITABLE = tuple(suffix for suffix, format_ in FORMATS.items() if format_.write is not None)
ERROR_SUFFIXES = (".npy", ".npz", ".tif", ".tiff", ".exr", ".h5", ".hdf5", ".mat")
"""Those under which expected errors can be written, by `dsdmsr.io.error_files`."""


def find_format(path: Path) -> Format | None:
    """Return the format of a file by its suffix, or by what is in a folder; None if there is none.

    Args:
        path: The file, without what follows ``#``.
    """
    # A ROS 2 bag is a folder of any name.
    return _folder_format(path) or FORMATS.get(path.suffix.lower())


def is_depth_folder(path: Path) -> bool:
    """Return whether a folder is itself a depth file, as a Zarr array and a ROS 2 bag are."""
    return _folder_format(path) is not None


def _folder_format(path: Path) -> Format | None:
    """Return the format of which a folder is a file."""
    if not path.is_dir():
        return None
    formats = FORMATS.values()
    return next((f for f in formats if f.is_folder is not None and f.is_folder(path)), None)


def split_member(path: Path) -> tuple[Path, str | None]:
    """Return the file that a path names, and which of its maps.

    Examples are ``nyu.mat#12`` and ``render.exr#ViewLayer.Depth.Z``; None where nothing follows.
    """
    before, mark, member = str(path).partition("#")
    while mark:
        if find_format(Path(before)) is not None and member and not path.exists():
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
    format_ = find_format(path)
    if format_ is None:
        raise FileError(
            f"{path} ends in {path.suffix or 'no suffix'}: allowed are {', '.join(FORMATS)}"
        )
    if format_.needs is not None:
        require(format_.needs, f"{path}: the format {path.suffix or 'ROS 2 bag'}")
    if member is not None and not format_.selects:
        raise FileError(f"{path}#{member}: a {path.suffix} file holds one map: leave #{member} out")
    return format_


def check_suffix(format_: str | None) -> str | None:
    """Return the suffix that the name of a format means; None for None.

    Raises:
        ConfigError: If no such files can be written.
    """
    suffix = None if format_ is None else "." + format_.lower().removeprefix(".")
    if suffix is not None and suffix not in _WRITABLE:
        names = [each[1:] for each in _WRITABLE]
        raise ConfigError(
            f"format is {format_!r}{suggestion(suffix[1:], names)}: allowed are {', '.join(names)}"
        )
    return suffix


def format_option(what: str, source: str) -> Any:
    """Return the option that names the format of outputs, a dataclass's field.

    Args:
        what: The outputs, for its help.
        source: Whose format is the default.
    """
    names = ", ".join(suffix[1:] for suffix in _WRITABLE)
    help_ = f"The format of {what}: {names}. Default: that of {source}."
    return field(default=None, metadata={"help": help_})


def suffix_written(path: Path) -> str:
    """Return the suffix of outputs in a folder for a depth file, or a map of one.

    Raises:
        FileError: If that depends on what is in the file, and it cannot be read.
        DependencyError: If it needs a library for that, which is not installed.
    """
    file, member = split_member(path)
    format_ = find_format(file)
    if format_ is None or format_.written_as is None:
        return file.suffix
    if isinstance(format_.written_as, str):
        return format_.written_as
    if format_.needs is not None:
        require(format_.needs, f"{path}: the format {file.suffix or 'ROS 2 bag'}")
    return format_.written_as(file, member)


def left_out(path: Path, metadata: Metadata) -> list[str]:
    """Return what a file of a path's format cannot hold of a map's metadata, a line each."""
    format_, name = format_of(path), path.suffix[1:].upper()
    lines = []
    if metadata.georeference is not None and "georeference" not in format_.carries:
        lines.append(f"a {name} holds no georeference: it is left out; write .tif to keep it")
    if metadata.window is not None and "window" not in format_.carries:
        lines.append(f"a {name} holds no data window: it is left out; write .exr to keep it")
    if metadata.view is not None and "view" not in format_.carries:
        lines.append(f"a {name} holds no view of OpenMVS: it is left out; write .dmap to keep it")
    return lines
