"""The table of encodings: what the numbers in a depth file mean."""

from __future__ import annotations

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.kinds import Kind
from dsdmsr.errors import EncodingError, suggestion

__all__ = ["ENCODINGS", "Encoding", "check_kind_of", "find_encoding", "name_of"]

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


def check_kind_of(encoding: str | Encoding, kind: Kind | None) -> None:
    """Check that an encoding is of a kind, if that is given, too.

    Raises:
        EncodingError: If it is of another, or the encoding is unknown.
    """
    if kind is not None and (own := find_encoding(encoding).kind) != kind:
        raise EncodingError(
            f"encoding {encoding!r} is of kind {own}, not {kind}: give the encoding or the kind"
        )
