"""Recordings of ROS topics: ROS 1 bags, and ROS 2 bags as folders, MCAP or SQLite; needs rosbags.

A recording is opened and indexed once, and stays open, since frames are asked for one by one. They
are mostly asked for in their order, which takes one pass.
"""

from __future__ import annotations

import os
import weakref
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_line
from dsdmsr.io.realsense import is_depth_unit

__all__ = ["IMAGE", "Recording", "is_bag_folder", "open_recording"]

IMAGE, COMPRESSED, CAMERA = (
    f"sensor_msgs/msg/{name}" for name in ("Image", "CompressedImage", "CameraInfo")
)
_SAYING = ("std_msgs/msg/Float32", "std_msgs/msg/String")


def is_bag_folder(path: Path) -> bool:
    """Return whether a folder is a ROS 2 bag."""
    return path.is_dir() and (path / "metadata.yaml").is_file()


def open_recording(path: Path) -> Recording:
    """Return a recording, which stays open for the next frame.

    Raises:
        FileError: If it is damaged, or no recording.
    """
    about = (path / "metadata.yaml" if path.is_dir() else path).stat()
    # A process that was forked has to have a file position of its own.
    return _opened(path.resolve(), about.st_mtime_ns, about.st_size, os.getpid())


@lru_cache(maxsize=1)
def _opened(path: Path, changed: int, size: int, process: int) -> Recording:
    return Recording(path)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what is raised for damaged recordings into an error that names the file."""
    try:
        yield
    except FileError:
        raise
    except Exception as error:  # rosbags lets through whatever its decoders raise
        summary = single_line(error) or type(error).__name__
        raise FileError(f"{path} is damaged, or no recording: {summary}") from error


class Recording:
    """Hold an open recording: the messages of its topics, in their order.

    Args:
        path: A ``.bag``, ``.mcap`` or ``.db3`` file, or the folder of a ROS 2 bag.

    Raises:
        FileError: If it is damaged, or no recording.
    """

    def __init__(self, path: Path) -> None:
        from rosbags.rosbag1 import Reader as Reader1
        from rosbags.rosbag2 import Reader as Reader2
        from rosbags.typesys import Stores, get_typestore

        self.path = path
        self._first = path.suffix.lower() == ".bag" and path.is_file()
        self._lock = Lock()
        self._times: dict[str, list[int]] = {}
        self._going: tuple[str, int, Iterator[Any]] | None = None
        # Images and cameras are the same in all distributions.
        self._types = get_typestore(Stores.ROS1_NOETIC if self._first else Stores.ROS2_HUMBLE)
        with _naming(path):
            self._reader: Any = Reader1(path) if self._first else Reader2(path)
            self._reader.open()
            weakref.finalize(self, self._reader.close)
            self.encodings = {topic: self._encoding(topic) for topic in self._topics(IMAGE)}
            self.encodings |= {topic: self._encoding(topic) for topic in self._topics(COMPRESSED)}
            self.cameras = {topic: self._peek(topic) for topic in self._topics(CAMERA)}
            units = [t for kind in _SAYING for t in self._topics(kind) if is_depth_unit(t)]
            self.units = {topic: str(self._peek(topic).data) for topic in units}

    def _topics(self, kind: str) -> list[str]:
        topics = self._reader.topics.items()
        return [name for name, topic in topics if topic.msgtype == kind and topic.msgcount]

    def _encoding(self, topic: str) -> str:
        """Return what an image says about its encoding: 16UC1, or 16UC1; compressedDepth png."""
        message = self._peek(topic)
        return str(getattr(message, "encoding", None) or getattr(message, "format", ""))

    def _peek(self, topic: str) -> Any:
        return next(self._messages(topic))[1]

    def _messages(self, topic: str, start: int | None = None) -> Iterator[tuple[int, Any]]:
        """Return the times and messages of a topic."""
        chosen = [one for one in self._reader.connections if one.topic == topic]
        unpack = self._types.deserialize_ros1 if self._first else self._types.deserialize_cdr
        # A generator of this object would keep it in a cycle, and so open for longer.
        return (
            (time, unpack(content, connection.msgtype))
            for connection, time, content in self._reader.messages(chosen, start=start)
        )

    def times(self, topic: str) -> list[int]:
        """Return when the messages of a topic were recorded, in nanoseconds, in their order.

        Raises:
            FileError: If the recording is damaged.
        """
        with self._lock, _naming(self.path):
            if topic not in self._times:
                self._going = None
                chosen = [one for one in self._reader.connections if one.topic == topic]
                if self._first:
                    index = self._reader.indexes
                    times = [entry.time for one in chosen for entry in index[one.id]]
                else:
                    times = [time for _, time, _ in self._reader.messages(chosen)]
                self._times[topic] = sorted(times)
            return self._times[topic]

    def message(self, topic: str, number: int) -> Any:
        """Return a message of a topic, by its number in `times`.

        Raises:
            FileError: If the recording is damaged.
        """
        times = self.times(topic)
        with self._lock, _naming(self.path):
            going, self._going = self._going, None
            if going is None or going[:2] != (topic, number):
                first = bisect_left(times, times[number])
                messages = self._messages(topic, times[number])
                for _ in range(number - first):
                    next(messages)
            else:
                messages = going[2]
            time, message = next(messages)
            if time != times[number]:
                raise ValueError(f"a message of {topic} has the time {time}")
            self._going = topic, number + 1, messages
            return message
