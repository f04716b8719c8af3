"""TIFF files of one grey map, with where it lies on the ground (GeoTIFF); needs tifffile."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Georeference, Metadata, Tag
from dsdmsr.errors import FileError
from dsdmsr.io.checks import ERROR_MARK, refuse_errors, single_channel, single_line
from dsdmsr.io.stacks import numbered
from dsdmsr.io.stored import Packing, Stored

__all__ = ["read_tiff", "write_tiff"]

_TILE = 256
_CLASSIC = 2**31
"""Bytes of numbers beyond which files get 64-bit offsets (BigTIFF)."""
_SCALE, _TIE_POINTS, _MATRIX = 33550, 33922, 34264
_KEYS, _KEY_DOUBLES, _KEY_TEXTS = 34735, 34736, 34737
_GDAL, _NODATA = 42112, 42113
_RASTER_TYPE, _IS_POINT = 1025, 2
"""The key that says what raster coordinates name, and its value for pixels' centres."""
_ORIENTATION, _PHOTOMETRIC = 274, 262
_REDUCED, _MASK = 1, 4
"""Bits of NewSubfileType: a smaller copy of another page, a mask for it."""
_PALETTE, _SEPARATE = 3, 2
"""Values of PhotometricInterpretation and PlanarConfiguration."""
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
            pages: list[Any] = list(file.pages)
            maps = [page for page in pages if not _subfile(page) & (_REDUCED | _MASK)]
            masks = [page for page in pages if _subfile(page) & ~_REDUCED == _MASK]
            page = _page(maps, member, path)
            tags, numbers = _tags_of(page), _numbers(page)
            mask = _mask_of(masks, numbers.shape)
            nodata = _nodata(tags)
            if nodata:
                present = _present(page, mask.shape)
                mask, numbers = mask & present, _filled(numbers, present, nodata[0])
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
    turned, packing = _turned(numbers, tags), _packing(tags)
    if _PHOTOMETRIC in tags and int(tags[_PHOTOMETRIC].value) == 0:
        notes += (_WHITE_IS_ZERO,)
    if packing is not None:
        notes += (packing.note,)
    seen = mask & opaque
    place = _georeference(tags) if turned is numbers else None
    return Stored(
        numbers=turned,
        nodata=nodata,
        valid=None if seen.all() else _turned(seen, tags),
        encoding=None if packing is None else "height",
        packing=packing,
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


def _numbers(page: Any) -> NDArray[Any]:
    """Return a page's numbers, H×W or H×W×C: for a palette's, the colours that they stand for."""
    numbers = np.asarray(page.asarray())
    if page.photometric == _PALETTE and numbers.dtype == np.uint8 and page.colormap is not None:
        # Of 16 bits, the upper eight are the colour's.
        colours = np.asarray(page.colormap)[:, numbers]
        return np.moveaxis(colours >> 8, 0, -1).astype(np.uint8)
    if page.planarconfig == _SEPARATE and numbers.ndim == 3:
        return np.moveaxis(numbers, 0, -1)
    return numbers


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


class _Tag(NamedTuple):
    """A tag that was read."""

    value: Any
    """Its value."""
    kind: int
    """Its type, by TIFF's number."""
    number: int
    """How many values it has."""


def _tags_of(page: Any) -> dict[int, _Tag]:
    """Return a page's tags by their codes, while its file is open."""
    wanted = (_SCALE, _TIE_POINTS, _MATRIX, _KEYS, _KEY_DOUBLES, _KEY_TEXTS, _GDAL, _NODATA)
    return {
        tag.code: _Tag(tag.value, int(tag.dtype), tag.count)
        for tag in page.tags
        if tag.code in (*wanted, _ORIENTATION, _PHOTOMETRIC)
    }


def _subfile(page: Any) -> int:
    return int(getattr(page, "subfiletype", 0) or 0)


def _mask_of(masks: list[Any], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return what a mask page of the map's size lets through; all if there is none."""
    for page in masks:
        mask = np.asarray(page.asarray())
        if mask.shape == shape[:2]:
            return np.asarray(mask != 0)
    return np.ones(shape[:2], np.bool_)


def _present(page: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels are stored: GDAL leaves out tiles and strips that are all NODATA."""
    stored = np.asarray(page.databytecounts) > 0
    grid = page.chunked[:2]
    if stored.all() or stored.size != math.prod(grid):
        return np.ones(shape, np.bool_)
    rows, columns = page.chunks[:2]
    wide = np.repeat(np.repeat(stored.reshape(grid), rows, axis=0), columns, axis=1)
    return np.asarray(wide[: shape[0], : shape[1]])


def _filled(numbers: NDArray[Any], present: NDArray[np.bool_], nodata: float) -> NDArray[Any]:
    """Return numbers with NODATA where none are stored; tifffile has 0 there if it is unusual."""
    if present.all() or numbers.ndim != 2 or numbers.dtype.kind != "f":
        return numbers
    with np.errstate(over="ignore"):
        return np.where(present, numbers, numbers.dtype.type(nodata))


def _turned(numbers: NDArray[Any], tags: dict[int, _Tag]) -> NDArray[Any]:
    """Return a page as it is shown; TIFF 6.0, section 8, Orientation."""
    orientation = int(tags[_ORIENTATION].value) if _ORIENTATION in tags else 1
    if orientation in (5, 6, 7, 8):
        numbers = numbers.T
    if orientation in (2, 3, 6, 7):
        numbers = numbers[:, ::-1]
    if orientation in (3, 4, 7, 8):
        numbers = numbers[::-1]
    return numbers


def _nodata(tags: dict[int, _Tag]) -> tuple[float, ...]:
    """Return the number that the file declares to mean nothing."""
    try:
        return (float(str(tags[_NODATA].value).strip("\0 \t\n")),) if _NODATA in tags else ()
    except ValueError:
        return ()


def _georeference(tags: dict[int, _Tag]) -> Georeference | None:
    def numbers(code: int) -> tuple[float, ...] | None:
        return tuple(map(float, np.ravel(tags[code].value))) if code in tags else None

    size, ties, matrix = numbers(_SCALE), numbers(_TIE_POINTS), numbers(_MATRIX)
    if size is None and ties is None and matrix is None:
        return None
    keys = np.ravel(tags[_KEYS].value).tolist() if _KEYS in tags else []
    raster = {keys[k]: keys[k + 3] for k in range(4, len(keys) - 3, 4)}.get(_RASTER_TYPE)
    kept = (_KEYS, _KEY_DOUBLES, _KEY_TEXTS)
    return Georeference(
        pixel_size=size,
        tie_points=ties,
        transformation=matrix if matrix is None or len(matrix) == 16 else None,
        points=raster == _IS_POINT,
        tags=tuple(_as_tag(code, tags[code]) for code in kept if code in tags),
    )


def _as_tag(code: int, tag: _Tag) -> Tag:
    kind = {2: "s", 3: "H", 12: "d"}[tag.kind]
    return code, kind, 0 if kind == "s" else tag.number, tag.value


def _packing(tags: dict[int, _Tag]) -> Packing | None:
    """Return GDAL's scale and offset, if the file has them."""
    text = str(tags[_GDAL].value) if _GDAL in tags else ""
    found = dict(re.findall(r'role="(scale|offset)"\s*>\s*([^<\s]{1,40})\s*<', text)[:4])
    try:
        scale, offset = float(found.get("scale", 1)), float(found.get("offset", 0))
    except ValueError:
        return None
    return Packing.of(scale, offset)


def write_tiff(
    path: Path,
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    bands: Iterator[NDArray[np.generic]],
    description: str | None = None,
    *,
    metadata: Metadata | None = None,
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
            extratags=_tags(metadata or Metadata()),
        )


def _tags(metadata: Metadata) -> list[tuple[int, str, int, object, bool]]:
    """Return what a file says about a map's place and its number for holes."""
    tags: list[tuple[int, str, int, object, bool]] = []
    place, marker = metadata.georeference, metadata.invalid
    if place is not None:
        for code, numbers in (
            (_SCALE, place.pixel_size),
            (_TIE_POINTS, place.tie_points),
            (_MATRIX, place.transformation),
        ):
            if numbers is not None:
                tags.append((code, "d", len(numbers), numbers, True))
        tags += [(*tag, True) for tag in place.tags]
    if metadata.declares_invalid and marker is not None:
        tags.append((_NODATA, "s", 0, _as_text(marker), True))
    return tags


def _as_text(number: float) -> str:
    whole = math.isfinite(number) and number == int(number) and abs(number) < 1e15
    return str(int(number)) if whole else repr(float(number))


def _tiles(
    bands: Iterator[NDArray[np.generic]], shape: tuple[int, int]
) -> Iterator[NDArray[np.generic]]:
    """Yield tiles, row by row; those at the right and at the bottom are filled up with 0."""
    waiting: NDArray[np.generic] | None = None
    done = 0
    for band in bands:
        waiting = band if waiting is None else np.concatenate([waiting, band])
        done += len(band)
        while len(waiting) >= _TILE or (len(waiting) and done == shape[0]):
            rows, waiting = waiting[:_TILE], waiting[_TILE:]
            below = _TILE - len(rows)
            padded = np.pad(rows, ((0, below), (0, -shape[1] % _TILE)))
            yield from np.split(padded, padded.shape[1] // _TILE, axis=1)
