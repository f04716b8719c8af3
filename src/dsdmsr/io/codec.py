"""The numbers in a depth file ⇄ the values of a map, by an encoding."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.cameras import Stereo
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import DepthError, EncodingError
from dsdmsr.io.encodings import find_encoding, name_of
from dsdmsr.io.invalid import RECOGNISED, InvalidNumbers, usable_pixels
from dsdmsr.io.stored import Stored

__all__ = ["BEYOND", "decode", "encode", "invalid_number"]

BEYOND = 0.1
"""By what share of a map's range upscaled values may lie outside of it at most."""
_MOST = float(np.finfo(np.float32).max)
"""The greatest number that a file of floats holds."""
_FINEST = 1e-6
"""Losses that are a larger share of a map's range are worth a line: below, networks' own float32
loses as much."""


def decode(
    stored: Stored,
    encoding: str | Encoding,
    stereo: Stereo | None = None,
    invalid: InvalidNumbers = RECOGNISED,
) -> DepthMap:
    """Return the map that numbers in a file mean.

    Args:
        stored: What was read.
        encoding: A name in `ENCODINGS`, or an encoding of one's own; the map remembers it.
        stereo: What turns disparity into depth. Default: what the file has.
        invalid: Which numbers mean "nothing here", beside those that the file declares.

    Raises:
        EncodingError: If the name is unknown, or the encoding needs a camera, and none is known.
        DepthError: If the numbers are not a depth map.
    """
    meaning, numbers = find_encoding(encoding), stored.numbers
    if numbers.dtype.kind not in "fiu":
        raise DepthError(f"the numbers are of type {numbers.dtype}: give real ones")
    # What is too far is so along the optical axis, not along the ray.
    rules = replace(invalid, above=None) if meaning.along_ray else invalid
    if stored.packing is not None:
        meaning = stored.packing.packed(meaning)
    usable = usable_pixels(stored, meaning, rules)
    if meaning.rotated and numbers.dtype.kind == "u" and numbers.dtype.itemsize == 2:
        numbers = _rotated(numbers, 16 - meaning.rotated)
    values = _values(numbers, meaning)
    valid, camera, notes = usable.valid, stored.intrinsics, usable.notes
    if meaning.along_ray and values.ndim == 2:
        from dsdmsr.depth.geometry import ray_lengths
        from dsdmsr.io.rays import camera_of

        camera, assumed = camera_of(meaning, camera, values.shape)
        values, notes = values / ray_lengths(camera, values.shape), notes + assumed
        if invalid.above is not None:
            valid = valid & (values <= invalid.above)
    floats = numbers.dtype.kind == "f" or stored.packing is not None
    return DepthMap(
        values,
        valid,
        kind=meaning.kind,
        unit=meaning.unit,
        intrinsics=camera,
        stereo=stereo or stored.stereo,
        encoding=encoding,
        metadata=Metadata(
            invalid=_unpacked_marker(stored, usable.marker, values, valid),
            declares_invalid=bool(stored.nodata),
            floats=floats,
            georeference=stored.georeference,
            window=stored.window,
            view=stored.view,
            channel=stored.channel,
            entry=stored.entry,
            notes=(*stored.notes, *notes, *_coarse(values, valid)),
        ),
        copy=False,
    )


def _values(numbers: NDArray[np.generic], encoding: Encoding) -> NDArray[Any]:
    """Return numbers as values of a map, in an array of their own."""
    if numbers.dtype.kind in "iu" and numbers.dtype.itemsize <= 2 and not encoding.offset:
        # In one pass, with the digits of float64 on the way.
        short = np.empty(numbers.shape, np.float32)
        wide = np.dtype(np.float64)
        np.divide(numbers, encoding.per_unit, out=short, casting="same_kind", dtype=wide)
        return short
    # What is float32 already gains nothing from more digits on the way.
    digits = np.dtype(np.float32 if numbers.dtype == np.float32 else np.float64)
    values: NDArray[Any] = np.array(numbers, dtype=digits)
    if encoding.offset:
        values -= digits.type(encoding.offset)
    if encoding.per_unit != 1:
        values /= digits.type(encoding.per_unit)
    return values


def _unpacked_marker(
    stored: Stored, marker: float | None, values: NDArray[Any], valid: NDArray[np.bool_]
) -> float | None:
    """Return the number for holes that stands among values as they are, where a file packs its own.

    That is the file's own unless it lies among the values, or so close that upscaling may lead
    there: then it is NaN.
    """
    if stored.packing is None or marker is None or not valid.any():
        return marker
    low, high = float(values[valid].min()), float(values[valid].max())
    beyond = BEYOND * (high - low)
    return math.nan if low - beyond <= marker <= high + beyond else marker


def _coarse(values: NDArray[Any], valid: NDArray[np.bool_]) -> list[str]:
    """Return lines on what float32, in which maps are kept, loses of values with more digits."""
    if values.dtype != np.float64 or not valid.any():
        return []
    used = values if valid.all() else values[valid]
    least, most = float(used.min()), float(used.max())
    lines = []
    if not -_MOST <= least <= most <= _MOST:
        kept = used[np.abs(used) <= _MOST]
        lines.append(
            f"{used.size - kept.size:,} values are beyond ±{_MOST:.2g}, the largest that maps "
            "keep: taken for holes"
        )
        if not kept.size:
            return lines
        used, least, most = kept, float(kept.min()), float(kept.max())
    step, fine = float(np.spacing(np.float32(max(-least, most)))), _FINEST * (most - least)
    if step / 2 <= fine:
        return lines
    lost = float(np.abs(used.astype(np.float32) - used).max())
    if lost > fine:
        lines.append(
            f"values of {least:.9g} to {most:.9g} are kept in steps of up to {step:.2g}, which "
            f"changes them by up to {lost:.2g}: subtract what they have in common first"
        )
    return lines


def encode(
    depth: DepthMap,
    encoding: str | Encoding,
    *,
    whole: bool,
    top: int = 0,
    height: int | None = None,
) -> NDArray[np.generic]:
    """Return the numbers that a map is written as.

    Invalid pixels get the number that stood for them where the map was read, if the map is written
    in the encoding that it came in; otherwise the encoding's.

    Args:
        depth: The map.
        encoding: A name in `ENCODINGS`, or an encoding of one's own.
        whole: Whether the file holds whole numbers, so that values are rounded (half up).
        top: Where the map is a band of a larger one: its first row there.
        height: Where it is: the rows of the whole map.

    Raises:
        EncodingError: If the name is unknown or of another kind or unit, or valid values don't fit,
            or the encoding needs a camera, and none is known.
    """
    meaning = find_encoding(encoding)
    name = name_of(encoding)
    if depth.kind != meaning.kind:
        raise EncodingError(
            f"the map is of kind {depth.kind}, encoding {name} of kind {meaning.kind}: "
            "choose an encoding of the map's kind"
        )
    if None not in (depth.unit, meaning.unit) and depth.unit != meaning.unit:
        raise EncodingError(
            f"the map's unit is {depth.unit}, that of encoding {name} is {meaning.unit}: "
            "choose an encoding of the map's unit"
        )
    marker = invalid_number(depth, encoding, whole=whole)
    whole = whole and meaning.largest is not None
    numbers = _numbers(depth, meaning, whole=whole, top=top, height=height)
    used = numbers if depth.valid.all() else numbers[depth.valid]
    if misfits := _misfits(used, meaning, marker, whole=whole):
        allowed = (
            f"{meaning.smallest}…{meaning.largest} (÷ {meaning.per_unit:g})"
            if whole
            else f"finite numbers other than {marker:g}"
        )
        raise EncodingError(
            f"{misfits} of {used.size} valid pixels do not fit encoding {name}, "
            f"which holds {allowed}: choose another encoding"
        )
    dtype = meaning.dtype if whole else np.dtype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        written = numbers.astype(dtype)
        if used.size < written.size:
            written[~depth.valid] = np.asarray(marker).astype(dtype)
    return _rotated(written, meaning.rotated) if whole and meaning.rotated else written


def _numbers(
    depth: DepthMap, meaning: Encoding, *, whole: bool, top: int, height: int | None
) -> NDArray[Any]:
    """Return what the values of a map are in a file, before they get its type."""
    if not whole and (meaning.per_unit, meaning.offset, meaning.along_ray) == (1, 0, False):
        return depth.values
    numbers = depth.values.astype(np.float64)
    with np.errstate(over="ignore"):
        if meaning.along_ray:
            from dsdmsr.depth.geometry import ray_lengths
            from dsdmsr.io.rays import camera_of

            whole_shape = (height or depth.shape[0], depth.shape[1])
            camera, _ = camera_of(meaning, depth.intrinsics, whole_shape)
            numbers *= ray_lengths(camera, depth.shape, top)
        numbers *= meaning.per_unit
        if whole:
            numbers += meaning.offset + 0.5
            return np.floor(numbers, out=numbers)
        numbers += meaning.offset
        return numbers.astype(np.float32)


def _misfits(used: NDArray[Any], meaning: Encoding, marker: float, *, whole: bool) -> int:
    """Return how many numbers of valid pixels cannot be written, or would be read as holes."""
    if not used.size:
        return 0
    low, high = (meaning.smallest, meaning.largest or 0) if whole else (-_MOST, _MOST)
    least, greatest = used.min(), used.max()
    # Most maps fit, which their ends tell.
    if low <= least and greatest <= high and not least <= marker <= greatest:
        return 0
    fits = (used >= low) & (used <= high) & (used != np.asarray(marker).astype(used.dtype))
    return int(np.count_nonzero(~fits))


def invalid_number(depth: DepthMap, encoding: str | Encoding, *, whole: bool) -> float:
    """Return the number that invalid pixels of a map are written as.

    Raises:
        EncodingError: If whole numbers are wanted, and none means "nothing here".
    """
    meaning, marker = find_encoding(encoding), depth.metadata.invalid
    if marker is None or encoding != depth.encoding:
        marker = meaning.invalid
    if not whole or meaning.largest is None:
        # What is left of the largest double, as in GDAL's conversions to float32.
        return max(-_MOST, min(marker, _MOST)) if math.isfinite(marker) else marker
    if not 0 <= marker <= 256**meaning.dtype.itemsize - 1:
        marker = meaning.invalid
    if math.isnan(marker) and not depth.valid.all():
        raise EncodingError(
            f"the map has holes, and all numbers of {meaning.meaning} are values: choose an "
            "encoding with a number for holes, or a format of floats"
        )
    return marker


def _rotated(numbers: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    """Return 16-bit numbers with their bits rotated to the left."""
    native = numbers.astype(np.uint32)
    return ((native << bits) | (native >> (16 - bits))).astype(np.uint16)
