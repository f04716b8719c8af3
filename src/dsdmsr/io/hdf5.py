"""HDF5 files with one map; needs h5py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError

__all__ = ["read_hdf5", "write_hdf5"]


def read_hdf5(path: Path) -> NDArray[np.generic]:
    """Return the data set ``depth`` at the top of an HDF5 file, or the file's only data set.

    Raises:
        FileError: If the file is damaged, or has several data sets and none called ``depth``.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {}
            file.visititems(
                lambda name, held: (
                    found.update({name: held}) if isinstance(held, h5py.Dataset) else None
                )
            )
            if "depth" not in found and len(found) != 1:
                held = ", ".join(found) or "nothing"
                raise FileError(f"{path} holds {held}: give one data set, or one called depth")
            chosen = found["depth"] if "depth" in found else next(iter(found.values()))
            return np.asarray(chosen[()])
    except FileError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        summary = " ".join(str(error).split())
        raise FileError(f"{path} is damaged, or no HDF5: {summary}") from error


def write_hdf5(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write the numbers as the data set ``depth``."""
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("depth", data=numbers, compression="gzip", shuffle=True)
