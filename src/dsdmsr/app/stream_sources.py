"""Sources of `dsdmsr stream`: a folder that grows, a recording, or a camera."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from dsdmsr.app.outputs import is_plain_folder
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import FileError
from dsdmsr.io import split_member
from dsdmsr.io.formats import find_format
from dsdmsr.io.patterns import Found, find_files
from dsdmsr.upscaling.options import StreamOptions

if TYPE_CHECKING:
    from dsdmsr.io.realsense_camera import CameraStamp

__all__ = ["Origin", "Source", "is_camera", "open_source"]

_CAMERA = "realsense"
_CAMERA_IDLE = 5.0


class Origin(NamedTuple):
    """Where a frame comes from; the stamp of a stream's frames."""

    name: str
    """What it is called in all that is printed."""
    found: Found
    """A file, or one that it could be."""


@dataclass(frozen=True)
class Source:
    """Hold the frames of a source, and how they are read."""

    frames: Iterator[tuple[Origin, Any]]
    """What a frame is of, and what `read` takes."""
    read: Callable[[Any], DepthMap]
    nothing: str
    """The error if no frame comes."""


def is_camera(text: str) -> bool:
    """Return whether a text stands for a camera."""
    return text.partition(":")[0] == _CAMERA


def open_source(text: str, options: StreamOptions, ended: Event) -> Source:
    """Return the source that a text names.

    Args:
        text: A folder; a recording, or a topic of one; ``realsense``, or ``realsense:640x480``.
        options: How its frames are read.
        ended: Is set to say that no more frames are wanted.

    Raises:
        FileError: If there is no such source.
        DependencyError: If it needs a library that is not installed.
    """
    if is_camera(text):
        return _of_camera(text.partition(":")[2] or None, options, ended)
    path = Path(text)
    if is_plain_folder(path):
        return _of_folder(path, options, ended)
    file = split_member(path)[0]
    format_ = find_format(file)
    if not file.exists() or format_ is None or format_.members is None:
        what = "no recording" if file.exists() else "not there"
        raise FileError(
            f"{text} is {what}: give a folder, a recording (.bag, .mcap, .db3, a ROS 2 bag), or "
            f"{_CAMERA}"
        )
    return _of_recording(text, options, ended)


def _of_folder(folder: Path, options: StreamOptions, ended: Event) -> Source:
    from dsdmsr.io.growing import new_files

    files = new_files(folder, idle=options.idle, ended=ended)
    frames = ((Origin(str(path), Found(path)), path) for path in files)
    return Source(frames, _reader(options), f"{folder} holds no depth file, and none has come")


def _of_recording(text: str, options: StreamOptions, ended: Event) -> Source:
    found = find_files([text])
    if options.newest:
        from dsdmsr.io.ros import ros_time

        times = (ros_time(split_member(each.path)[1] or "") / 1e9 for each in found)
        paced = _paced(zip(found, times, strict=True), ended)
    else:
        paced = iter(found)
    frames = ((Origin(str(each.path), each), each.path) for each in paced)
    return Source(frames, _reader(options), f"{text} holds no frames")


def _paced(found: Iterable[tuple[Found, float]], ended: Event) -> Iterator[Found]:
    """Yield frames as far apart as their times, in seconds."""
    start: float | None = None
    for each, at in found:
        start = monotonic() - at if start is None else start
        if ended.wait(max(0.0, start + at - monotonic())):
            return
        yield each


def _of_camera(size: str | None, options: StreamOptions, ended: Event) -> Source:
    from dsdmsr.io.realsense_camera import camera_frames, find_camera

    found = camera_frames(
        find_camera(),
        size=size,
        reading=options.reading,
        timeout=options.idle or _CAMERA_IDLE,
        ended=ended,
    )
    frames = ((_camera_origin(stamp), depth) for stamp, depth in found)
    return Source(frames, options.stereo.apply, "the RealSense camera has given no frame")


def _camera_origin(stamp: CameraStamp) -> Origin:
    """Return what a camera's frame is called, and the file that it could be."""
    file = Path(f"{stamp.number:06d}-{stamp.time}.png")
    return Origin(f"{_CAMERA}, frame {stamp.number}", Found(file))


def _reader(options: StreamOptions) -> Callable[[Path], DepthMap]:
    """Return what reads a file."""
    return lambda path: options.stereo.apply(options.reading.read(path))
