"""TIFF files of one grey page; needs tifffile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.checks import ERROR_MARK, in_one_line, refuse_errors

__all__ = ["read_tiff", "write_tiff"]

_TILE = 256
_CLASSIC = 2**31
"""Bytes of numbers beyond which files get 64-bit offsets (BigTIFF)."""


def read_tiff(path: Path) -> NDArray[np.generic]:
    """Return the numbers of a grey TIFF of one page.

    Raises:
        FileError: If the file is damaged, or has several pages or colours.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            pages, numbers = len(file.pages), np.asarray(file.pages[0].asarray())
            description = str(getattr(file.pages[0], "description", ""))
    except Exception as error:  # tifffile lets through whatever its decoders raise
        summary = in_one_line(error)
        raise FileError(f"{path} is damaged, or no TIFF that can be read: {summary}") from error
    if description.startswith(ERROR_MARK):
        refuse_errors(path)
    if pages != 1 or numbers.ndim != 2:
        form = "×".join(map(str, numbers.shape))
        raise FileError(f"{path} holds {pages} page(s) of {form}: give one grey page")
    return numbers


def write_tiff(
    path: Path,
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    bands: Iterator[NDArray[np.generic]],
    description: str | None = None,
) -> None:
    """Write as a TIFF in tiles what comes in bands of rows, from the top to the bottom."""
    import tifffile

    with path.open("wb") as file:
        tifffile.imwrite(
            file,
            _tiles(bands, shape),
            shape=shape,
            dtype=dtype,
            tile=(_TILE, _TILE),
            bigtiff=math.prod(shape) * dtype.itemsize > _CLASSIC,
            photometric="minisblack",
            description=description,
            metadata=None if description else {},
        )


def _tiles(
    bands: Iterator[NDArray[np.generic]], shape: tuple[int, int]
) -> Iterator[NDArray[np.generic]]:
    """Yield tiles, row by row; those at the right and at the bottom are filled up with 0."""
    held: NDArray[np.generic] | None = None
    done = 0
    for band in bands:
        held = band if held is None else np.concatenate([held, band])
        done += len(band)
        while len(held) >= _TILE or (len(held) and done == shape[0]):
            rows, held = held[:_TILE], held[_TILE:]
            below = _TILE - len(rows)
            padded = np.pad(rows, ((0, below), (0, -shape[1] % _TILE)))
            yield from np.split(padded, padded.shape[1] // _TILE, axis=1)
