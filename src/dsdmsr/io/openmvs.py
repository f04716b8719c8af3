"""Depth maps of OpenMVS (``.dmap``).

Source: OpenMVS's ``libs/MVS/Interface.h``, HeaderDepthDataRaw. Little-endian: "DR", which maps
follow (1 depth, 2 normals, 4 confidences, 8 views), a byte of 0, width and height of the image and
of the map, the range of depth; the image's file name and the views' numbers behind their counts;
the matrices K (of the image), R and the point C, row by row; then the maps, of float32 but for the
views' four bytes. Newer versions write "D2": the exponent of a power of 2 instead of the 0, after
the range the scale of the confidences, depth as half floats divided by that power, normals of four
bytes and confidences of one. Pixel centres are at whole numbers (``Camera.h``, ScaleImagePixel);
0 is no depth.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.places import MvsView
from dsdmsr.errors import FileError
from dsdmsr.io.stored import Stored

__all__ = ["read_dmap", "write_dmap"]

_HEADER = struct.Struct("<2sBb4I2f")
_FLOATS, _HALVES = b"DR", b"D2"
_DEPTH = 1
_OTHERS = {2: "normals", 4: "confidences", 8: "views"}
_BYTES = {_FLOATS: {1: 4, 2: 12, 4: 4, 8: 4}, _HALVES: {1: 2, 2: 4, 4: 1, 8: 4}}
"""Bytes of a pixel in each map."""
_MATRICES = struct.Struct("<21d")
_LARGEST = 100
"""The largest power of 2 that depth is divided by, in either direction."""


class _Header(NamedTuple):
    view: MvsView
    shape: tuple[int, int]
    maps: int
    """Which maps follow."""
    exponent: int
    end: int
    """Where the maps begin."""


def read_dmap(path: Path) -> Stored:
    """Return the numbers of an OpenMVS depth map, H×W, float32, and its camera at that size.

    The size of the file is compared with what the header promises before its maps are read.

    Raises:
        FileError: If the file is no whole depth map of OpenMVS.
    """
    content = path.read_bytes()
    try:
        header = _header(content)
    except (struct.error, ValueError) as error:
        raise FileError(f"{path} is damaged, or no depth map of OpenMVS: {error}") from error
    view, (height, width) = header.view, header.shape
    sizes = _BYTES[_HALVES if view.halves else _FLOATS]
    pixel = sum(size for bit, size in sizes.items() if header.maps & bit)
    promised, size = width * height * pixel, len(content) - header.end
    if promised != size:
        raise FileError(
            f"{path} promises {width}×{height} pixels of {pixel} bytes, {promised} bytes, but "
            f"holds {size}"
        )
    dtype = "<f2" if view.halves else "<f4"
    numbers = np.frombuffer(content, dtype, width * height, header.end).reshape(height, width)
    left = [name for bit, name in _OTHERS.items() if header.maps & bit]
    k = view.camera
    whole = Intrinsics(fx=k[0], fy=k[4], cx=k[2], cy=k[5])
    return Stored(
        numbers=np.ldexp(numbers.astype(np.float32), header.exponent),
        intrinsics=whole.scaled(width / view.image_size[0], height / view.image_size[1]),
        view=view,
        notes=(f"its {', '.join(left)} are left out",) if left else (),
    )


def _header(content: bytes) -> _Header:
    """Return what stands before the maps."""
    magic, maps, exponent, *sizes, near, far = _HEADER.unpack_from(content)
    if magic not in (_FLOATS, _HALVES):
        raise ValueError(f"it begins with {magic!r}")
    if not maps & _DEPTH or maps > 15 or min(sizes) < 1:
        raise ValueError(f"it holds {sizes[2]}×{sizes[3]} pixels, maps {maps}, of {sizes[:2]}")
    at = _HEADER.size + (4 if magic == _HALVES else 0)
    (length,) = struct.unpack_from("<H", content, at)
    image = content[at + 2 : at + 2 + length]
    at += 2 + length
    (count,) = struct.unpack_from("<I", content, at)
    views = struct.unpack_from(f"<{count}I", content, at + 4) if count < 256 else ()
    at += 4 + 4 * count
    matrices = _MATRICES.unpack_from(content, at)
    camera = matrices[:9]
    if not (all(map(math.isfinite, matrices)) and min(camera[0], camera[4]) > 0 and views):
        raise ValueError("its camera or its list of views is none")
    view = MvsView(
        image=image,
        image_size=(sizes[0], sizes[1]),
        views=views,
        depth_range=(near, far),
        camera=camera,
        pose=matrices[9:],
        halves=magic == _HALVES,
    )
    place = at + _MATRICES.size
    return _Header(view, (sizes[3], sizes[2]), maps, exponent if view.halves else 0, place)


def write_dmap(path: Path, numbers: NDArray[np.generic], *, metadata: Metadata) -> None:
    """Write float32 numbers as a depth map of OpenMVS, without normals, confidences and views.

    OpenMVS takes no map that is larger than its image: there, size and camera of the image become
    those of the map.

    Args:
        path: Where.
        numbers: The map.
        metadata: With the view of the map that it was read from.

    Raises:
        FileError: If there is no view.
    """
    view = metadata.view
    if view is None:
        raise FileError(f"{path}: a map that comes from no .dmap has no view: write another format")
    height, width = numbers.shape
    image, camera = view.image_size, view.camera
    if width > image[0] or height > image[1]:
        x, y = width / image[0], height / image[1]
        k = Intrinsics(fx=camera[0], fy=camera[4], cx=camera[2], cy=camera[5]).scaled(x, y)
        camera = (k.fx, camera[1] * x, k.cx, 0.0, k.fy, k.cy, 0.0, 0.0, 1.0)
        image = (width, height)
    depth, exponent = np.ascontiguousarray(numbers, "<f4"), 0
    # What is upscaled may lie a little outside of what the range held.
    near, far = view.depth_range
    near = min(near, float(depth.min(initial=near, where=depth > 0)))
    far = max(far, float(depth.max(initial=far)))
    if view.halves:
        exponent = _exponent(depth)
        depth = np.ldexp(depth, -exponent).astype("<f2")
    magic = _HALVES if view.halves else _FLOATS
    head = _HEADER.pack(magic, _DEPTH, exponent, *image, width, height, near, far)
    parts = [
        head,
        struct.pack("<f", 1.0) if view.halves else b"",
        struct.pack("<H", len(view.image)) + view.image,
        struct.pack(f"<I{len(view.views)}I", len(view.views), *view.views),
        _MATRICES.pack(*camera, *view.pose),
        depth.tobytes(),
    ]
    path.write_bytes(b"".join(parts))


def _exponent(depth: NDArray[np.float32]) -> int:
    """Return the power of 2 that brings the greatest depth to 1…2, where half floats are exact."""
    greatest = float(depth.max(initial=0))
    exponent = math.frexp(greatest)[1] - 1 if greatest > 0 else 0
    return max(-_LARGEST, min(_LARGEST, exponent))
