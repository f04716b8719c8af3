"""Intel RealSense's own filters, run by the SDK on the frames of its software device.

The filters keep the options that they have by default, and run in the order that the SDK's
documentation recommends (librealsense, doc/post-processing-filters.md): spatial and temporal filter
on disparity if the camera is a stereo camera, hole filling on depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHAINS", "MILLIMETRE", "camera_frames", "chain", "load_sdk"]

MILLIMETRE = 0.001
"""The depth unit of D400 cameras, in metres."""
FRAMES_PER_SECOND = 30
SPATIAL, TEMPORAL, HOLES = "spatial", "temporal", "hole filling"
CHAINS: dict[str, tuple[str, ...]] = {
    "RealSense spatial": (SPATIAL,),
    "RealSense temporal": (TEMPORAL,),
    "RealSense hole filling": (HOLES,),
    "RealSense, all three": (SPATIAL, TEMPORAL, HOLES),
}
"""Name → the filters that run, in their order."""
Millimetres = NDArray[np.uint16]


def load_sdk() -> Any:
    """Return the module ``pyrealsense2``.

    Raises:
        SystemExit: If it, or libusb, is not installed.
    """
    try:
        import pyrealsense2
    except ImportError as error:
        raise SystemExit(
            f"RealSense's filters cannot be loaded ({error}): pip install pyrealsense2, and "
            "libusb-1.0 (Debian's libusb-1.0-0)"
        ) from error
    return pyrealsense2


@contextmanager
def camera_frames(
    maps: Sequence[Millimetres], focal: float, baseline: float | None
) -> Iterator[list[Any]]:
    """Give maps as the frames of a camera, while the camera is open.

    Args:
        maps: Millimetres, 0 = no depth, each h×w.
        focal: Focal length in pixels.
        baseline: Distance between the cameras of a stereo camera, in metres; None for others,
            which have no disparity.
    """
    sdk = load_sdk()
    height, width = maps[0].shape
    # It lives as long as its frames, which have no baseline without it.
    sensor = sdk.software_device().add_sensor("Stereo Module")
    profile = sensor.add_video_stream(_stream(sdk, height, width, focal)).as_video_stream_profile()
    sensor.add_read_only_option(sdk.option.depth_units, MILLIMETRE)
    if baseline is not None:
        sensor.add_read_only_option(sdk.option.stereo_baseline, baseline / MILLIMETRE)
    queue = sdk.frame_queue(1)
    sensor.open(profile)
    sensor.start(queue)
    try:
        frames = []
        for number, depth in enumerate(maps):
            frame = sdk.software_video_frame()
            frame.stride, frame.bpp, frame.pixels = 2 * width, 2, np.ascontiguousarray(depth)
            frame.timestamp = 1000 * number / FRAMES_PER_SECOND
            frame.domain = sdk.timestamp_domain.system_time
            frame.frame_number, frame.profile, frame.depth_units = number, profile, MILLIMETRE
            sensor.on_video_frame(frame)
            frames.append(queue.wait_for_frame())
        yield frames
    finally:
        sensor.stop()
        sensor.close()


def _stream(sdk: Any, height: int, width: int, focal: float) -> Any:
    stream, camera = sdk.video_stream(), sdk.intrinsics()
    camera.width, camera.height, camera.fx, camera.fy = width, height, focal, focal
    camera.ppx, camera.ppy = (width - 1) / 2, (height - 1) / 2
    camera.model = sdk.distortion.none
    stream.type, stream.fmt = sdk.stream.depth, sdk.format.z16
    stream.width, stream.height, stream.bpp = width, height, 2
    stream.fps, stream.intrinsics = FRAMES_PER_SECOND, camera
    return stream


def chain(filters: Sequence[str], *, stereo: bool) -> Callable[[Any], Millimetres]:
    """Return what runs new filters on the frames of a sequence, one after the other.

    Args:
        filters: Of `SPATIAL`, `TEMPORAL` and `HOLES`, in this order.
        stereo: Whether the frames are a stereo camera's.
    """
    sdk = load_sdk()
    blocks = {
        SPATIAL: sdk.spatial_filter,
        TEMPORAL: sdk.temporal_filter,
        HOLES: sdk.hole_filling_filter,
    }
    steps = [blocks[name]() for name in filters if name != HOLES]
    if stereo and steps:
        steps = [sdk.disparity_transform(True), *steps, sdk.disparity_transform(False)]
    steps += [blocks[name]() for name in filters if name == HOLES]

    def run(frame: Any) -> Millimetres:
        for step in steps:
            frame = step.process(frame)
        return np.array(frame.get_data())  # a copy: the frame's memory is the SDK's

    return run
