"""Readers of depth files for comparison: by other libraries than `dsdmsr` uses, or by hand."""

from __future__ import annotations

import ast
import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "colmap",
    "dmap",
    "dpt",
    "exr",
    "hdf5",
    "mat",
    "mat5",
    "npy",
    "npz",
    "opencv",
    "pillow",
    "png",
    "ros1",
    "ros2",
    "ros2_png",
    "ros2_rvl",
    "zarr",
]

Array = NDArray[Any]


def png(path: Path) -> Array:
    """Return the numbers of a PNG, by imagecodecs (libpng); of colours, the first."""
    import imagecodecs

    numbers = np.asarray(imagecodecs.png_decode(path.read_bytes()))
    return numbers if numbers.ndim == 2 else numbers[..., 0]


def opencv(path: Path) -> Array:
    """Return the numbers of a TIFF (libtiff) or PFM, by OpenCV."""
    import cv2

    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_ERROR)  # it warns of each tag of GeoTIFF
    numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    logging.setLogLevel(before)
    assert numbers is not None
    return np.asarray(numbers)


def pillow(path: Path) -> Array:
    """Return the numbers of a TIFF, by Pillow (libtiff)."""
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture)


def colmap(path: Path) -> Array:
    """Return the numbers of a COLMAP depth map, by pycolmap."""
    import pycolmap

    depth = pycolmap.DepthMap()
    depth.read(path)
    return np.asarray(depth.to_array())


def hdf5(path: Path, name: str = "depth") -> Array:
    """Return a data set of an HDF5 file, by pyfive, which is written in Python alone."""
    import pyfive

    with pyfive.File(str(path)) as file:
        return np.asarray(file[name][()])


def mat(path: Path, name: str, number: int | None = None) -> Array:
    """Return a variable of a MATLAB file of version 7.3, or a map of it, by pyfive."""
    import pyfive

    # pyfive knows no file that begins with a block of its user's: the addresses are counted anew.
    content = path.read_bytes()[512:]
    content = content[:24] + bytes(8) + content[32:]
    with pyfive.File(io.BytesIO(content)) as file:
        numbers = np.asarray(file[name][()])
    return (numbers if number is None else numbers[number]).T


def mat5(path: Path) -> Array:
    """Return the only variable of a compressed MATLAB file of version 5, by its format's document.

    An element begins with its type and size; those of a matrix are flags, sides, name and numbers.
    """
    content = path.read_bytes()
    size = struct.unpack_from("<I", content, 132)[0]
    matrix = zlib.decompress(content[136 : 136 + size])
    height, width = struct.unpack_from("<2i", matrix, 8 + 16 + 8)
    at = 8 + 16 + 16
    small = struct.unpack_from("<H", matrix, at + 2)[0]  # a short name stands in its own tag
    length = struct.unpack_from("<I", matrix, at + 4)[0]
    at += 8 if small else 8 + -(-length // 8) * 8
    dtype = {7: "<f4", 9: "<f8"}[struct.unpack_from("<I", matrix, at)[0]]
    return np.frombuffer(matrix, dtype, height * width, at + 8).reshape(width, height).T


def npy(path: Path) -> Array:
    """Return the array of an NPY file, by NumPy's description of the format."""
    return _npy(path.read_bytes())


def npz(path: Path, name: str = "depth", number: int | None = None) -> Array:
    """Return an array of an NPZ file, or a map of it; it is a ZIP archive of NPY files."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        numbers = _npy(archive.read(f"{name}.npy"))
    return numbers if number is None else numbers[number]


def _npy(content: bytes) -> Array:
    assert content[:6] == b"\x93NUMPY"
    size, at = (2, 10) if content[6] == 1 else (4, 12)
    length = int.from_bytes(content[8 : 8 + size], "little")
    head = ast.literal_eval(content[at : at + length].decode().strip())
    numbers = np.frombuffer(content, head["descr"], offset=at + length)
    return numbers.reshape(head["shape"], order="F" if head["fortran_order"] else "C")


def zarr(path: Path, name: str = "depth") -> Array:
    """Return an array of a Zarr folder of format 2 or 3, its chunks unpacked by imagecodecs."""
    import imagecodecs

    folder = path / name
    if (folder / ".zarray").is_file():
        about = json.loads((folder / ".zarray").read_text())
        chunk, separator, dtype = about["chunks"], ".", about["dtype"]
        codec, start = about["compressor"]["id"], folder
    else:
        about = json.loads((folder / "zarr.json").read_text())
        chunk, separator, dtype = (
            about["chunk_grid"]["configuration"]["chunk_shape"],
            "/",
            f"<{np.dtype(about['data_type']).str[1:]}",
        )
        codec, start = about["codecs"][-1]["name"], folder / "c"
    unpack = {"blosc": imagecodecs.blosc_decode, "zstd": imagecodecs.zstd_decode}[codec]
    numbers = np.empty(about["shape"], dtype)
    for i in range(0, numbers.shape[0], chunk[0]):
        for j in range(0, numbers.shape[1], chunk[1]):
            place = start / f"{i // chunk[0]}{separator}{j // chunk[1]}"
            block = np.frombuffer(unpack(place.read_bytes()), dtype).reshape(chunk)
            part = numbers[i : i + chunk[0], j : j + chunk[1]]
            part[:] = block[: part.shape[0], : part.shape[1]]
    return numbers


def dpt(path: Path) -> Array:
    """Return the numbers of Sintel's DPT: a tag, width and height, floats."""
    content = path.read_bytes()
    tag, width, height = struct.unpack_from("<fii", content)
    assert tag == np.float32(202021.25)
    return np.frombuffer(content, "<f4", offset=12).reshape(height, width)


def dmap(path: Path) -> Array:
    """Return the depth of OpenMVS's DMAP, by the description in its ``Interface.h``."""
    content = path.read_bytes()
    halves, exponent = content[:2] == b"D2", struct.unpack_from("<b", content, 3)[0]
    width, height = struct.unpack_from("<2I", content, 12)
    at = 32 if halves else 28
    at += 2 + struct.unpack_from("<H", content, at)[0]
    at += 4 + 4 * struct.unpack_from("<I", content, at)[0] + 21 * 8
    numbers = np.frombuffer(content, "<f2" if halves else "<f4", width * height, at)
    scale = 2.0**exponent if halves else 1.0
    return (numbers.astype(np.float32) * np.float32(scale)).reshape(height, width)


def exr(path: Path, channel: str) -> Array:
    """Return a channel of an EXR of one part in lines, by "OpenEXR File Layout".

    Compression is none, or ZIP: a byte is stored as its difference from the one before it, and
    bytes of even places come before those of odd ones.
    """
    content = path.read_bytes()
    assert content[:4] == b"\x76\x2f\x31\x01"
    at, head = 8, {}
    while content[at]:
        name, kind = content[at:].split(b"\0", 2)[:2]
        at += len(name) + len(kind) + 2
        size = struct.unpack_from("<I", content, at)[0]
        head[name.decode()], at = content[at + 4 : at + 4 + size], at + 4 + size
    channels, rest = [], head["channels"]
    while rest[0]:
        name, rest = rest.split(b"\0", 1)
        kind = ("<u4", "<f2", "<f4")[struct.unpack_from("<I", rest)[0]]
        channels, rest = [*channels, (name.decode(), kind)], rest[16:]
    left, top, right, bottom = struct.unpack("<4i", head["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    lines = {0: 1, 2: 1, 3: 16}[head["compression"][0]]
    offsets = struct.unpack_from(f"<{-(-height // lines)}Q", content, at + 1)
    found, row = [], sum(width * np.dtype(kind).itemsize for _, kind in channels)
    for number, offset in enumerate(offsets):
        size = struct.unpack_from("<i", content, offset + 4)[0]
        block, count = content[offset + 8 : offset + 8 + size], min(lines, height - number * lines)
        if head["compression"][0] and size < count * row:
            packed = np.frombuffer(zlib.decompress(block), np.uint8).astype(int)
            packed[1:] -= 128
            plain, half = np.cumsum(packed).astype(np.uint8), -(-len(packed) // 2)
            mixed = np.empty_like(plain)
            mixed[::2], mixed[1::2] = plain[:half], plain[half:]
            block = mixed.tobytes()
        for line in range(count):
            start = line * row
            for name_, kind in channels:
                if name_ == channel:
                    found.append(np.frombuffer(block, kind, width, start))
                start += width * np.dtype(kind).itemsize
    return np.stack(found)


def ros2(path: Path) -> Array:
    """Return the only image of an MCAP file, by mcap-ros2-support."""
    from mcap_ros2.reader import read_ros2_messages

    message = next(
        each.ros_msg for each in read_ros2_messages(str(path)) if hasattr(each.ros_msg, "step")
    )
    dtype = {"16UC1": "<u2", "32FC1": "<f4"}[message.encoding]
    return np.frombuffer(bytes(message.data), dtype).reshape(message.height, message.width)


def _packed(path: Path) -> bytes:
    """Return the only packed image of depth in an MCAP file, by mcap-ros2-support."""
    from mcap_ros2.reader import read_ros2_messages

    message = next(
        each.ros_msg for each in read_ros2_messages(str(path)) if hasattr(each.ros_msg, "format")
    )
    return bytes(message.data)[12:]


def ros2_png(path: Path) -> Array:
    """Return the only PNG of depth in an MCAP file, by mcap-ros2-support and OpenCV."""
    import cv2

    packed = np.frombuffer(_packed(path), np.uint8)
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_UNCHANGED))


def ros2_rvl(path: Path) -> Array:
    """Return the only RVL of depth in an MCAP file, by mcap-ros2-support and Wilson's paper.

    Numbers are in nibbles of three bits each, the lowest first, of which the eighth says whether
    more follow: how many zeros, how many others, and how each of these differs from the last.
    """
    packed = _packed(path)
    width, height = struct.unpack_from("<2I", packed)
    words = np.frombuffer(packed, "<u4", offset=8)
    nibbles = iter("".join(f"{word:08x}" for word in words))

    def number() -> int:
        value, shift = 0, 0
        for nibble in nibbles:
            value, shift = value | (int(nibble, 16) & 7) << shift, shift + 3
            if int(nibble, 16) < 8:
                break
        return value

    found: list[int] = []
    last = 0
    while len(found) < width * height:
        found += [0] * number()
        for _ in range(number()):
            change = number()
            last += -(change + 1) // 2 if change % 2 else change // 2
            found.append(last)
    return np.array(found, np.uint16).reshape(height, width)


def ros1(path: Path) -> Array:
    """Return the first 16-bit image of a ROS 1 bag that isn't compressed, by "Bag format 2.0"."""
    content = path.read_bytes()
    assert content.startswith(b"#ROSBAG V2.0\n")
    return next(filter(None.__ne__, map(_image_of_ros1, _records(content, 13))))


def _records(content: bytes, at: int) -> Any:
    """Yield the data of message records, those in chunks, too."""
    while at + 8 <= len(content):
        size = struct.unpack_from("<I", content, at)[0]
        fields, place, end = {}, at + 4, at + 4 + size
        while place < end:
            length = struct.unpack_from("<I", content, place)[0]
            name, _, value = content[place + 4 : place + 4 + length].partition(b"=")
            fields[name], place = value, place + 4 + length
        length = struct.unpack_from("<I", content, end)[0]
        data, at = content[end + 4 : end + 4 + length], end + 4 + length
        if fields[b"op"] == b"\x05":  # a chunk
            yield from _records(data, 0)
        elif fields[b"op"] == b"\x02":  # a message
            yield data


def _image_of_ros1(data: bytes) -> Array | None:
    """Return what a message of sensor_msgs/Image holds: header, size, encoding, order, rows."""
    at = 12
    at += 4 + struct.unpack_from("<I", data, at)[0]
    height, width = struct.unpack_from("<2I", data, at)
    length = struct.unpack_from("<I", data, at + 8)[0]
    if data[at + 12 : at + 12 + length] not in (b"16UC1", b"mono16"):
        return None
    at += 12 + length + 1 + 4 + 4
    return np.frombuffer(data, "<u2", width * height, at).reshape(height, width)
