"""RealSense cameras: their depth, frame after frame; needs pyrealsense2.

Source: librealsense's documentation of devices, sensors and frame queues; pixel centres lie at
whole numbers in its ``rsutil.h``, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import numpy as np

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import FileError, needing
from dsdmsr.io.options import ReadOptions
from dsdmsr.io.realsense import encoding_in
from dsdmsr.io.stored import Stored

__all__ = ["CameraStamp", "camera_frames", "find_camera"]

_LOOK = 100
"""Milliseconds after which a thread that waits for a frame looks up."""
_FRAMES = 2
"""Frames that the SDK holds; it drops older ones."""


class CameraStamp(NamedTuple):
    """What a camera says about a frame beside its pixels."""

    number: int
    """Its number; those of frames that the SDK has dropped are missing."""
    time: int
    """When it was taken, in nanoseconds, by the clock that the SDK goes by."""


def find_camera() -> Any:
    """Return the first RealSense camera, a device of pyrealsense2.

    Raises:
        DependencyError: If pyrealsense2 is not installed.
        FileError: If pyrealsense2 can't be loaded, or there is no camera.
    """
    devices = _sdk().context().query_devices()
    if not len(devices):
        raise FileError("no RealSense camera is connected: connect one, and close other programs")
    return devices[0]


def camera_frames(
    camera: Any,
    *,
    size: str | None = None,
    reading: ReadOptions | None = None,
    timeout: float = 5.0,
    ended: Event | None = None,
) -> Iterator[tuple[CameraStamp, DepthMap]]:
    """Yield the depth frames of a camera, in metres, with its intrinsics.

    Args:
        camera: A device of pyrealsense2, such as `find_camera` returns.
        size: WIDTHxHEIGHT, one that the camera has. Default: the camera's own choice.
        reading: How numbers are read. Default: in the unit that the camera says, 0 is no depth.
        timeout: Seconds without a frame after which the camera has failed.
        ended: Is set by another thread to say that no more frames are wanted.

    Raises:
        FileError: If the camera has no depth of that size, can't be opened, or fails.
    """
    sdk, ended, reading = _sdk(), ended or Event(), reading or ReadOptions()
    queue = sdk.frame_queue(_FRAMES)
    try:
        sensor = camera.first_depth_sensor()
        sensor.open(_profile(sdk, sensor, size))
    except RuntimeError as error:
        raise FileError(f"the RealSense camera cannot be opened: {error}") from error
    try:
        sensor.start(queue)
        came = time.monotonic()
        while not ended.is_set():
            there, frame = queue.try_wait_for_frame(_LOOK)
            if there:
                yield _read(frame.as_depth_frame(), reading)
                came = time.monotonic()
            elif time.monotonic() - came >= timeout:
                raise FileError(f"the RealSense camera has given no frame for {timeout:g} s")
    finally:
        sensor.stop()
        sensor.close()


def _sdk() -> Any:
    """Return pyrealsense2."""
    with needing("a RealSense camera"):
        try:
            import pyrealsense2
        except ModuleNotFoundError:
            raise
        except ImportError as error:
            raise FileError(
                f"pyrealsense2 cannot be loaded: {error}; on Debian and Ubuntu it needs the "
                "package libusb-1.0-0"
            ) from error
    return pyrealsense2


def _profile(sdk: Any, sensor: Any, size: str | None) -> Any:
    """Return the stream of depth of a size, the default one if it has that."""
    found: dict[str, Any] = {}
    for profile in sensor.get_stream_profiles():
        if profile.stream_type() == sdk.stream.depth and profile.format() == sdk.format.z16:
            video = profile.as_video_stream_profile()
            name = f"{video.width()}x{video.height()}"
            if profile.is_default():
                found[""] = found[name] = profile
            found.setdefault(name, profile)
    if not found:
        raise FileError("the RealSense camera gives no 16-bit depth")
    if size is not None and size not in found:
        sizes = ", ".join(name for name in found if name)
        raise FileError(f"the RealSense camera has no depth of {size} pixels: it has {sizes}")
    return found[size] if size is not None else found.get("", next(iter(found.values())))


def _read(frame: Any, reading: ReadOptions) -> tuple[CameraStamp, DepthMap]:
    """Return a frame as a map."""
    camera = frame.profile.as_video_stream_profile().intrinsics
    stamp = CameraStamp(frame.get_frame_number(), round(1e6 * frame.get_timestamp()))
    stored = Stored(
        numbers=np.asanyarray(frame.get_data()),
        encoding=encoding_in(frame.get_units()),
        intrinsics=Intrinsics(fx=camera.fx, fy=camera.fy, cx=camera.ppx, cy=camera.ppy),
    )
    # As a file it would be a PNG.
    return stamp, reading.interpret(stored, Path(f"{stamp.number}.png"))
