"""Zarr arrays, folders of chunks, of formats 2 and 3; needs zarr."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_entry, single_line
from dsdmsr.io.stored import Stored

__all__ = ["is_zarr", "read_zarr", "write_zarr"]

_MARKS = ("zarr.json", ".zarray", ".zgroup")
"""Files of which one is in each Zarr folder."""
_DEPTH = "depth"
_MOST_COMPRESSED, _SURE = 10_000, 2**26
"""How many times larger than its chunks an array may be, since missing ones are all one number;
and bytes that it may have anyway."""


def is_zarr(path: Path) -> bool:
    """Return whether a folder is a Zarr array or group."""
    return path.suffix.lower() == ".zarr" and any((path / name).is_file() for name in _MARKS)


def read_zarr(path: Path, member: str | None = None) -> Stored:
    """Return the array ``depth`` of a Zarr group, or its only array, or the array that it is.

    ``_FillValue`` or ``missing_value`` among its attributes says which number means nothing;
    Zarr's own ``fill_value`` only says what stands in chunks that are not stored.

    Args:
        path: The folder.
        member: The name of an array; or the number of a map in a stack, from 0.

    Raises:
        FileError: If the folder is damaged, or has several arrays and none of that name; or the
            array is no map, or no stack that holds this one.
    """
    import zarr

    try:
        node = zarr.open(path, mode="r")
        arrays = {"": node} if isinstance(node, zarr.Array) else dict(_arrays(node))
        entry, number = (member, None) if member in arrays else (_DEPTH, member)
        if number is not None and not number.isdecimal():
            raise FileError(f"{path} has no array {member}: it has {', '.join(arrays)}")
        array = single_entry(arrays, entry or _DEPTH, path, "array")
        numbers = _numbers(array, path, number)
        declared = array.attrs.get("_FillValue", array.attrs.get("missing_value"))
        marker = _marker(declared, numbers.dtype)
        entry = next(key for key, one in arrays.items() if one is array)
    except FileError:
        raise
    except Exception as error:  # zarr lets through whatever its codecs raise
        summary = single_line(error) or type(error).__name__
        raise FileError(f"{path} is damaged, or no Zarr that can be read: {summary}") from error
    return Stored(
        numbers=numbers,
        nodata=() if marker is None else (marker,),
        entry=None if entry == _DEPTH else entry,
    )


def _arrays(group: Any) -> list[tuple[str, Any]]:
    """Return the arrays of a group and of the groups in it, by their paths."""
    import zarr

    members = sorted(group.members(max_depth=None))
    return [(name, node) for name, node in members if isinstance(node, zarr.Array)]


def _numbers(array: Any, path: Path, number: str | None) -> NDArray[Any]:
    """Return an array's numbers, or a map of a stack."""
    form = "×".join(map(str, array.shape)) or "single"
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise FileError(f"{path} holds {form} numbers: give one map, or a stack of them")
    count = 1 if array.ndim == 2 else int(array.shape[0])
    wanted = array.nbytes // count
    if wanted > max(_SURE, _MOST_COMPRESSED * array.nbytes_stored()):
        raise FileError(f"{path} promises {form} numbers, but has hardly any chunks of them")
    if array.ndim == 2:
        if number is not None:
            raise FileError(f"{path}#{number}: it holds one map: leave #{number} out")
        return np.asarray(array[:])
    if number is None or int(number) >= count:
        raise FileError(
            f"{path} holds {count} maps: name one, {path.name}#0 to {path.name}#{count - 1}"
        )
    return np.asarray(array[int(number)])


def _marker(given: Any, dtype: np.dtype[Any]) -> float | None:
    """Return the number that means nothing; xarray writes floats as base64 in format 3."""
    if given is None:
        return None
    if isinstance(given, str) and dtype.kind == "f" and given not in ("NaN", "nan"):
        return float(struct.unpack("<d", base64.b64decode(given, validate=True))[0])
    return float(np.ravel(given)[0])


def write_zarr(path: Path, numbers: NDArray[np.generic], *, metadata: Metadata) -> None:
    """Write the numbers as the array ``depth`` of a group, in format 2, which all read."""
    import zarr

    attributes: dict[str, Any] = {"_ARRAY_DIMENSIONS": ["y", "x"]}
    fill = None
    if metadata.declares_invalid and metadata.invalid is not None:
        fill = numbers.dtype.type(metadata.invalid)
        attributes["_FillValue"] = fill.item()
    name = _DEPTH if metadata.entry is None else metadata.entry
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
