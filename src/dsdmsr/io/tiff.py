"""TIFF files of one grey page; needs tifffile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import in_one_line

__all__ = ["read_tiff", "write_tiff"]


def read_tiff(path: Path) -> NDArray[np.generic]:
    """Return the numbers of a grey TIFF of one page.

    Raises:
        FileError: If the file is damaged, or has several pages or colours.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            pages, numbers = len(file.pages), np.asarray(file.pages[0].asarray())
    except Exception as error:  # tifffile lets through whatever its decoders raise
        summary = in_one_line(error)
        raise FileError(f"{path} is damaged, or no TIFF that can be read: {summary}") from error
    if pages != 1 or numbers.ndim != 2:
        form = "×".join(map(str, numbers.shape))
        raise FileError(f"{path} holds {pages} page(s) of {form}: give one grey page")
    return numbers


def write_tiff(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write the numbers as an uncompressed TIFF."""
    import tifffile

    with path.open("wb") as file:
        tifffile.imwrite(file, numbers, photometric="minisblack")
