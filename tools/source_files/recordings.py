"""Recordings of ROS topics: messages of depth images, written by rosbags, and RVL by its paper."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["START", "Topics", "camera", "compressed", "image", "record", "rvl"]

START = 1_714_000_000_123_456_789
"""When the first message was recorded, in nanoseconds."""
Topics = dict[str, list[tuple[str, dict[str, Any]]]]
"""Topic → its messages: the last part of a type's name, and fields."""


def image(
    numbers: np.ndarray, encoding: str, big: bool = False, padding: int = 0
) -> tuple[str, dict[str, Any]]:
    """Return an image, with some bytes behind each row."""
    body = numbers.astype(numbers.dtype.newbyteorder(">" if big else "<"))
    rows = body.view(np.uint8).reshape(len(numbers), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    height, width = numbers.shape
    return "Image", {
        "height": height,
        "width": width,
        "encoding": encoding,
        "is_bigendian": int(big),
        "step": rows.shape[1],
        "data": rows.ravel(),
    }


def compressed(
    packed: bytes, format_: str, a: float = 0, b: float = 0
) -> tuple[str, dict[str, Any]]:
    """Return an image of compressed_depth_image_transport."""
    content = struct.pack("<iff", 0, a, b) + packed
    return "CompressedImage", {"format": format_, "data": np.frombuffer(content, np.uint8)}


def camera(
    width: int, height: int, k: list[float], p: list[float] | None = None, first: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return a camera; ROS 1, the first, writes some names in capitals."""
    names = "DKRP" if first else "dkrp"
    matrices = (np.zeros(0), np.array(k, float), np.eye(3).ravel(), np.array(p or [0] * 12, float))
    return "CameraInfo", {
        "height": height,
        "width": width,
        "distortion_model": "",
        **dict(zip(names, matrices, strict=True)),
        "binning_x": 0,
        "binning_y": 0,
    }


def record(folder: Path, kind: str, topics: Topics, step: int = 33_000_000) -> Path:
    """Write messages, those of all topics in turn, and return the recording's path.

    Args:
        folder: Where.
        kind: ``bag1``, ``mcap``, ``db3``, or ``folder`` for one with compressed messages.
        topics: The messages.
        step: Nanoseconds from one message of a topic to the next.
    """
    from rosbags.rosbag1 import Writer as Writer1
    from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
    from rosbags.rosbag2 import Writer as Writer2
    from rosbags.typesys import Stores, get_typestore

    first = kind == "bag1"
    types = get_typestore(Stores.ROS1_NOETIC if first else Stores.ROS2_HUMBLE)
    plugin = StoragePlugin.SQLITE3 if kind == "db3" else StoragePlugin.MCAP
    folder.mkdir(exist_ok=True)
    path = folder / ("recording.bag" if first else "recording")
    writer: Any = Writer1(path) if first else Writer2(path, version=9, storage_plugin=plugin)
    if kind == "folder":
        writer.set_compression(CompressionMode.MESSAGE, CompressionFormat.ZSTD)
    pack = types.serialize_ros1 if first else types.serialize_cdr
    with writer:
        connections = {
            topic: writer.add_connection(topic, _type_of(messages[0]), typestore=types)
            for topic, messages in topics.items()
        }
        for number in range(max(map(len, topics.values()))):
            for topic, messages in topics.items():
                if number < len(messages):
                    content = pack(_filled(types, messages[number]), _type_of(messages[number]))
                    writer.write(connections[topic], START + step * number, content)
    if first or kind == "folder":
        return path
    return next(path.glob(f"*.{kind}"))


def _type_of(message: tuple[str, dict[str, Any]]) -> str:
    """Return the whole name of a message's type: of images and cameras, or of what is just said."""
    package = "std_msgs" if message[0] in ("Float32", "String") else "sensor_msgs"
    return f"{package}/msg/{message[0]}"


def _filled(types: Any, message: tuple[str, dict[str, Any]]) -> Any:
    """Return a message, with what all of its type need."""
    kind, fields = _type_of(message), dict(message[1])
    wanted = types.types[kind].__dataclass_fields__
    if "header" in wanted:
        header = types.types["std_msgs/msg/Header"]
        stamp = types.types["builtin_interfaces/msg/Time"](sec=0, nanosec=0)
        number = {"seq": 0} if "seq" in header.__dataclass_fields__ else {}
        fields["header"] = header(stamp=stamp, frame_id="", **number)
    if "roi" in wanted:
        fields["roi"] = types.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return types.types[kind](**fields)


def rvl(pixels: np.ndarray) -> bytes:
    """Return pixels in RVL: Wilson 2017, the listing of CompressRVL, in nibbles of a text."""
    nibbles: list[int] = []

    def put(number: int) -> None:
        while True:
            number, low = number >> 3, number & 7
            nibbles.append(low | (8 if number else 0))
            if not number:
                return

    flat, at, previous = [int(p) for p in pixels.ravel()], 0, 0
    while at < len(flat):
        start = at
        while at < len(flat) and flat[at] == 0:
            at += 1
        put(at - start)
        start = at
        while at < len(flat) and flat[at] != 0:
            at += 1
        put(at - start)
        for pixel in flat[start:at]:
            change, previous = pixel - previous, pixel
            put(2 * change if change >= 0 else -2 * change - 1)
    nibbles += [0] * (-len(nibbles) % 8)
    words = [nibbles[k : k + 8] for k in range(0, len(nibbles), 8)]
    return b"".join(struct.pack("<I", int("".join(f"{n:x}" for n in w), 16)) for w in words)
