"""TIFF files of one grey map, with where it lies on the ground (GeoTIFF); needs tifffile."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError
from dsdmsr.io.checks import ERROR_MARK, few, refuse_errors, single_channel, single_line
from dsdmsr.io.stacks import numbered
from dsdmsr.io.stored import Stored
from dsdmsr.io.tiff_pages import (
    check_page,
    filled,
    mask_of,
    numbers_of,
    present,
    seen_by_lerc,
    turned,
)
from dsdmsr.io.tiff_tags import (
    georeference,
    is_white_zero,
    nodata,
    orientation,
    packing,
    tags_of,
    tags_to_write,
)

__all__ = ["read_tiff", "write_tiff"]

_STRIP = 2**18
"""Bytes of a strip, or a row if it has more."""
_CLASSIC = 2**31
"""Bytes of numbers beyond which files get 64-bit offsets (BigTIFF)."""
_REDUCED, _MASK = 1, 4
"""Bits of NewSubfileType: a smaller copy of another page, a mask for it."""
_WHITE_IS_ZERO = "it says that 0 is white: numbers are read as they are, not turned around"


def read_tiff(path: Path, member: str | None = None) -> Stored:
    """Return the numbers of a grey page of a TIFF, and what it says about them.

    Smaller copies of the map, as in cloud-optimised files, are left aside, and a mask page says
    which pixels are valid. The map is turned as the orientation tag says.

    Args:
        path: The file.
        member: The number of a page, from 0, where several are maps.

    Raises:
        FileError: If the file is damaged, or has no such page, or holds colours.

    Source:
        TIFF 6.0, section 8; OGC GeoTIFF Standard 1.1; GDAL's GeoTIFF driver for tags 42112, 42113.
    """
    import tifffile

    try:
        with _warnings() as warnings, tifffile.TiffFile(path) as file:
            pages: list[Any] = list(few(file.pages, path, "pages"))
            maps = [page for page in pages if not _subfile(page) & (_REDUCED | _MASK)]
            masks = [page for page in pages if _subfile(page) & ~_REDUCED == _MASK]
            page = _page(maps, member, path)
            check_page(page, path)
            tags, numbers = tags_of(page), numbers_of(page)
            shape = numbers.shape[:2]
            seen = seen_by_lerc(page, shape)
            masks_of_map = [mask_of(masks, shape, path), seen]
            numbers = filled(numbers, seen, np.nan)
            if declared := nodata(tags):
                stored = present(page, shape)
                masks_of_map.append(stored)
                numbers = filled(numbers, stored, declared[0])
            description = str(getattr(pages[0], "description", ""))
    except FileError:
        raise
    except Exception as error:  # tifffile lets through whatever its decoders raise
        summary = single_line(error)
        raise FileError(f"{path} is damaged, or no TIFF that can be read: {summary}") from error
    if description.startswith(ERROR_MARK):
        refuse_errors(path)
    if numbers.ndim not in (2, 3):
        form = "×".join(map(str, numbers.shape))
        raise FileError(f"{path} holds a page of {form}: give a grey one")
    numbers, opaque, notes = single_channel(numbers, path)
    if numbers.dtype == np.bool_:
        raise FileError(f"{path} holds black and white alone: give grey numbers")
    turn, packed = orientation(tags), packing(tags)
    upright = turned(numbers, turn)
    if is_white_zero(tags):
        notes += (_WHITE_IS_ZERO,)
    if packed is not None:
        notes += (packed.note,)
    partial = [mask for mask in (*masks_of_map, opaque) if mask is not None]
    valid = np.logical_and.reduce(partial) if partial else None
    place = georeference(tags) if upright is numbers else None
    return Stored(
        numbers=upright,
        nodata=declared,
        valid=None if valid is None or valid.all() else turned(valid, turn),
        encoding=None if packed is None else "height",
        packing=packed,
        georeference=place,
        notes=(*notes, *warnings),
    )


def _page(maps: list[Any], member: str | None, path: Path) -> Any:
    """Return the page of a map; the only one, if none is named.

    Raises:
        FileError: If there is none, or several and none is named.
    """
    if not maps:
        raise FileError(f"{path} holds no page that is a map: give a grey one")
    if member is None and len(maps) == 1:
        return maps[0]
    return maps[numbered(member, len(maps), path, "pages")]


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what tifffile logs while a file is read, instead of having it on the terminal."""
    lines: list[str] = []
    reading = get_ident()

    def keep(record: logging.LogRecord) -> bool:
        if record.thread != reading:
            return True
        line = single_line(record.getMessage())
        # The number is read from its tag here; tifffile takes none that float32 can't hold exactly.
        if "GDAL_NODATA" not in line:
            lines.append(f"tifffile says: {line}")
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(keep)
    try:
        yield lines
    finally:
        logger.removeFilter(keep)


def _subfile(page: Any) -> int:
    return int(getattr(page, "subfiletype", 0) or 0)


def write_tiff(
    path: Path,
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    bands: Iterator[NDArray[np.generic]],
    description: str | None = None,
    *,
    metadata: Metadata | None = None,
) -> None:
    """Write as a TIFF what comes in bands of rows, from the top to the bottom.

    In strips: tiles are black in FFmpeg 9.0, and four channels of 8 bits in SimpleITK 2.5.
    """
    import tifffile

    rows = max(1, _STRIP // (shape[1] * dtype.itemsize))
    with path.open("wb") as file:
        tifffile.imwrite(
            file,
            _strips(bands, rows),
            shape=shape,
            dtype=dtype,
            rowsperstrip=rows,
            bigtiff=math.prod(shape) * dtype.itemsize > _CLASSIC,
            photometric="minisblack",
            description=description,
            metadata=None if description else {},
            extratags=tags_to_write(metadata or Metadata()),
        )


def _strips(bands: Iterator[NDArray[np.generic]], rows: int) -> Iterator[bytes]:
    """Yield strips of so many rows, from bands of any height; the last may be lower."""
    waiting: list[NDArray[np.generic]] = []
    for band in bands:
        waiting.append(band)
        if sum(map(len, waiting)) >= rows:
            held = np.concatenate(waiting)
            whole = len(held) // rows * rows
            yield from (held[top : top + rows].tobytes() for top in range(0, whole, rows))
            waiting = [held[whole:]]
    if rest := b"".join(band.tobytes() for band in waiting):
        yield rest
