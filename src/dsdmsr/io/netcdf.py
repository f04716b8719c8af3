"""netCDF files: of version 4, which are HDF5, with h5py; of the classic formats, with scipy."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dsdmsr.errors import FileError
from dsdmsr.io.cf import stored_as
from dsdmsr.io.checks import single_line
from dsdmsr.io.hdf5 import read_hdf5
from dsdmsr.io.stacks import map_of, named_array, split_number
from dsdmsr.io.stored import Stored

__all__ = ["read_netcdf"]

_CLASSIC = b"CDF"


def read_netcdf(path: Path, member: str | None = None) -> Stored:
    """Return a variable of a netCDF file, as `dsdmsr.io.hdf5.read_hdf5` does of an HDF5 file.

    Rows stay in the order in which the file has them, which is often from south to north.

    Raises:
        FileError: As there; or if the file is of a classic format, and scipy is not installed.
    """
    with path.open("rb") as file:
        classic = file.read(len(_CLASSIC)) == _CLASSIC
    if not classic:
        return read_hdf5(path, member)
    if find_spec("scipy") is None:
        raise FileError(
            f"{path} is a netCDF file of a classic format, which scipy reads: pip install scipy, "
            "or save it as netCDF 4"
        )
    from scipy.io import netcdf_file

    name, number = split_number(member)
    try:
        with netcdf_file(path, "r", mmap=False) as opened:
            arrays: dict[str, Any] = {n: v.data for n, v in opened.variables.items()}
            entry, array = named_array(arrays, name, path)
            numbers = map_of(array, number, path)
            attributes = dict(opened.variables[entry]._attributes)
    except FileError:
        raise
    except Exception as error:  # scipy lets through whatever its reader raises
        raise FileError(f"{path} is damaged, or no netCDF: {single_line(error)}") from error
    native = numbers.astype(numbers.dtype.newbyteorder("="))
    return stored_as(attributes, entry, native)
