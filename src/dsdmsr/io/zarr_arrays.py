"""Zarr arrays, folders of chunks, of formats 2 and 3; needs zarr."""

from __future__ import annotations

import base64
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError
from dsdmsr.io.cf import stored_as
from dsdmsr.io.checks import blocks_of_map, check_parts, check_size, single_line
from dsdmsr.io.stacks import NAMES, map_of, named_array, split_number
from dsdmsr.io.stored import Stored
from dsdmsr.io.zarr_blosc import check_blosc

__all__ = ["is_zarr", "read_zarr", "write_zarr"]

_ROUNDING = ("bitround", "quantize")
"""Filters of numcodecs that change numbers."""
_MOST_CHUNKS = 2**14
"""Of a map; zarr 3.1 takes 0.2 ms for each."""
_MARKS = ("zarr.json", ".zarray", ".zgroup")
"""Files of which one is in each Zarr folder."""


def is_zarr(path: Path) -> bool:
    """Return whether a folder is a Zarr array or group."""
    return path.suffix.lower() == ".zarr" and any((path / name).is_file() for name in _MARKS)


def read_zarr(path: Path, member: str | None = None) -> Stored:
    """Return the array ``depth`` of a Zarr group, or its only array, or the array that it is.

    Attributes say what means "nothing here", and what the numbers are multiplied by and in; see
    `dsdmsr.io.cf`. Zarr's own ``fill_value`` only says what stands in chunks that are not stored.

    Args:
        path: The folder.
        member: The number of a map in a stack, from 0; or an array's path, then perhaps ``@`` and
            that number.

    Raises:
        FileError: If the folder is damaged, or has several arrays and none of that name; or the
            array is no map, or no stack that holds this one.
    """
    import zarr

    try:
        node = zarr.open(path, mode="r")
        arrays = {"": node} if isinstance(node, zarr.Array) else dict(_arrays(node))
        name, number = split_number(member)
        entry, array = named_array(arrays, name, path)
        stored, size = array.nbytes_stored(), array.dtype.itemsize
        for sides in (array.shape, array.chunks):
            check_size(path, math.prod(sides) * size, stored, size)
        count = blocks_of_map(array.shape, array.chunks)
        check_parts(path, count, "chunks", _MOST_CHUNKS)
        check_blosc(array, number, path)
        numbers = map_of(array, number, path)
        attributes = dict(array.attrs)
        if "_FillValue" in attributes:
            attributes["_FillValue"] = _decoded(attributes["_FillValue"], numbers.dtype)
        for name in {"_FillValue", "missing_value"} & attributes.keys():
            attributes[name] = _with_rounded(attributes[name], array)
    except FileError:
        raise
    except Exception as error:  # zarr lets through whatever its codecs raise
        summary = single_line(error) or type(error).__name__
        raise FileError(f"{path} is damaged, or no Zarr that can be read: {summary}") from error
    return stored_as(attributes, entry, numbers, None if entry == NAMES[0] else entry)


def _arrays(group: Any) -> list[tuple[str, Any]]:
    """Return the arrays of a group and of the groups in it, by their paths."""
    import zarr

    members = sorted(group.members(max_depth=None))
    return [(name, node) for name, node in members if isinstance(node, zarr.Array)]


def _decoded(given: Any, dtype: np.dtype[Any]) -> Any:
    """Return the number that means nothing; xarray writes floats as base64 in format 3."""
    if isinstance(given, str) and dtype.kind == "f" and given not in ("NaN", "nan"):
        return struct.unpack("<d", base64.b64decode(given, validate=True))[0]
    return given


def _with_rounded(given: Any, array: Any) -> Any:
    """Return the numbers that mean nothing, and what they are after filters that round.

    numcodecs rounds them like all others: ``BitRound`` turns -9999 into -9984 or -10000.
    """
    import numcodecs

    if array.dtype.kind != "f" or not array.filters or isinstance(given, str):
        return given
    rounded = np.ravel(given).astype(array.dtype)
    for codec in array.filters:
        # Format 2 has numcodecs' own filters, format 3 wrapped ones and others.
        config = getattr(codec, "codec_config", None) or getattr(codec, "get_config", dict)()
        if config.get("id") in _ROUNDING:
            rounds = numcodecs.get_codec(dict(config))
            with np.errstate(over="ignore"):
                rounded = np.asarray(rounds.decode(rounds.encode(rounded))).view(array.dtype)
    return [*np.ravel(given), *rounded]


def write_zarr(
    path: Path, numbers: NDArray[np.generic], *, metadata: Metadata, unit: str | None
) -> None:
    """Write the numbers as the array ``depth`` of a group, in format 2, which all read."""
    import zarr

    attributes: dict[str, Any] = {"_ARRAY_DIMENSIONS": ["y", "x"]}
    fill = None
    if metadata.declares_invalid and metadata.invalid is not None:
        fill = numbers.dtype.type(metadata.invalid)
        attributes["_FillValue"] = fill.item()
    if unit is not None:
        attributes["units"] = unit
    name = NAMES[0] if metadata.entry is None else metadata.entry
    array = zarr.create_array(
        path,
        name=name or None,
        shape=numbers.shape,
        dtype=numbers.dtype,
        chunks=tuple(min(1024, side) for side in numbers.shape),
        fill_value=fill,
        attributes=attributes,
        zarr_format=2,
    )
    array[:] = numbers
