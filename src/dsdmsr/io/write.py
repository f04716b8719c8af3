"""The writing of depth files, whole or not at all."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr._atomic import writing
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import EncodingError, FileError, OutputExistsError
from dsdmsr.io.choice import choose_encoding
from dsdmsr.io.codec import encode, invalid_number
from dsdmsr.io.encodings import find_encoding
from dsdmsr.io.formats import FORMATS, format_of, is_depth_folder, split_member

__all__ = ["check_output", "check_picture_output", "is_whole", "write_bands", "write_depth"]


def write_depth(
    path: str | os.PathLike[str],
    depth: DepthMap,
    encoding: str | Encoding | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a depth file, whole or not at all.

    Args:
        path: Where; its suffix, one of `dsdmsr.io.SUFFIXES`, names the format. Missing folders are
            created.
        depth: The map.
        encoding: A name in `dsdmsr.io.ENCODINGS`, or an `Encoding`. Default: that of the file the
            map was read from, with its number for holes and its floats; else the floats of its
            kind: ``float``, ``disparity``, ``inverse`` or ``height``.
        overwrite: Whether a file that exists may be replaced.

    Raises:
        OutputExistsError: If the file exists and may not be replaced.
        FileError: If it cannot be written there.
        EncodingError: If the format or the encoding cannot hold the map; nothing is clipped.

    Examples:
        Metres as 16-bit millimetres, 0 where invalid:

        >>> import tempfile
        >>> from pathlib import Path
        >>> from dsdmsr import DepthMap, read_depth, write_depth
        >>> depth = DepthMap([[1.5, 0.0]], [[True, False]], unit="m")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_depth(Path(folder) / "depth.png", depth, "mm")
        ...     read_depth(Path(folder) / "depth.png").values
        array([[1.5, 0. ]], dtype=float32)
    """
    write_bands(path, depth.shape, iter([depth]), encoding, overwrite=overwrite)


def write_bands(
    path: str | os.PathLike[str],
    shape: tuple[int, int],
    bands: Iterator[DepthMap],
    encoding: str | Encoding | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a depth file, whole or not at all, from bands that are computed while it is written.

    NPY and TIFF files take no more memory than a band does; for others, all is gathered first.

    Args:
        path: Where; see `write_depth`.
        shape: Height and width of the map.
        bands: Its rows, from the top to the bottom, all of one kind, unit and encoding.
        encoding: See `write_depth`.
        overwrite: Whether a file that exists may be replaced.

    Raises:
        OutputExistsError: If the file exists and may not be replaced.
        FileError: If it cannot be written there.
        EncodingError: If the format or the encoding cannot hold the map; nothing is clipped.
    """
    path = check_output(path, overwrite=overwrite)
    format_ = format_of(path)
    first = next(bands)
    name = choose_encoding(path, first, encoding)
    whole = is_whole(path, first, name)
    numbers = _encoded(path, shape, chain([first], bands), name, whole=whole)
    dtype = find_encoding(name).dtype if whole else np.dtype(np.float32)
    more: dict[str, object] = {}
    if format_.carries:
        marker = invalid_number(first, name, whole=whole)
        # Among whole numbers that are all values, no number can be declared to be none.
        declares = first.metadata.declares_invalid and not (whole and math.isnan(marker))
        more["metadata"] = replace(first.metadata, invalid=marker, declares_invalid=declares)
    if "unit" in format_.carries:
        from dsdmsr.io.cf import units_of

        more["unit"] = units_of(find_encoding(name))
    write = format_.write
    assert write is not None  # check_output has seen to that
    with writing(path, overwrite=overwrite) as beside:
        if format_.rows:
            write(beside, shape, dtype, numbers, **more)
        else:
            write(beside, np.concatenate(list(numbers)), **more)


def is_whole(path: Path, depth: DepthMap, encoding: str | Encoding) -> bool:
    """Return whether a map is written as whole numbers: a map of floats stays one if it can."""
    holds, meaning = format_of(path).holds, find_encoding(encoding)
    stays = depth.metadata.floats and encoding == depth.encoding and holds == "both"
    return holds != "float" and meaning.largest is not None and not stays


def _encoded(
    path: Path,
    shape: tuple[int, int],
    bands: Iterable[DepthMap],
    name: str | Encoding,
    *,
    whole: bool,
) -> Iterator[NDArray[np.generic]]:
    """Yield the numbers of bands; an error names the file and the rows."""
    top = 0
    for band in bands:
        bottom = top + band.shape[0]
        try:
            yield encode(band, name, whole=whole, top=top, height=shape[0])
        except EncodingError as error:
            rows = "" if band.shape == shape else f" rows {top} to {bottom - 1}:"
            raise EncodingError(f"{path}:{rows} {error}") from error
        top = bottom


def check_output(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Return `path` if a depth file may be written there.

    Raises:
        FileError: If its suffix is unknown, it is a folder, or it exists and `overwrite` is false.
        DependencyError: If its format needs a library that is not installed.
    """
    path = Path(path)
    if format_of(path).write is None:
        writable = ", ".join(name for name, format_ in FORMATS.items() if format_.write)
        raise FileError(f"{path}: {path.suffix} files are read only: allowed are {writable}")
    if split_member(path)[1] is not None:
        raise FileError(f"{path} is one map of a file: give a file name without #")
    if path.is_dir() and not is_depth_folder(path):
        raise FileError(f"{path} is a folder: give a file name")
    if path.exists() and not overwrite:
        raise OutputExistsError(f"{path} exists: give another name, or allow overwriting")
    return path


def check_picture_output(path: Path, *, overwrite: bool = False) -> Path:
    """Return `path` if a picture may be written there; as `check_output` for maps.

    Raises:
        FileError: If it is no name of a PNG file, it is a folder, or it exists and `overwrite` is
            false.
    """
    if path.suffix.lower() != ".png":
        raise FileError(f"{path} is no PNG file: give the picture a name that ends in .png")
    return check_output(path, overwrite=overwrite)
