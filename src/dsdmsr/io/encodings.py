"""The table of encodings: what the numbers in a depth file mean."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import DepthMap, Stereo
from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import DepthError, EncodingError, suggestion
from dsdmsr.io.invalid import InvalidNumbers, usable_pixels
from dsdmsr.io.rays import camera_of, ray_lengths
from dsdmsr.io.stored import Stored

__all__ = [
    "ENCODINGS",
    "Encoding",
    "decode",
    "encode",
    "find_encoding",
    "invalid_number",
    "name_of",
]

RECOGNISED = InvalidNumbers()
_FINEST = 1 / 1000
"""Steps of float32 that are a larger share of a map's range are worth a line."""


ENCODINGS: dict[str, Encoding] = {
    "mm": Encoding(
        meaning="16-bit, 1000 per metre, 0 = no depth (ScanNet, RealSense, Azure Kinect, NYU)",
        per_unit=1000,
        unit="m",
        largest=65535,
    ),
    "tum": Encoding(
        meaning="16-bit, 5000 per metre, 0 = no depth (TUM RGB-D)",
        per_unit=5000,
        unit="m",
        largest=65535,
    ),
    "kitti": Encoding(
        meaning="16-bit, 256 per metre, 0 = no depth (KITTI)",
        per_unit=256,
        unit="m",
        largest=65535,
    ),
    "vkitti2": Encoding(
        meaning="16-bit, 100 per metre, 65535 = sky (Virtual KITTI 2)",
        per_unit=100,
        unit="m",
        invalid=65535,
        largest=65534,
    ),
    "sunrgbd": Encoding(
        meaning="16-bit, 1000 per metre, bits rotated by 3, 0 = no depth (SUN RGB-D)",
        per_unit=1000,
        unit="m",
        largest=65535,
        rotated=3,
    ),
    "dtu16": Encoding(
        meaning="16-bit, 50 per millimetre, 0 = no depth (what `dsdmsr prepare dtu` writes)",
        per_unit=50_000,
        unit="m",
        largest=65535,
    ),
    "levels": Encoding(
        meaning="8-bit grey levels of disparity, 0 = unknown (Middlebury 2001-2006)",
        kind="disparity",
        unit="level",
        largest=255,
    ),
    "levels16": Encoding(
        meaning="16-bit levels of disparity, 0 = unknown",
        kind="disparity",
        unit="level",
        largest=65535,
    ),
    "float": Encoding(meaning="float depth in a unit that the file doesn't say, 0 = no depth"),
    "metres": Encoding(meaning="float depth in metres, 0 = no depth", unit="m"),
    "dtu": Encoding(
        meaning="float depth, 1000 per metre, 0 = no depth (DTU)", per_unit=1000, unit="m"
    ),
    "hypersim": Encoding(
        meaning="float distance along the ray in metres, NaN = no surface (Hypersim)",
        unit="m",
        invalid=float("nan"),
        zero_is_value=True,
        along_ray=True,
        focal=886.81 / 1024,
    ),
    "disparity": Encoding(
        meaning="float disparity in pixels, infinity = unknown (Middlebury 2014)",
        kind="disparity",
        unit="px",
        invalid=float("inf"),
    ),
    "disparity16": Encoding(
        meaning="16-bit, 256 per pixel of disparity, 0 = unknown (KITTI stereo)",
        per_unit=256,
        kind="disparity",
        unit="px",
        largest=65535,
    ),
    "cityscapes": Encoding(
        meaning="16-bit disparity in pixels, (number - 1) / 256, 0 = unknown (Cityscapes)",
        per_unit=256,
        offset=1,
        kind="disparity",
        unit="px",
        largest=65535,
    ),
    "relative": Encoding(
        meaning="8-bit relative inverse depth, 0 = farthest (Depth Anything, MiDaS)",
        kind="inverse_depth",
        invalid=float("nan"),
        zero_is_value=True,
        largest=255,
    ),
    "relative16": Encoding(
        meaning="16-bit relative inverse depth, 0 = farthest (Depth Anything, MiDaS)",
        kind="inverse_depth",
        invalid=float("nan"),
        zero_is_value=True,
        largest=65535,
    ),
    "height": Encoding(
        meaning="height above a datum in metres, below 0, too (elevation models)",
        kind="height",
        unit="m",
        invalid=float("nan"),
    ),
    "inverse": Encoding(
        meaning="float inverse depth, per metre or relative, NaN = unknown (MiDaS and the like)",
        kind="inverse_depth",
        invalid=float("nan"),
    ),
}
"""Name → encoding. Sources: the named data sets' documentation."""


def find_encoding(name: str | Encoding) -> Encoding:
    """Return the encoding called `name`, or one of one's own as it is.

    Raises:
        EncodingError: If there is none.
    """
    if isinstance(name, Encoding):
        return name
    if name not in ENCODINGS:
        raise EncodingError(
            f"encoding {name!r} is unknown{suggestion(name, ENCODINGS)}: allowed are "
            f"{', '.join(ENCODINGS)}"
        )
    return ENCODINGS[name]


def name_of(encoding: str | Encoding) -> str:
    """Return what an encoding is called in messages."""
    return repr(encoding) if isinstance(encoding, str) else f"({encoding.meaning})"


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
    usable = usable_pixels(stored, meaning, rules)
    floats = numbers.dtype.kind == "f"
    if meaning.rotated and numbers.dtype.kind == "u" and numbers.dtype.itemsize == 2:
        numbers = _rotated(numbers, 16 - meaning.rotated)
    values = _values(numbers, meaning)
    valid, camera, notes = usable.valid, stored.intrinsics, usable.notes
    if meaning.along_ray and values.ndim == 2:
        camera, assumed = camera_of(meaning, camera, values.shape)
        values, notes = values / ray_lengths(camera, values.shape), notes + assumed
        if invalid.above is not None:
            valid = valid & (values <= invalid.above)
    return DepthMap(
        values,
        valid,
        kind=meaning.kind,
        unit=meaning.unit,
        intrinsics=camera,
        stereo=stereo or stored.stereo,
        encoding=encoding,
        metadata=Metadata(
            invalid=usable.marker,
            declares_invalid=bool(stored.nodata),
            floats=floats,
            georeference=stored.georeference,
            window=stored.window,
            view=stored.view,
            entry=stored.entry,
            notes=(*stored.notes, *notes, *_coarse(values, valid)),
        ),
    )


def _values(numbers: NDArray[np.generic], encoding: Encoding) -> NDArray[Any]:
    """Return numbers as values of a map."""
    # What is float32 already gains nothing from more digits on the way.
    digits = np.dtype(np.float32 if numbers.dtype == np.float32 else np.float64)
    values: NDArray[Any] = np.asarray(numbers, dtype=digits)
    if encoding.offset:
        values = values - digits.type(encoding.offset)
    return values / digits.type(encoding.per_unit)


def _coarse(values: NDArray[Any], valid: NDArray[np.bool_]) -> list[str]:
    """Return a line if float32, in which maps are kept, is too coarse for some values."""
    if values.dtype != np.float64 or not valid.any():
        return []
    used = values[valid]
    step, range_ = float(np.spacing(np.float32(np.abs(used).max()))), float(np.ptp(used))
    if not range_ > 0 or step < _FINEST * range_:
        return []
    return [
        f"values of {used.min():.9g} to {used.max():.9g} are kept in steps of {step:.2g}: subtract "
        "what they have in common first"
    ]


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
    with np.errstate(over="ignore"):
        numbers = depth.values.astype(np.float64)
        if meaning.along_ray:
            whole_shape = (height or depth.shape[0], depth.shape[1])
            camera, _ = camera_of(meaning, depth.intrinsics, whole_shape)
            numbers *= ray_lengths(camera, depth.shape, top)
        numbers = numbers * meaning.per_unit + meaning.offset
        if whole and meaning.largest is not None:
            numbers = np.floor(numbers + 0.5)
            fits = (numbers >= meaning.smallest) & (numbers <= meaning.largest)
            fits &= numbers != marker
            allowed = f"{meaning.smallest}…{meaning.largest} (÷ {meaning.per_unit:g})"
        else:
            numbers = numbers.astype(np.float32)
            fits = np.isfinite(numbers) & (numbers != np.float32(marker))
            allowed = f"finite numbers other than {marker:g}"
    if misfits := int((depth.valid & ~fits).sum()):
        raise EncodingError(
            f"{misfits} of {int(depth.valid.sum())} valid pixels do not fit encoding {name}, "
            f"which holds {allowed}: choose another encoding"
        )
    dtype = meaning.dtype if whole else np.dtype(np.float32)
    if math.isnan(marker) and dtype.kind == "u" and depth.valid.all():
        marker = 0.0
    with np.errstate(over="ignore"):
        written = np.where(depth.valid, numbers, marker).astype(dtype)
    return _rotated(written, meaning.rotated) if whole and meaning.rotated else written


def invalid_number(depth: DepthMap, encoding: str | Encoding, *, whole: bool) -> float:
    """Return the number that invalid pixels of a map are written as.

    Raises:
        EncodingError: If whole numbers are wanted, and none means "nothing here".
    """
    meaning, marker = find_encoding(encoding), depth.metadata.invalid
    if marker is None or encoding != depth.encoding:
        marker = meaning.invalid
    if not whole or meaning.largest is None:
        return marker
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
