"""HDF5 files with one map; needs h5py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import in_one_line, the_one

__all__ = ["read_hdf5", "write_hdf5"]


def read_hdf5(path: Path) -> NDArray[np.generic]:
    """Return the data set ``depth`` at the top of an HDF5 file, or the file's only data set.

    Raises:
        FileError: If the file is damaged, or has several data sets and none called ``depth``.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            held: dict[str, Any] = {}
            file.visititems(held.__setitem__)
            sets = {name: item for name, item in held.items() if isinstance(item, h5py.Dataset)}
            return np.asarray(the_one(sets, "depth", path, "data set")[()])
    except FileError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise FileError(f"{path} is damaged, or no HDF5: {in_one_line(error)}") from error


def write_hdf5(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write the numbers as the data set ``depth``."""
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("depth", data=numbers, compression="gzip", shuffle=True)
