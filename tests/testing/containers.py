"""Files of maps, written by the libraries that people use, or by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import OpenEXR
import tifffile
import zarr
from PIL import Image

__all__ = ["FLOATS", "WHOLE", "write_hdf5"]


def write_exr(path: Path, numbers: np.ndarray) -> None:
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"Z": np.ascontiguousarray(numbers)}) as file:
        file.write(str(path))


def write_hdf5(path: Path, numbers: np.ndarray, **attributes: object) -> None:
    with h5py.File(path, "w") as file:
        file["depth"] = numbers
        file["depth"].attrs.update(attributes)


def write_mat(path: Path, numbers: np.ndarray) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["depth"] = numbers.T
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def write_zarr(path: Path, numbers: np.ndarray) -> None:
    zarr.create_array(path, name="depth", data=np.ascontiguousarray(numbers), chunks=numbers.shape)


def write_npz(path: Path, numbers: np.ndarray) -> None:
    np.savez(path, depth=numbers)


def write_pfm(path: Path, numbers: np.ndarray) -> None:
    """Write the byte order that few programs write: the high byte first."""
    height, width = numbers.shape
    path.write_bytes(
        f"Pf\n{width} {height}\n1.0\n".encode() + numbers[::-1].astype(">f4").tobytes()
    )


def write_dpt(path: Path, numbers: np.ndarray) -> None:
    size = np.array(numbers.shape[::-1], "<i4")
    path.write_bytes(b"PIEH" + size.tobytes() + numbers.astype("<f4").tobytes())


def write_png(path: Path, numbers: np.ndarray) -> None:
    Image.fromarray(numbers).save(path)


def write_pgm(path: Path, numbers: np.ndarray) -> None:
    height, width = numbers.shape
    largest = np.iinfo(numbers.dtype).max
    body = numbers.astype(numbers.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(f"P5\n{width} {height}\n{largest}\n".encode() + body)


FLOATS: dict[str, Callable[[Path, np.ndarray], None]] = {
    ".exr": write_exr,
    ".h5": write_hdf5,
    ".mat": write_mat,
    ".zarr": write_zarr,
    ".npy": np.save,
    ".npz": write_npz,
    ".pfm": write_pfm,
    ".dpt": write_dpt,
    ".tif": tifffile.imwrite,
}
"""Suffix → what writes floats."""
WHOLE: dict[str, Callable[[Path, np.ndarray], None]] = {
    ".png": write_png,
    ".pgm": write_pgm,
    ".tif": tifffile.imwrite,
    ".npy": np.save,
    ".h5": write_hdf5,
}
"""Suffix → what writes whole numbers of 8 or 16 bits."""
