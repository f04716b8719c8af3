"""HDF5 files, and MATLAB's of version 7.3, which are HDF5; needs h5py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_entry, single_line
from dsdmsr.io.stored import Stored

__all__ = ["read_hdf5", "read_mat", "write_hdf5", "write_mat"]


_HYPERSIM, _HYPERSIM_NAME = "depth_meters.hdf5", "dataset"
"""How Hypersim calls its files of distances, and the data set in them."""
_MATLAB_CLASSES = {"f4": b"single", "u1": b"uint8", "u2": b"uint16"}


def read_hdf5(path: Path, member: str | None = None) -> Stored:
    """Return the data set ``depth`` at the top of an HDF5 file, or the file's only data set.

    ``_FillValue`` and ``missing_value`` among its attributes say which numbers mean nothing.

    Args:
        path: The file. Of a stack of maps, the data set may be called ``depths``.
        member: The number of a map in a stack, from 0.

    Raises:
        FileError: If the file is damaged, or has several data sets and none of that name; or the
            data set is no map, or no stack that holds this one.
    """
    numbers, name, nodata = _read(path, member)
    # Hypersim's README: distances in metres to the camera's centre, not along the optical axis.
    if path.name.endswith(_HYPERSIM) and name == _HYPERSIM_NAME:
        return Stored(numbers=numbers, nodata=nodata, encoding="hypersim", entry=name)
    return Stored(numbers=numbers, nodata=nodata)


def read_mat(path: Path, member: str | None = None) -> Stored:
    """Return the variable ``depth`` or ``depths`` of a MATLAB file, or the file's only one.

    MATLAB keeps columns together, so that its H×W×N is N×W×H to others.

    Args:
        path: The file, as NYU v2's labelled one.
        member: The number of a map in a stack, from 0.

    Raises:
        FileError: If the file is older than version 7.3, and as `read_hdf5`.
    """
    with path.open("rb") as file:
        if file.read(10) == b"MATLAB 5.0":
            raise FileError(f"{path} is a MATLAB file older than version 7.3: save it with -v7.3")
    return Stored(numbers=_read(path, member)[0].T)


def _read(path: Path, member: str | None) -> tuple[NDArray[np.generic], str, tuple[float, ...]]:
    """Return a map, its data set's name, and the numbers that this declares to mean nothing."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            dataset = _data_set(file, path)
            name, nodata = str(dataset.name).strip("/"), _nodata(dataset)
            if dataset.ndim == 2:
                if member is not None:
                    raise FileError(f"{path}#{member}: it holds one map: leave #{member} out")
                return np.asarray(dataset[()]), name, nodata
            if dataset.ndim != 3 or not len(dataset):
                form = "×".join(map(str, dataset.shape)) or "single"
                raise FileError(f"{path} holds {form} numbers: give one map, or a stack of them")
            number = int(member) if member and member.isdecimal() else None
            if number is None or number >= len(dataset):
                raise FileError(
                    f"{path} holds {len(dataset)} maps: name one, "
                    f"{path.name}#0 to {path.name}#{len(dataset) - 1}"
                )
            return np.asarray(dataset[number]), name, nodata
    except FileError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path} is damaged, or no HDF5: {single_line(error)}") from error


def _nodata(dataset: Any) -> tuple[float, ...]:
    """Return the numbers that a data set's attributes declare to mean nothing.

    Source:
        CF Conventions 1.11, section 2.5.1.
    """
    given = [np.ravel(dataset.attrs.get(name, ())) for name in ("_FillValue", "missing_value")]
    numbers = [float(n) for each in given if each.dtype.kind in "fiu" for n in each]
    return tuple(dict.fromkeys(numbers))


def _data_set(file: Any, path: Path) -> Any:
    """Return the data set of the depth: at the top, by its name; or the only one anywhere."""
    import h5py

    for name in ("depth", "depths"):
        if isinstance(dataset := file.get(name), h5py.Dataset):
            return dataset
    items: dict[str, Any] = {}
    file.visititems(items.__setitem__)
    sets = {name: item for name, item in items.items() if isinstance(item, h5py.Dataset)}
    return single_entry(sets, "depth", path, "data set")


def write_hdf5(
    path: Path,
    numbers: NDArray[np.generic],
    name: str = "depth",
    description: str | None = None,
    *,
    metadata: Metadata | None = None,
) -> None:
    """Write the numbers as a data set."""
    import h5py

    if metadata is not None and metadata.entry:
        name = metadata.entry
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(name, data=numbers, compression="gzip", shuffle=True)
        if metadata is not None and metadata.declares_invalid:
            dataset.attrs["_FillValue"] = numbers.dtype.type(metadata.invalid)
        if description is not None:
            dataset.attrs["description"] = description


def write_mat(
    path: Path, numbers: NDArray[np.generic], name: str = "depth", description: str | None = None
) -> None:
    """Write the numbers as a variable of a MATLAB file of version 7.3."""
    import h5py

    # MATLAB's own header, in the block that HDF5 leaves to its user.
    with h5py.File(path, "w", userblock_size=512) as file:
        variable = file.create_dataset(name, data=numbers.T)
        variable.attrs["MATLAB_class"] = np.bytes_(_MATLAB_CLASSES[numbers.dtype.str[1:]])
        if description is not None:
            variable.attrs["description"] = description
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    with path.open("r+b") as file:
        file.write(head)
