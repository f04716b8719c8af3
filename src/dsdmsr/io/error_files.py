"""Files of expected errors: plain floats in a map's unit, marked so that none is read as depth.

Each holds float32, NaN where the map is invalid, and a line that says what the numbers are and what
predicted them. `dsdmsr.io.read_depth` refuses such a file. Where the line stands:

==========  ============================================================================
NPY         A second array after the first, which `numpy.load` returns (numpy.save: "any data
            saved to the file is appended to the end of the file").
NPZ, HDF5   The array ``error``; the array, or its attribute, ``description``.
MATLAB      The variable ``depth_error``, with such an attribute; ``error`` is a function there.
TIFF        ImageDescription, tag 270 (TIFF 6.0, section 8).
EXR         The standard attribute ``comments``; the channel is ``Z`` of the layer ``error``
            (Technical Introduction to OpenEXR, "Layers").
==========  ============================================================================

PFM, DPT, PNG and PGM have no place for it, and are refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr._atomic import writing
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.windows import ROWS_AT_ONCE
from dsdmsr.errors import DepthError, FileError
from dsdmsr.io.checks import ERROR_MARK
from dsdmsr.io.formats import ERROR_SUFFIXES
from dsdmsr.io.write import check_output

__all__ = ["check_error_output", "error_writer", "write_error"]

_FLOAT32 = np.dtype(np.float32)


def write_error(
    path: str | os.PathLike[str],
    depth: DepthMap,
    *,
    predicted_by: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write the expected error of a map, whole or not at all.

    Args:
        path: Where; its suffix says which format, one of `dsdmsr.io.ERROR_SUFFIXES`.
        depth: The map, with its `error`.
        predicted_by: What predicted it, such as the network's name, to be named beside the package.
        overwrite: Whether a file that exists may be replaced.

    Raises:
        DepthError: If the map has no expected error.
        FileError: If the file exists, cannot be written there, or its format has no place for the
            line that says what it is.
    """
    with error_writer(path, depth.shape, predicted_by=predicted_by, overwrite=overwrite) as keep:
        keep(depth)


@contextmanager
def error_writer(
    path: str | os.PathLike[str],
    shape: tuple[int, int],
    *,
    predicted_by: str | None = None,
    overwrite: bool = False,
) -> Iterator[Callable[[DepthMap], DepthMap]]:
    """Yield a function that takes the bands of a map; write their expected errors at the end.

    It returns each band as it is, so that one pass writes a map and its errors::

        with error_writer("error.npy", shape) as keep:
            write_bands("large.npy", shape, map(keep, upscaler.bands(depth, errors=True)))

    Errors wait on the disk, since a map may be larger than memory; after an exception nothing is
    written. Arguments and errors as for `write_error`.

    Args:
        path: Where.
        shape: Height and width of the whole map.
        predicted_by: What predicted the errors.
        overwrite: Whether a file that exists may be replaced.
    """
    path = check_error_output(path, overwrite=overwrite)
    from tempfile import TemporaryFile, gettempdir

    description = ""
    with TemporaryFile() as file:

        def keep(band: DepthMap) -> DepthMap:
            nonlocal description
            if band.error is None:
                raise DepthError("the map has no expected error: upscale it with errors=True")
            description = description or _description(band, predicted_by)
            try:
                # Written, not mapped: a mapped file without room ends the process.
                file.write(np.ascontiguousarray(band.error, np.float32).data)
                file.flush()
            except OSError as error:
                size = 4 * shape[0] * shape[1] / 2**20
                raise FileError(
                    f"{gettempdir()} has no room for the expected errors, {size:.0f} MiB "
                    f"({error.strerror}): set TMPDIR to another folder"
                ) from error
            return band

        yield keep
        errors = np.memmap(file, np.float32, "r", shape=shape)
        with writing(path, overwrite=overwrite) as beside:
            _WRITERS[path.suffix.lower()](beside, errors, description)


def check_error_output(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Return `path` if expected errors may be written there; as `check_output` for maps."""
    path = check_output(path, overwrite=overwrite)
    if path.suffix.lower() not in ERROR_SUFFIXES:
        raise FileError(
            f"{path}: a {path.suffix} file cannot say that it holds errors: allowed are "
            f"{', '.join(ERROR_SUFFIXES)}"
        )
    return path


def _description(depth: DepthMap, predicted_by: str | None) -> str:
    """Return what the numbers are and what predicted them, in ASCII, which TIFF asks for."""
    # Loads the email package, which most commands do without.
    from importlib.metadata import version

    package = f"dsdmsr {version('dsdmsr')}"
    maker = f"{package}, {predicted_by}" if predicted_by else package
    unit = depth.unit or "unknown"
    text = f"{ERROR_MARK} of {depth.kind}, unit {unit}, NaN = invalid; predicted by {maker}"
    return text.encode("ascii", "replace").decode()


def _bands(errors: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for top in range(0, len(errors), ROWS_AT_ONCE):
        yield errors[top : top + ROWS_AT_ONCE]


def _write_npy(path: Path, errors: NDArray[np.float32], description: str) -> None:
    from dsdmsr.io.arrays import write_npy

    write_npy(path, errors.shape, _FLOAT32, _bands(errors))
    with path.open("ab") as file:
        np.save(file, np.array(description.encode()))


def _write_npz(path: Path, errors: NDArray[np.float32], description: str) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, error=errors, description=np.array(description))


# Modules of formats that need an extra are loaded when one is written.


def _write_tiff(path: Path, errors: NDArray[np.float32], description: str) -> None:
    from dsdmsr.io.tiff import write_tiff

    write_tiff(path, errors.shape, _FLOAT32, _bands(errors), description)


def _write_exr(path: Path, errors: NDArray[np.float32], description: str) -> None:
    from dsdmsr.io.exr import write_exr

    write_exr(path, errors, "error.Z", description)


def _write_hdf5(path: Path, errors: NDArray[np.float32], description: str) -> None:
    from dsdmsr.io.hdf5 import write_hdf5

    write_hdf5(path, errors, "error", description)


def _write_mat(path: Path, errors: NDArray[np.float32], description: str) -> None:
    from dsdmsr.io.matlab import write_mat

    write_mat(path, errors, "depth_error", description)


_WRITERS: dict[str, Callable[[Path, NDArray[np.float32], str], None]] = {
    ".npy": _write_npy,
    ".npz": _write_npz,
    ".tif": _write_tiff,
    ".tiff": _write_tiff,
    ".exr": _write_exr,
    ".h5": _write_hdf5,
    ".hdf5": _write_hdf5,
    ".mat": _write_mat,
}
