"""MATLAB's files: of version 7.3, which are HDF5, with h5py; of version 5, with scipy."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import check_size, few, single_line, stored_bytes
from dsdmsr.io.hdf5 import read_hdf5_array, write_built
from dsdmsr.io.mat5_tags import check_arrays
from dsdmsr.io.stacks import NAMES, map_of, named_array, split_number
from dsdmsr.io.stored import Stored

__all__ = ["read_mat", "write_mat"]

_CLASSES = {"f4": b"single", "u1": b"uint8", "u2": b"uint16"}
_VERSION_5 = b"MATLAB 5.0"
_NUMBERS = frozenset(
    {"double", "single", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))}
)
"""Classes of variables that may be maps."""


def read_mat(path: Path, member: str | None = None) -> Stored:
    """Return the variable ``depth`` or ``depths`` of a MATLAB file, or the file's only map.

    Args:
        path: The file. A stack of maps is H×W×N, as in NYU v2's labelled one.
        member: The number of a map in a stack, from 0; or the variable's name, then perhaps ``@``
            and that number.

    Raises:
        FileError: As `dsdmsr.io.hdf5.read_hdf5`; or if the file is of version 5, and scipy is not
            installed.
    """
    with path.open("rb") as file:
        old = file.read(len(_VERSION_5)) == _VERSION_5
    if old:
        return Stored(numbers=_read_version_5(path, member))
    # MATLAB keeps columns together, so that its H×W×N is N×W×H to others.
    return Stored(numbers=read_hdf5_array(path, member)[0].T)


def _read_version_5(path: Path, member: str | None) -> NDArray[Any]:
    if find_spec("scipy") is None:
        raise FileError(
            f"{path} is a MATLAB file older than version 7.3, which scipy reads: pip install "
            "scipy, or save it with -v7.3"
        )
    import scipy.io

    name, number = split_number(member)
    try:
        listed = {
            each: np.broadcast_to(np.zeros(()), shape)
            for each, shape, kind in few(scipy.io.whosmat(path), path, "variables")
            if kind in _NUMBERS
        }
        entry, _ = named_array(listed, name, path)
        check_size(path, listed[entry].nbytes, stored_bytes(path), 8)
        check_arrays(path)
        # H×W×N is N×H×W to the rest of this package.
        numbers = np.asarray(scipy.io.loadmat(path, variable_names=[entry], mat_dtype=True)[entry])
        return map_of(np.moveaxis(numbers, -1, 0) if numbers.ndim > 2 else numbers, number, path)
    except FileError:
        raise
    except Exception as error:  # scipy lets through whatever its reader raises
        raise FileError(f"{path} is damaged, or no MATLAB file: {single_line(error)}") from error


def write_mat(
    path: Path, numbers: NDArray[np.generic], name: str = NAMES[0], description: str | None = None
) -> None:
    """Write the numbers as a variable of a MATLAB file of version 7.3."""

    def fill(file: Any) -> None:
        variable = file.create_dataset(name, data=numbers.T)
        variable.attrs["MATLAB_class"] = np.bytes_(_CLASSES[numbers.dtype.str[1:]])
        if description is not None:
            variable.attrs["description"] = description

    write_built(path, fill, head=b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
