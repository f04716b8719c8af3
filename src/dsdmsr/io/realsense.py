"""Recordings and numbers of the RealSense SDK: which topics are depth, in which unit, seen by whom.

Source: librealsense's ``src/media/ros/ros_file_format.h``: Z16 is stored as mono16, and a sensor's
options are topics beside its streams.
"""

from __future__ import annotations

import math
import re

from dsdmsr.depth.encoding import Encoding

__all__ = ["camera_topic", "encoding_in", "is_depth_stream", "is_depth_unit", "unit_encoding"]

_STREAM = re.compile(r"(/device_\d+/sensor_\d+)(/Depth_\d+)/image/data")
_UNIT = re.compile(r"(/device_\d+/sensor_\d+)/option/Depth[ _]Units/value")


def is_depth_stream(topic: str) -> bool:
    """Return whether a topic of images is depth."""
    return _STREAM.fullmatch(topic) is not None


def is_depth_unit(topic: str) -> bool:
    """Return whether a topic says what the numbers of depth are in."""
    return _UNIT.fullmatch(topic) is not None


def camera_topic(topic: str) -> str | None:
    """Return the topic of the camera of depth; None if it is no topic of the SDK's."""
    stream = _STREAM.fullmatch(topic)
    return stream and f"{stream[1]}{stream[2]}/info/camera_info"


def unit_encoding(topic: str, said: dict[str, str]) -> Encoding | None:
    """Return what the numbers of a topic of depth mean, if its sensor says so.

    Args:
        topic: The topic.
        said: What topics of units say, in metres.

    Raises:
        ValueError: If it says no length.
    """
    stream = _STREAM.fullmatch(topic)
    units = {_sensor(name): text for name, text in said.items()}
    if stream is None or stream[1] not in units:
        return None
    return encoding_in(float(units[stream[1]]))


def encoding_in(unit: float) -> Encoding:
    """Return what 16-bit numbers mean whose unit is so many metres.

    Raises:
        ValueError: If that is no length.
    """
    # A float32 of 0.001 is a little more.
    unit = float(f"{unit:.6g}")
    if not 0 < unit < math.inf:
        raise ValueError(f"its unit of depth is {unit:g} m")
    return Encoding(
        meaning=f"16-bit, {1 / unit:.10g} per metre, 0 = no depth (RealSense)",
        per_unit=1 / unit,
        unit="m",
        largest=65535,
    )


def _sensor(topic: str) -> str:
    """Return whose option a topic of `is_depth_unit` is."""
    return topic.partition("/option/")[0]
