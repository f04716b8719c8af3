"""Tags of TIFF files: where a map lies (GeoTIFF), and what GDAL says of its numbers."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import numpy as np

from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.places import Georeference, Tag
from dsdmsr.io.stored import Packing

__all__ = [
    "ReadTag",
    "georeference",
    "is_white_zero",
    "nodata",
    "orientation",
    "packing",
    "tags_of",
    "tags_to_write",
]

_SCALE, _TIE_POINTS, _MATRIX = 33550, 33922, 34264
_KEYS, _KEY_DOUBLES, _KEY_TEXTS = 34735, 34736, 34737
_GDAL, _NODATA = 42112, 42113
_RASTER_TYPE, _IS_POINT = 1025, 2
"""The key that says what raster coordinates name, and its value for pixels' centres."""
_ORIENTATION, _PHOTOMETRIC = 274, 262


class ReadTag(NamedTuple):
    """A tag that was read."""

    value: Any
    """Its value."""
    kind: int
    """Its type, by TIFF's number."""
    number: int
    """How many values it has."""


def tags_of(page: Any) -> dict[int, ReadTag]:
    """Return a page's tags by their codes, while its file is open."""
    wanted = (_SCALE, _TIE_POINTS, _MATRIX, _KEYS, _KEY_DOUBLES, _KEY_TEXTS, _GDAL, _NODATA)
    return {
        tag.code: ReadTag(tag.value, int(tag.dtype), tag.count)
        for tag in page.tags
        if tag.code in (*wanted, _ORIENTATION, _PHOTOMETRIC)
    }


def orientation(tags: dict[int, ReadTag]) -> int:
    """Return how a page is to be turned, by TIFF's number; 1 where it says nothing."""
    return int(tags[_ORIENTATION].value) if _ORIENTATION in tags else 1


def is_white_zero(tags: dict[int, ReadTag]) -> bool:
    """Return whether a page says that 0 is white."""
    return _PHOTOMETRIC in tags and int(tags[_PHOTOMETRIC].value) == 0


def nodata(tags: dict[int, ReadTag]) -> tuple[float, ...]:
    """Return the number that the file declares to mean nothing."""
    try:
        return (float(str(tags[_NODATA].value).strip("\0 \t\n")),) if _NODATA in tags else ()
    except ValueError:
        return ()


def georeference(tags: dict[int, ReadTag]) -> Georeference | None:
    """Return where a map lies on the ground, if the file says so."""

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


def _as_tag(code: int, tag: ReadTag) -> Tag:
    kind = {2: "s", 3: "H", 12: "d"}[tag.kind]
    return code, kind, 0 if kind == "s" else tag.number, tag.value


def packing(tags: dict[int, ReadTag]) -> Packing | None:
    """Return GDAL's scale and offset, if the file has them."""
    text = str(tags[_GDAL].value) if _GDAL in tags else ""
    found = dict(re.findall(r'role="(scale|offset)"\s*>\s*([^<\s]{1,40})\s*<', text)[:4])
    try:
        scale, offset = float(found.get("scale", 1)), float(found.get("offset", 0))
    except ValueError:
        return None
    return Packing.of(scale, offset)


def tags_to_write(metadata: Metadata) -> list[tuple[int, str, int, object, bool]]:
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
