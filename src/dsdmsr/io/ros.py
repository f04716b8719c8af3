"""Depth images in recordings of ROS topics; needs rosbags."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_line
from dsdmsr.io.realsense import camera_topic, is_depth_stream, unit_encoding
from dsdmsr.io.recordings import Recording, open_recording
from dsdmsr.io.ros_cameras import intrinsics_of
from dsdmsr.io.ros_images import COMPRESSED, FLOATS, encoding_of, unpack
from dsdmsr.io.stored import Stored

__all__ = ["read_ros", "ros_frames", "ros_suffix", "ros_time"]


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
    return ".npy" if recording.encodings[topic].startswith(FLOATS) else ".png"


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
    times, shown = recording.times(topic), single_line(topic)
    if frame is None and len(times) != 1:
        first, last = (f"{path.name}#{shown}@{time}" for time in (times[0], times[-1]))
        raise FileError(f"{path} holds {len(times)} frames of {shown}: name one, {first} to {last}")
    number = 0 if frame is None else bisect_left(times, frame.time) + frame.repeat
    message = recording.message(topic, number)
    name = f"{path}#{shown}@{times[number]}"
    try:
        numbers, notes = unpack(message, name)
        encoding = unit_encoding(topic, recording.units)
    except ValueError as error:
        raise FileError(f"{name} is damaged: {error}") from error
    if encoding is not None:
        notes = []
    if _depth_topics(recording) == [topic]:
        notes = [f"of {shown}, the only topic of depth images", *notes]
    intrinsics, more = _camera(recording, topic, numbers.shape)
    return Stored(
        numbers=numbers,
        encoding=encoding or encoding_of(numbers),
        intrinsics=intrinsics,
        notes=(*notes, *more),
    )


def _depth_topics(recording: Recording) -> list[str]:
    """Return the topics that are of depth for certain: mono16 may be infrared."""
    return [
        topic
        for topic, encoding in recording.encodings.items()
        if encoding in ("16UC1", "32FC1")
        or COMPRESSED in encoding
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
        named = f": name one, {path.name}#{single_line(others[0])}" if others else ""
        listed = (
            f" (it has {single_line(', '.join(others))})" if others else " and no images at all"
        )
        raise FileError(f"{path} holds {said} of depth images{listed}{named}")
    for text, stamp in ((member, ""), member.rpartition("@")[::2]):
        topic = next((t for t in recording.encodings if t in (text, f"/{text}")), None)
        if topic is not None:
            return topic, _frame(recording, path, topic, stamp) if stamp else None
    images = single_line(", ".join(topics or recording.encodings)) or "none"
    raise FileError(f"{path} has no topic of images {single_line(member)}: it has {images}")


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
        f"{path} has no frame {single_line(stamp)} of {single_line(topic)}: it has {len(times)}, "
        f"@{times[0]} to @{times[-1]}"
    )


def _camera(
    recording: Recording, topic: str, shape: tuple[int, int]
) -> tuple[Intrinsics | None, list[str]]:
    """Return the camera of an image: that of the topic ``camera_info`` beside it."""
    image = topic.removesuffix(f"/{COMPRESSED}")
    place, _, last = image.rpartition("/")
    about = camera_topic(topic) or f"{place}/camera_info"
    camera = recording.cameras.get(about)
    if camera is None:
        return None, []
    try:
        return intrinsics_of(camera, shape, rectified="rect" in last), []
    except ValueError as error:
        return None, [f"{single_line(about)} {error}: left out"]
