"""The table of encodings: what the numbers in a depth file mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap, Kind, Stereo, Unit
from dsdmsr.errors import DepthError, EncodingError

__all__ = ["ENCODINGS", "Encoding", "decode", "encode", "find_encoding"]


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """Describe how numbers in a file become values of a map."""

    meaning: str
    """One line for people."""
    per_unit: float = 1.0
    """What one unit of the map is in the file."""
    kind: Kind = "depth"
    """The map's kind."""
    unit: Unit | None = None
    """The map's unit."""
    invalid: float = 0.0
    """The number that means "nothing here". NaN and infinity always do, and among whole numbers 0.
    """
    largest: int | None = None
    """The largest whole number, for encodings of whole numbers; None for floats."""
    rotated: int = 0
    """By how many bits to the left the 16 bits of a number are rotated in the file."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The array type that files of this encoding hold."""
        if self.largest is None:
            return np.dtype(np.float32)
        return np.dtype(np.uint8 if self.largest < 256 else np.uint16)

    @property
    def value_range(self) -> tuple[float, float]:
        """The least and the greatest value that can be written and read back as valid."""
        if self.largest is None:
            limit = float(np.finfo(np.float32).max)
            return (-limit if self.kind != "depth" else 0.0), limit / self.per_unit
        return 1 / self.per_unit, self.largest / self.per_unit


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
    "inverse": Encoding(
        meaning="float inverse depth, per metre or relative, NaN = unknown (MiDaS and the like)",
        kind="inverse_depth",
        invalid=float("nan"),
    ),
}
"""Name → encoding. Sources: the named data sets' documentation."""


def find_encoding(name: str) -> Encoding:
    """Return the encoding called `name`.

    Raises:
        EncodingError: If there is none.
    """
    if name not in ENCODINGS:
        raise EncodingError(f"encoding {name!r} is unknown: allowed are {', '.join(ENCODINGS)}")
    return ENCODINGS[name]


def decode(
    numbers: NDArray[np.generic], encoding: str | Encoding, stereo: Stereo | None = None
) -> DepthMap:
    """Return the map that numbers in a file mean.

    Args:
        numbers: H×W.
        encoding: A name in ``ENCODINGS``, which the map remembers, or an encoding of one's own.
        stereo: What turns disparity into depth.

    Raises:
        EncodingError: If the name is unknown.
        DepthError: If the numbers are not a depth map.
    """
    name = encoding if isinstance(encoding, str) else None
    encoding = find_encoding(encoding) if isinstance(encoding, str) else encoding
    if numbers.dtype.kind not in "fiub":
        raise DepthError(f"the numbers are of type {numbers.dtype}: give real ones")
    valid = np.isfinite(numbers) & (numbers != encoding.invalid)
    if encoding.largest is not None:
        valid &= numbers != 0
    if encoding.rotated and numbers.dtype.kind == "u" and numbers.dtype.itemsize == 2:
        numbers = _rotated(numbers, 16 - encoding.rotated)
    # What is float32 already gains nothing from more digits on the way.
    digits = np.dtype(np.float32 if numbers.dtype == np.float32 else np.float64)
    values: NDArray[Any] = np.asarray(numbers, dtype=digits) / digits.type(encoding.per_unit)
    return DepthMap(
        values,
        valid,
        kind=encoding.kind,
        unit=encoding.unit,
        stereo=stereo,
        encoding=name,
    )


def encode(depth: DepthMap, name: str, *, whole: bool) -> NDArray[np.generic]:
    """Return the numbers that a map is written as.

    Args:
        depth: The map.
        name: The encoding.
        whole: Whether the file holds whole numbers, so that values are rounded (half up).

    Raises:
        EncodingError: If `name` is unknown or of another kind or unit, or valid values don't fit.
    """
    encoding = find_encoding(name)
    if depth.kind != encoding.kind:
        raise EncodingError(
            f"the map is of kind {depth.kind}, encoding {name!r} of kind {encoding.kind}: "
            "choose an encoding of the map's kind"
        )
    if None not in (depth.unit, encoding.unit) and depth.unit != encoding.unit:
        raise EncodingError(
            f"the map's unit is {depth.unit}, that of encoding {name!r} is {encoding.unit}: "
            "choose an encoding of the map's unit"
        )
    with np.errstate(over="ignore"):
        numbers = depth.values.astype(np.float64) * encoding.per_unit
        if whole and encoding.largest is not None:
            numbers = np.floor(numbers + 0.5)
            fits = (numbers >= 1) & (numbers <= encoding.largest)
            allowed = f"1…{encoding.largest} (÷ {encoding.per_unit:g})"
        else:
            numbers = numbers.astype(np.float32)
            fits = np.isfinite(numbers) & (numbers != encoding.invalid)
            allowed = f"finite numbers other than {encoding.invalid:g}"
    if misfits := int((depth.valid & ~fits).sum()):
        raise EncodingError(
            f"{misfits} of {int(depth.valid.sum())} valid pixels do not fit encoding {name!r}, "
            f"which holds {allowed}: choose another encoding"
        )
    dtype = encoding.dtype if whole else np.dtype(np.float32)
    written = np.where(depth.valid, numbers, encoding.invalid).astype(dtype)
    return _rotated(written, encoding.rotated) if whole and encoding.rotated else written


def _rotated(numbers: NDArray[Any], bits: int) -> NDArray[np.uint16]:
    """Return 16-bit numbers with their bits rotated to the left."""
    native = numbers.astype(np.uint32)
    return ((native << bits) | (native >> (16 - bits))).astype(np.uint16)
