"""Writers of depth files, by the libraries that sources of such files use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["exr", "hdf5", "npy", "npz", "opencv", "pfm"]

Array = NDArray[Any]
Writer = Callable[[Path, Array], None]


def opencv(path: Path, numbers: Array) -> None:
    """Write a PNG or TIFF by OpenCV, a TIFF of floats with LZW."""
    import cv2

    assert cv2.imwrite(str(path), numbers)


def npy(path: Path, numbers: Array) -> None:
    """Write an NPY file by NumPy."""
    np.save(path, numbers)


def npz(path: Path, numbers: Array) -> None:
    """Write an NPZ file with the array ``depth`` by NumPy."""
    np.savez_compressed(path, depth=numbers)


def pfm(path: Path, numbers: Array) -> None:
    """Write a PFM as data sets' and networks' scripts do: little-endian, from the bottom up."""
    height, width = numbers.shape
    head = f"Pf\n{width} {height}\n{-1.0:f}\n".encode()
    path.write_bytes(head + np.flipud(numbers).astype("<f4").tobytes())


def exr(channel: str, *, colours: str | None = None, equal: bool = False) -> Writer:
    """Return a writer of an EXR with a channel of depth, by OpenEXR.

    Args:
        channel: The channel.
        colours: The layer of a picture beside it, empty for the topmost; None for no picture.
        equal: Whether the channel is the red of three that are equal.
    """

    def write(path: Path, numbers: Array) -> None:
        import OpenEXR

        channels = {channel: numbers}
        if equal:
            channels |= {channel[:-1] + colour: numbers for colour in "GB"}
        if colours is not None:
            grey = np.full(numbers.shape, 0.18, np.float16)
            before = f"{colours}." if colours else ""
            channels |= {f"{before}{colour}": grey for colour in "RGBA"}
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        with OpenEXR.File(header, channels) as file:
            file.write(str(path))

    return write


def hdf5(name: str, *, more: dict[str, Any] | None = None, **how: Any) -> Writer:
    """Return a writer of a data set, and others beside it, by h5py."""

    def write(path: Path, numbers: Array) -> None:
        import h5py

        with h5py.File(path, "w") as file:
            file.create_dataset(name, data=numbers, **how)
            for other, value in (more or {}).items():
                file[other] = value

    return write
