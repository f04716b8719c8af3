"""Depth images in ROS messages ⇄ numbers and maps: raw, or of compressed_depth_image_transport.

Messages of rclpy, rospy and rosbags all have the same fields, which is all that is asked of them.

Sources: REP 118, "Depth Images" (16UC1 in millimetres, 0 where there is none; 32FC1 in metres, NaN
where there is none); ``sensor_msgs``; ``compressed_depth_image_transport``: 12 bytes, a format and
two numbers a, b, then a PNG, or width, height and RVL; of 32FC1, the 16-bit numbers n mean the
depth a / (n - b), and 0 none.
"""

from __future__ import annotations

import copy
import math
import struct
import sys
from array import array
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import FileError
from dsdmsr.io.codec import decode, encode
from dsdmsr.io.png import fast_png, unpack_png
from dsdmsr.io.rvl import pack_rvl, unpack_rvl
from dsdmsr.io.stored import Stored

__all__ = ["COMPRESSED", "FLOATS", "changed", "encoding_of", "image_like", "image_map", "unpack"]

_MILLIMETRES = Encoding(
    meaning="16-bit, 1000 per metre, 0 = no depth (ROS 16UC1, REP 118)",
    per_unit=1000,
    unit="m",
    largest=65535,
)
_METRES = Encoding(
    meaning="float depth in metres, NaN = no depth (ROS 32FC1, REP 118)",
    unit="m",
    invalid=math.nan,
    zero_is_value=True,
)
_WHOLE, FLOATS = ("16UC1", "mono16"), ("32FC1",)
COMPRESSED = "compressedDepth"
_CONFIG, _SIZE = struct.Struct("<iff"), struct.Struct("<II")
_MOST_PIXELS = 2**26
"""Pixels of the largest RVL frame: runs of zeros take no room, so that data say nothing of it."""
_NAME = "the image"


def image_map(message: Any) -> DepthMap:
    """Return the map that an image means, in metres.

    Args:
        message: A ``sensor_msgs`` Image of 16UC1, mono16 (taken for millimetres) or 32FC1, or a
            CompressedImage of ``compressedDepth``.

    Raises:
        FileError: If it is of another encoding, or damaged.

    Example:
        >>> from types import SimpleNamespace
        >>> import numpy as np
        >>> data = np.array([[1500, 0]], np.uint16)
        >>> form = {"encoding": "16UC1", "height": 1, "width": 2, "step": 4, "is_bigendian": 0}
        >>> image_map(SimpleNamespace(data=data, **form))
        DepthMap(1×2, depth, m, 50.0% valid, 1.5…1.5)
    """
    try:
        numbers, notes = unpack(message, _NAME)
    except ValueError as error:
        raise FileError(f"{_NAME} is damaged: {error}") from error
    return decode(Stored(numbers=numbers, notes=tuple(notes)), encoding_of(numbers))


def image_like(message: Any, depth: DepthMap) -> Any:
    """Return an image of a map in the form of another: its type, header, encoding, compression.

    Whole numbers are rounded (half up). Quantised floats are rounded, too, which the transport
    itself truncates; what lies beyond the depth that they can hold becomes that.

    Args:
        message: The other image, as for `image_map`.
        depth: What `image_map` returned for it, or what that became.

    Raises:
        EncodingError: If values don't fit the encoding.
    """
    whole = _encoding(message) in _WHOLE
    numbers = encode(depth, _MILLIMETRES if whole else _METRES, whole=whole)
    if hasattr(message, "format"):
        return changed(message, data=_packed(message, numbers))
    height, width = numbers.shape
    return changed(
        message,
        height=height,
        width=width,
        is_bigendian=int(sys.byteorder == "big"),
        step=width * numbers.itemsize,
        data=np.ascontiguousarray(numbers).view(np.uint8).ravel(),
    )


def changed(message: Any, **fields: Any) -> Any:
    """Return a copy of a message with other fields; those that are arrays keep their type."""
    other = copy.copy(message)
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            value = _of_type(type(getattr(message, name)), value)
        setattr(other, name, value)
    return other


def _of_type(kind: type, values: NDArray[Any]) -> Any:
    """Return an array as what a client library holds in a field."""
    if kind is array:
        # rclpy looks at each element of anything else.
        filled = array("B")
        filled.frombytes(values.data)
        return filled
    if kind is bytes:
        return values.tobytes()
    return values if kind is np.ndarray else kind(values.tolist())


def encoding_of(numbers: NDArray[Any]) -> Encoding:
    """Return what the numbers of an image mean."""
    return _METRES if numbers.dtype.kind == "f" else _MILLIMETRES


def unpack(message: Any, name: str) -> tuple[NDArray[Any], list[str]]:
    """Return the numbers of an image, H×W, which may be those in its memory, and notes.

    Args:
        message: As for `image_map`.
        name: What it is called in errors.

    Raises:
        FileError: If it is of another encoding, or its PNG damaged.
        ValueError: If it is damaged.
    """
    compressed, encoding = hasattr(message, "format"), _encoding(message)
    if encoding not in _WHOLE + FLOATS or (compressed and COMPRESSED not in message.format):
        raise FileError(
            f"{name} has the encoding {message.format if compressed else encoding}: give a topic "
            "of 16UC1, mono16, 32FC1 or compressedDepth"
        )
    notes = ["mono16 is taken for depth in millimetres"] if encoding == "mono16" else []
    if compressed:
        return _unpacked(message, encoding, name), notes
    order = ">" if message.is_bigendian else "<"
    dtype = np.dtype(f"{order}{'f4' if encoding in FLOATS else 'u2'}")
    height, width, step = int(message.height), int(message.width), int(message.step)
    content = np.frombuffer(message.data, np.uint8)
    if min(height, width) < 1 or step < width * dtype.itemsize or content.size != step * height:
        raise ValueError(
            f"it promises {width}×{height} pixels in rows of {step} bytes, but holds {content.size}"
        )
    rows = content.reshape(height, step)[:, : width * dtype.itemsize]
    numbers = np.ascontiguousarray(rows).view(dtype)
    return numbers.astype(dtype.newbyteorder("="), copy=False), notes


def _encoding(message: Any) -> str:
    """Return what an image says that its numbers are, such as 16UC1."""
    text = message.format if hasattr(message, "format") else message.encoding
    return str(text).partition(";")[0].strip()


def _unpacked(message: Any, encoding: str, name: str) -> NDArray[Any]:
    """Return the numbers of an image of compressed_depth_image_transport."""
    content = bytes(message.data)
    if len(content) < _CONFIG.size + _SIZE.size:
        raise ValueError(f"it holds {len(content)} bytes")
    _, a, b = _CONFIG.unpack_from(content)
    packed = content[_CONFIG.size :]
    if _is_rvl(message):
        width, height = _SIZE.unpack_from(packed)
        if not 0 < width * height <= _MOST_PIXELS:
            raise ValueError(f"it promises {width}×{height} pixels")
        pixels = unpack_rvl(packed[_SIZE.size :], width * height)
        numbers: NDArray[Any] = pixels.reshape(height, width)
    else:
        numbers = unpack_png(packed, Path(name)).numbers
        if numbers.dtype != np.uint16:
            raise ValueError("its PNG has not 16 bits")
    if encoding not in FLOATS:
        return numbers
    if not (0 < a < math.inf and math.isfinite(b)):
        raise ValueError(f"its numbers of quantisation are {a:g} and {b:g}")
    with np.errstate(divide="ignore"):
        depth = np.float32(a) / (numbers.astype(np.float32) - np.float32(b))
    return np.where((numbers > 0) & (depth > 0), depth, np.float32(np.nan))


def _packed(message: Any, numbers: NDArray[Any]) -> NDArray[np.uint8]:
    """Return numbers as the content of an image of compressed_depth_image_transport."""
    config = bytes(message.data[: _CONFIG.size])
    if numbers.dtype.kind == "f":
        _, a, b = _CONFIG.unpack(config)
        with np.errstate(divide="ignore"):
            quantised = np.clip(np.floor(np.float32(a) / numbers + np.float32(b + 0.5)), 1, 65535)
        numbers = np.where(np.isfinite(numbers), quantised, 0).astype(np.uint16)
    if _is_rvl(message):
        packed = _SIZE.pack(numbers.shape[1], numbers.shape[0]) + pack_rvl(numbers)
    else:
        packed = fast_png(numbers)
    return np.frombuffer(config + packed, np.uint8)


def _is_rvl(message: Any) -> bool:
    return f"{COMPRESSED} rvl" in message.format
