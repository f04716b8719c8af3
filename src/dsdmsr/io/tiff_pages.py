"""Pages of TIFF files: their numbers, which of them are stored, and how they are turned."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.io.checks import check_parts, check_size, stored_bytes

__all__ = ["check_page", "filled", "mask_of", "numbers_of", "present", "seen_by_lerc", "turned"]

_PALETTE, _SEPARATE = 3, 2
"""Values of PhotometricInterpretation and PlanarConfiguration."""
_LERC, _LERC_PARAMETERS = 34887, 50674
"""The compression, and the tag that says what its blocks are compressed by once more."""


def numbers_of(page: Any) -> NDArray[Any]:
    """Return a page's numbers, H×W or H×W×C: for a palette's, the colours that they stand for."""
    numbers = np.asarray(page.asarray())
    if page.photometric == _PALETTE and numbers.dtype == np.uint8 and page.colormap is not None:
        # Of 16 bits, the upper eight are the colour's.
        colours = np.asarray(page.colormap)[:, numbers]
        return np.moveaxis(colours >> 8, 0, -1).astype(np.uint8)
    if page.planarconfig == _SEPARATE and numbers.ndim == 3:
        return np.moveaxis(numbers, 0, -1)
    return numbers


def check_page(page: Any, path: Path) -> None:
    """Check what a page needs, and each of its tiles or strips, which is unpacked whole.

    Raises:
        FileError: As `check_size` and `check_parts`.
    """
    counts = np.asarray(page.databytecounts, np.int64)
    check_parts(path, counts.size, "tiles or strips")
    # Several tiles may be the same bytes of the file.
    stored = min(int(counts.sum()), stored_bytes(path))
    size = page.dtype.itemsize if page.dtype is not None else 1
    for sides in (page.shape, page.chunks):
        check_size(path, math.prod(sides) * size, stored, size)


def mask_of(masks: list[Any], shape: tuple[int, ...], path: Path) -> NDArray[np.bool_] | None:
    """Return what a mask page of the map's size lets through; None, for all, without one."""
    for page in masks:
        if tuple(page.shape) == shape[:2]:
            check_page(page, path)
            return np.asarray(page.asarray() != 0)
    return None


def present(page: Any, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Return which pixels are stored, None for all: GDAL leaves out tiles that are all NODATA."""
    stored = np.asarray(page.databytecounts) > 0
    grid = page.chunked[:2]
    if stored.all() or stored.size != math.prod(grid):
        return None
    rows, columns = page.chunks[:2]
    wide = np.repeat(np.repeat(stored.reshape(grid), rows, axis=0), columns, axis=1)
    return np.asarray(wide[: shape[0], : shape[1]])


def filled(numbers: NDArray[Any], stored: NDArray[np.bool_] | None, nodata: float) -> NDArray[Any]:
    """Return numbers with NODATA where none are stored; tifffile has 0 there if it is unusual."""
    if stored is None or numbers.ndim != 2 or numbers.dtype.kind != "f":
        return numbers
    with np.errstate(over="ignore"):
        return np.where(stored, numbers, numbers.dtype.type(nodata))


def seen_by_lerc(page: Any, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Return which pixels a page's LERC blocks hold: GDAL leaves NaN out, tifffile has 0 there.

    None stands for all of them. The page's file has to be open.
    """
    if int(page.compression) != _LERC or len(page.chunks) != 2:
        return None
    import imagecodecs

    seen = np.ones(shape, np.bool_)
    packed = int(page.tags[_LERC_PARAMETERS].value[1]) if _LERC_PARAMETERS in page.tags else 0
    unpack = {1: imagecodecs.zlib_decode, 2: imagecodecs.zstd_decode}.get(packed, bytes)
    rows, columns = page.chunks
    wide = page.chunked[1]
    blocks = page.parent.filehandle.read_segments(page.dataoffsets, page.databytecounts)
    for block, number in blocks:
        if not block:
            continue
        mask: Any
        _, mask = imagecodecs.lerc_decode(unpack(block), masks=True)
        if mask is None:
            continue
        top, left = number // wide * rows, number % wide * columns
        here = seen[top : top + rows, left : left + columns]
        here &= np.asarray(mask, np.bool_)[: here.shape[0], : here.shape[1]]
    return seen


def turned(numbers: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return a page as it is shown; TIFF 6.0, section 8, Orientation."""
    if orientation in (5, 6, 7, 8):
        numbers = numbers.T
    if orientation in (2, 3, 6, 7):
        numbers = numbers[:, ::-1]
    if orientation in (3, 4, 7, 8):
        numbers = numbers[::-1]
    return numbers
