"""Depth sensors and cameras.

Sources: librealsense's ``ros_file_format.h`` and its default depth unit; Azure Kinect's and
Orbbec's sample recorders; ZED SDK's ``retrieve_measure`` (millimetres by default); Stray Scanner's
and ARKitScenes' descriptions; Apple's ``ARDepthData``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.source_files import readers, recordings, writers
from tools.source_files.source import METRES, Content, Source, floats, metres, seen, whole

__all__ = ["CAMERAS"]

STREAM = "/device_0/sensor_0/Depth_0"


def _realsense(path: Path, numbers: NDArray[Any]) -> None:
    height, width = numbers.shape
    matrix = [60.0, 0, 31.5, 0, 60, 23.5, 0, 0, 1]
    topics: recordings.Topics = {
        f"{STREAM}/image/data": [recordings.image(numbers, "mono16")],
        f"{STREAM}/info/camera_info": [recordings.camera(width, height, matrix, first=True)],
        "/device_0/sensor_0/option/Depth_Units/value": [("Float32", {"data": 0.001})],
    }
    recordings.record(path.parent, "bag1", topics).rename(path)


def _zed() -> Content:
    """Return millimetres: NaN in shadows, infinity far away, minus infinity close by."""
    numbers = np.where(seen(), metres() * 1000, np.nan).astype(np.float32)
    numbers[:3], numbers[3] = np.inf, -np.inf
    return Content(numbers=numbers, values=numbers.astype(float) / 1000, valid=seen())


def _float_tiff(path: Path, numbers: NDArray[Any]) -> None:
    import tifffile

    tifffile.imwrite(path, numbers)


CAMERAS = (
    Source(
        name="RealSense, PNG",
        file="frame_Depth_0001.png",
        content=whole(1000),
        write=writers.opencv,
        library="imagecodecs",
        read=readers.png,
        encoding="mm",
    ),
    Source(
        name="RealSense L515, PNG",
        file="l515_Depth.png",
        content=whole(4000),
        write=writers.opencv,
        library="imagecodecs",
        read=readers.png,
        encoding="4000 per metre",
        options=("--units-per-metre", "4000"),
    ),
    Source(
        name="RealSense, recorded",
        file="realsense.bag",
        content=whole(1000),
        write=_realsense,
        library="by hand",
        read=readers.ros1,
        encoding="1000 per metre, 0 = no depth (RealSense)",
        said=True,
    ),
    Source(
        name="Azure Kinect, Orbbec, OAK",
        file="depth00001.png",
        content=whole(1000),
        write=writers.opencv,
        library="imagecodecs",
        read=readers.png,
        encoding="mm",
    ),
    Source(
        name="ZED, `retrieve_measure`",
        file="zed.npy",
        content=_zed(),
        write=writers.npy,
        library="by hand",
        read=readers.npy,
        encoding="1000 per metre",
        options=("--units-per-metre", "1000"),
    ),
    Source(
        name="Stray Scanner, ARKitScenes",
        file="depth/000000.png",
        content=whole(1000),
        write=writers.opencv,
        library="imagecodecs",
        read=readers.png,
        encoding="mm",
    ),
    Source(
        name="ARKit, TIFF of floats",
        file="lidar.tiff",
        content=floats(0),
        write=_float_tiff,
        library="OpenCV",
        read=readers.opencv,
        encoding="metres",
        options=METRES,
    ),
)
