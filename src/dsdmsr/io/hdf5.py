"""HDF5 files, netCDF's of version 4, and MATLAB's of version 7.3, which are HDF5; needs h5py."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError
from dsdmsr.io.cf import ATTRIBUTES, stored_as
from dsdmsr.io.checks import MOST_MEMBERS, blocks_of_map, check_parts, check_size, single_line
from dsdmsr.io.hdf5_heaps import check_heaps
from dsdmsr.io.stacks import NAMES, map_of, named_array, split_number
from dsdmsr.io.stored import Stored

__all__ = ["read_hdf5", "read_hdf5_array", "write_built", "write_hdf5"]

_HYPERSIM, _HYPERSIM_NAME = "depth_meters.hdf5", "dataset"
"""How Hypersim calls its files of distances, and the data set in them."""
_SCALE_OFFSET = "stored by HDF5's scale-offset filter, which rounds floats, and has numbers for NaN"


def read_hdf5(path: Path, member: str | None = None) -> Stored:
    """Return a data set of an HDF5 file: one called ``depth``, or the only one that may be a map.

    Attributes say what means "nothing here", and what the numbers are multiplied by and in; see
    `dsdmsr.io.cf`.

    Args:
        path: The file. Of a stack of maps, the data set may be called ``depths``.
        member: The number of a map in a stack, from 0; or the data set's path in the file, then
            perhaps ``@`` and that number.

    Raises:
        FileError: If the file is damaged, or refers to other files; if it has several such data
            sets and none is named; or if the data set is no map, or no stack that holds this one.
    """
    numbers, name, attributes, notes = read_hdf5_array(path, member)
    # Hypersim's README: distances in metres to the camera's centre, not along the optical axis.
    if path.name.endswith(_HYPERSIM) and name == _HYPERSIM_NAME:
        return Stored(numbers=numbers, encoding="hypersim", entry=name)
    stored = stored_as(attributes, name, numbers)
    return replace(stored, notes=(*stored.notes, *notes))


def read_hdf5_array(
    path: Path, member: str | None
) -> tuple[NDArray[Any], str, dict[str, Any], tuple[str, ...]]:
    """Return a map, its data set's path in the file, its attributes, and what to know of it."""
    import h5py

    name, number = split_number(member)
    try:
        with h5py.File(path, "r") as file:
            wanted = NAMES if name is None else (name.strip("/"),)
            for each in wanted:
                _refuse_links(file, each, path)
            entry, dataset = named_array(_data_sets(file, wanted, path), name, path)
            _refuse_other_files(dataset, path)
            _check_sizes(path, dataset)
            numbers = map_of(dataset, number, path)
            notes = (_SCALE_OFFSET,) if dataset.scaleoffset is not None else ()
            return numbers, entry, _attributes(dataset, path), notes
    except FileError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path} is damaged, or no HDF5: {single_line(error)}") from error


def _attributes(dataset: Any, path: Path) -> dict[str, Any]:
    """Return what is read of a data set's attributes."""
    held = dataset.attrs
    wanted = [name for name in ATTRIBUTES if name in held]
    if any(held.get_id(name).dtype.kind == "O" for name in wanted):
        check_heaps(path)
    return {name: held[name] for name in wanted}


def _data_sets(file: Any, names: tuple[str, ...], path: Path) -> dict[str, Any]:
    """Return the data sets in a file by their paths, those of some names among them."""
    import h5py

    items: dict[str, Any] = {}

    def take(name: str, item: Any) -> None:
        items[name] = item
        check_parts(path, len(items), "members", MOST_MEMBERS)

    file.visititems(take)
    # Where one has several names, only one of them is visited.
    for each in names:
        if each in file:
            items[each] = file[each]
    return {path: item for path, item in items.items() if isinstance(item, h5py.Dataset)}


def _check_sizes(path: Path, dataset: Any) -> None:
    """Check what a data set needs, and each of its chunks, which is unpacked whole.

    Raises:
        FileError: As `check_size` and `check_parts`.
    """
    size, stored = dataset.dtype.itemsize, dataset.id.get_storage_size()
    check_size(path, dataset.nbytes, stored, size)
    if dataset.chunks is not None:
        check_size(path, math.prod(dataset.chunks) * size, stored, size)
        check_parts(path, blocks_of_map(dataset.shape, dataset.chunks), "chunks")


def _refuse_links(file: Any, name: str, path: Path) -> None:
    """Refuse a name that leads into another file.

    Raises:
        FileError: If a link on the way does.
    """
    import h5py

    steps = name.strip("/").split("/")
    for k in range(len(steps)):
        at = "/".join(steps[: k + 1])
        link = file.get(at, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise FileError(f"{path}: {at} is in another file, {link.filename}: give that file")
        if not isinstance(file.get(at), h5py.Group):
            return


def _refuse_other_files(dataset: Any, path: Path) -> None:
    """Refuse a data set whose numbers are in other files.

    Raises:
        FileError: If they are: in external storage, or the data set is a virtual one.
    """
    name = str(dataset.name).strip("/")
    if dataset.external:
        raise FileError(
            f"{path}: the numbers of {name} are in another file, {dataset.external[0][0]}: save "
            "them in this one"
        )
    if dataset.is_virtual:
        raise FileError(f"{path}: {name} is put together from other files: save it as one data set")


def write_hdf5(
    path: Path,
    numbers: NDArray[np.generic],
    name: str = NAMES[0],
    description: str | None = None,
    *,
    metadata: Metadata | None = None,
    unit: str | None = None,
) -> None:
    """Write the numbers as a data set."""
    if metadata is not None and metadata.entry:
        name = metadata.entry

    def fill(file: Any) -> None:
        dataset = file.create_dataset(name, data=numbers, compression="gzip", shuffle=True)
        if metadata is not None and metadata.declares_invalid:
            dataset.attrs["_FillValue"] = numbers.dtype.type(metadata.invalid)
        for key, text in (("units", unit), ("description", description)):
            if text is not None:
                dataset.attrs[key] = text

    write_built(path, fill)


def write_built(path: Path, fill: Callable[[Any], None], head: bytes = b"") -> None:
    """Write an HDF5 file that is built in memory: on a full disk, HDF5 may lose it without a word.

    Args:
        path: Where.
        fill: What puts data sets into the open file.
        head: What stands in the block of 512 bytes that HDF5 leaves to its user; empty: no block.
    """
    import h5py

    memory = io.BytesIO()
    with h5py.File(memory, "w", **({"userblock_size": 512} if head else {})) as file:
        fill(file)
    memory.seek(0)
    memory.write(head)
    path.write_bytes(memory.getbuffer())
