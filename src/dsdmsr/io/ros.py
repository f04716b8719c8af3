"""Depth images in recordings of ROS topics; needs rosbags.

Sources: REP 118, "Depth Images" (16UC1 in millimetres, 0 where there is none; 32FC1 in metres, NaN
where there is none); ``sensor_msgs``; ``compressed_depth_image_transport``: 12 bytes, a format and
two numbers a, b, then a PNG, or width, height and RVL; of 32FC1, the 16-bit numbers n mean the
depth a / (n - b), and 0 none.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import Intrinsics
from dsdmsr.errors import FileError
from dsdmsr.io.png import unpack_png
from dsdmsr.io.realsense import camera_topic, is_depth_stream, unit_encoding
from dsdmsr.io.recordings import Recording, open_recording
from dsdmsr.io.rvl import unpack_rvl
from dsdmsr.io.stored import Stored

__all__ = ["read_ros", "ros_frames", "ros_suffix", "ros_time"]

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
_WHOLE, _FLOATS = ("16UC1", "mono16"), ("32FC1",)
_COMPRESSED = "compressedDepth"
_CONFIG, _SIZE = struct.Struct("<iff"), struct.Struct("<II")
_MOST_PIXELS = 2**26
"""Pixels of the largest RVL frame: runs of zeros take no room, so that data say nothing of it."""


class _Frame(NamedTuple):
    topic: str
    time: int
    """When it was recorded, in nanoseconds."""
    repeat: int
    """0, or which one of several of that time it is."""

    @property
    def member(self) -> str:
        return f"{self.topic}@{self.time}" + (f"-{self.repeat}" if self.repeat else "")


def ros_frames(path: Path, member: str | None) -> list[str]:
    """Return the members, ``TOPIC@NANOSECONDS``, that stand for the frames of a topic.

    Args:
        path: The recording.
        member: A topic, or one of its frames. Default: the only topic of depth images.

    Raises:
        FileError: If the recording is damaged, or there is no such topic or frame, or several
            topics are of depth images.
    """
    recording = open_recording(path)
    topic, frame = _split(recording, path, member)
    if frame is not None:
        return [frame.member]
    frames: list[str] = []
    before, repeat = None, 0
    for time in recording.times(topic):
        repeat = repeat + 1 if time == before else 0
        frames.append(_Frame(topic, time, repeat).member)
        before = time
    return frames


def ros_time(member: str) -> int:
    """Return when a frame of `ros_frames` was recorded, in nanoseconds."""
    return int(member.rpartition("@")[2].partition("-")[0])


def ros_suffix(path: Path, member: str | None) -> str:
    """Return the suffix of outputs for the frames of a topic; arguments as for `ros_frames`."""
    recording = open_recording(path)
    topic, _ = _split(recording, path, member)
    return ".npy" if recording.encodings[topic].startswith(_FLOATS) else ".png"


def read_ros(path: Path, member: str | None = None) -> Stored:
    """Return the numbers of a frame.

    Args:
        path: The recording.
        member: The frame, ``TOPIC@NANOSECONDS``; or a topic of one frame. Default: the only topic
            of depth images, if it has one frame.

    Raises:
        FileError: As `ros_frames`, or if several frames are named, or the frame is damaged or no
            depth image.
    """
    recording = open_recording(path)
    topic, frame = _split(recording, path, member)
    times = recording.times(topic)
    if frame is None and len(times) != 1:
        first, last = (f"{path.name}#{topic}@{time}" for time in (times[0], times[-1]))
        raise FileError(f"{path} holds {len(times)} frames of {topic}: name one, {first} to {last}")
    number = 0 if frame is None else bisect_left(times, frame.time) + frame.repeat
    message = recording.message(topic, number)
    name = f"{path}#{topic}@{times[number]}"
    try:
        numbers, notes = _numbers(message, Path(name))
        encoding = unit_encoding(topic, recording.units)
    except ValueError as error:
        raise FileError(f"{name} is damaged: {error}") from error
    if encoding is not None:
        notes = []
    if _depth_topics(recording) == [topic]:
        notes = [f"of {topic}, the only topic of depth images", *notes]
    intrinsics, more = _camera(recording, topic, numbers.shape)
    return Stored(
        numbers=numbers,
        encoding=encoding or (_METRES if numbers.dtype.kind == "f" else _MILLIMETRES),
        intrinsics=intrinsics,
        notes=(*notes, *more),
    )


def _depth_topics(recording: Recording) -> list[str]:
    """Return the topics that are of depth for certain: mono16 may be infrared."""
    return [
        topic
        for topic, encoding in recording.encodings.items()
        if encoding in ("16UC1", "32FC1")
        or _COMPRESSED in encoding
        or (encoding == "mono16" and is_depth_stream(topic))
    ]


def _split(recording: Recording, path: Path, member: str | None) -> tuple[str, _Frame | None]:
    """Return the topic that a member names, and the frame if it names one."""
    topics = _depth_topics(recording)
    if member is None:
        if len(topics) == 1:
            return topics[0], None
        others = topics or list(recording.encodings)
        said = "several topics" if topics else "no topic"
        named = f": name one, {path.name}#{others[0]}" if others else ""
        listed = f" (it has {', '.join(others)})" if others else " and no images at all"
        raise FileError(f"{path} holds {said} of depth images{listed}{named}")
    for text, stamp in ((member, ""), member.rpartition("@")[::2]):
        topic = next((t for t in recording.encodings if t in (text, f"/{text}")), None)
        if topic is not None:
            return topic, _frame(recording, path, topic, stamp) if stamp else None
    images = ", ".join(topics or recording.encodings) or "none"
    raise FileError(f"{path} has no topic of images {member}: it has {images}")


def _frame(recording: Recording, path: Path, topic: str, stamp: str) -> _Frame:
    """Return a topic's frame by its time."""
    time, _, repeat = stamp.partition("-")
    times = recording.times(topic)
    if time.isdecimal() and (not repeat or repeat.isdecimal()) and len(stamp) < 30:
        frame = _Frame(topic, int(time), int(repeat or 0))
        number = bisect_left(times, frame.time) + frame.repeat
        if number < len(times) and times[number] == frame.time:
            return frame
    raise FileError(
        f"{path} has no frame {stamp} of {topic}: it has {len(times)}, @{times[0]} to @{times[-1]}"
    )


def _numbers(message: Any, name: Path) -> tuple[NDArray[Any], list[str]]:
    """Return the numbers of an image, and notes; ValueError if it is damaged."""
    compressed = hasattr(message, "format")
    encoding = (message.format if compressed else message.encoding).partition(";")[0].strip()
    if encoding not in _WHOLE + _FLOATS or (compressed and _COMPRESSED not in message.format):
        raise FileError(
            f"{name} has the encoding {message.format if compressed else encoding}: give a topic "
            "of 16UC1, mono16, 32FC1 or compressedDepth"
        )
    notes = ["mono16 is taken for depth in millimetres"] if encoding == "mono16" else []
    if compressed:
        return _unpacked(message, encoding, name), notes
    order = ">" if message.is_bigendian else "<"
    dtype = np.dtype(f"{order}{'f4' if encoding in _FLOATS else 'u2'}")
    height, width, step = int(message.height), int(message.width), int(message.step)
    content = np.asarray(message.data, np.uint8)
    if min(height, width) < 1 or step < width * dtype.itemsize or content.size != step * height:
        raise ValueError(
            f"it promises {width}×{height} pixels in rows of {step} bytes, but holds {content.size}"
        )
    rows = content.reshape(height, step)[:, : width * dtype.itemsize]
    numbers = np.ascontiguousarray(rows).view(dtype)
    return numbers.astype(dtype.newbyteorder("=")), notes


def _unpacked(message: Any, encoding: str, name: Path) -> NDArray[Any]:
    """Return the numbers of an image of compressed_depth_image_transport."""
    content = np.asarray(message.data, np.uint8).tobytes()
    if len(content) < _CONFIG.size + _SIZE.size:
        raise ValueError(f"it holds {len(content)} bytes")
    _, a, b = _CONFIG.unpack_from(content)
    packed = content[_CONFIG.size :]
    if f"{_COMPRESSED} rvl" in message.format:
        width, height = _SIZE.unpack_from(packed)
        if not 0 < width * height <= _MOST_PIXELS:
            raise ValueError(f"it promises {width}×{height} pixels")
        pixels = unpack_rvl(packed[_SIZE.size :], width * height)
        numbers: NDArray[Any] = pixels.reshape(height, width)
    else:
        numbers = unpack_png(packed, name).numbers
        if numbers.dtype != np.uint16:
            raise ValueError("its PNG has not 16 bits")
    if encoding not in _FLOATS:
        return numbers
    if not (0 < a < math.inf and math.isfinite(b)):
        raise ValueError(f"its numbers of quantisation are {a:g} and {b:g}")
    with np.errstate(divide="ignore"):
        depth = np.float32(a) / (numbers.astype(np.float32) - np.float32(b))
    return np.where((numbers > 0) & (depth > 0), depth, np.float32(np.nan))


def _camera(
    recording: Recording, topic: str, shape: tuple[int, ...]
) -> tuple[Intrinsics | None, list[str]]:
    """Return the camera of an image: that of the topic ``camera_info`` beside it."""
    image = topic.removesuffix(f"/{_COMPRESSED}")
    place, _, last = image.rpartition("/")
    about = camera_topic(topic) or f"{place}/camera_info"
    camera = recording.cameras.get(about)
    if camera is None:
        return None, []
    # ROS 1 writes these names in capitals.
    plain, rectified = (
        np.asarray(getattr(camera, name if hasattr(camera, name) else name.lower()), float)
        for name in "KP"
    )
    matrix = plain.reshape(3, 3)
    if "rect" in last and rectified[0] > 0:
        matrix = rectified.reshape(3, 4)[:, :3]
    fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
    region = camera.roi
    width, height = region.width or camera.width, region.height or camera.height
    if not (np.isfinite(matrix).all() and min(fx, fy) > 0 and min(width, height) > 0):
        return None, [f"{about} holds no calibration: left out"]
    x, y = shape[1] / width, shape[0] / height
    if not math.isclose(x, y, rel_tol=0.01):
        return None, [f"{about} is of {width}×{height} pixels: left out"]
    whole = Intrinsics(fx=fx, fy=fy, cx=cx - region.x_offset, cy=cy - region.y_offset)
    return whole.scaled(x, y), []
