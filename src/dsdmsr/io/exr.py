"""OpenEXR files of one channel; needs OpenEXR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_entry, single_line
from dsdmsr.io.stored import Stored

__all__ = ["read_exr", "write_exr"]


def read_exr(path: Path) -> Stored:
    """Return the channel ``Z`` of an EXR, or its only channel, as float32.

    Raises:
        FileError: If the file is damaged, or has several channels and none called ``Z``.
    """
    import OpenEXR

    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            channels = {name: np.array(channel.pixels) for name, channel in file.channels().items()}
    except Exception as error:  # OpenEXR raises RuntimeError and whatever pybind makes of C++
        summary = single_line(error)
        raise FileError(f"{path} is damaged, or no EXR that can be read: {summary}") from error
    numbers = np.asarray(single_entry(channels, "Z", path, "channel"), dtype=np.float32)
    return Stored(numbers=numbers)


def write_exr(
    path: Path,
    numbers: NDArray[np.generic],
    channel: str = "Z",
    comments: str | None = None,
    *,
    metadata: Metadata | None = None,
) -> None:
    """Write float32 numbers as a channel."""
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    if comments is not None:
        header["comments"] = comments
    with OpenEXR.File(header, {channel: np.ascontiguousarray(numbers, np.float32)}) as file:
        file.write(str(path))
