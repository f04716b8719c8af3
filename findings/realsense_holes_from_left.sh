#!/usr/bin/env bash
# pyrealsense2 2.59.1.11053, the hole filling filter with its default option, "farthest from around", seen 2026-11-29 on
# Linux.
#
# One would expect, as the SDK's documentation says: a hole gets the farthest of its four neighbours above, below, on
# the left and on the right. So a hole between an object and the wall behind it gets the wall's depth on whichever
# side of the object it is, and it doesn't matter whether the filter runs before or after disparity becomes depth again.
#
# What happens: no neighbour on the right is looked at. A hole of any width is filled from its left, pixel by pixel:
# with the wall where the object is on the right, and with the object, 1 m too near, where the object is on the left.
# On disparity the largest number wins, which is the nearest depth. The first column, and the first and last row, keep
# their holes.
#
# Whoever fills the shadows of a camera that has them on the right mirrors the map first, and fills depth, not disparity.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pyrealsense2==2.59.1.11053 libusb-package==1.0.30.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import ctypes
import sys

import libusb_package
import numpy as np

ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
import pyrealsense2  # noqa: E402

HEIGHT, WIDTH = 48, 64
MILLIMETRE = 0.001
sensors: list[pyrealsense2.software_sensor] = []
BASELINE, NEAR, FAR = 50, 1000, 2000


def frames(maps: list[np.ndarray]) -> list[pyrealsense2.frame]:
    """Return maps as a camera's frames, which the SDK's own software device gives."""
    sensor = pyrealsense2.software_device().add_sensor("Stereo Module")
    stream = pyrealsense2.video_stream()
    stream.type, stream.fmt = pyrealsense2.stream.depth, pyrealsense2.format.z16
    stream.width, stream.height, stream.fps, stream.bpp = WIDTH, HEIGHT, 30, 2
    camera = pyrealsense2.intrinsics()
    camera.width, camera.height, camera.fx, camera.fy = WIDTH, HEIGHT, 50, 50
    camera.ppx, camera.ppy, camera.model = WIDTH / 2, HEIGHT / 2, pyrealsense2.distortion.none
    stream.intrinsics = camera
    profile = sensor.add_video_stream(stream).as_video_stream_profile()
    sensor.add_read_only_option(pyrealsense2.option.depth_units, MILLIMETRE)
    sensor.add_read_only_option(pyrealsense2.option.stereo_baseline, BASELINE)
    queue = pyrealsense2.frame_queue(1)
    sensor.open(profile)
    sensor.start(queue)
    found = []
    for number, depth in enumerate(maps):
        frame = pyrealsense2.software_video_frame()
        frame.stride, frame.bpp, frame.pixels = WIDTH * 2, 2, depth.astype(np.uint16)
        frame.timestamp, frame.frame_number = number * 33.0, number
        frame.domain = pyrealsense2.timestamp_domain.system_time
        frame.profile, frame.depth_units = profile, MILLIMETRE
        sensor.on_video_frame(frame)
        found.append(queue.wait_for_frame())
    sensors.append(sensor)  # frames whose sensor is gone have no baseline
    return found


def filled(depth: np.ndarray, *, disparity: bool = False) -> np.ndarray:
    """Return a map after the filter, which runs on disparity, or on depth."""
    steps = [pyrealsense2.hole_filling_filter()]
    if disparity:
        steps.insert(0, pyrealsense2.disparity_transform(True))
        steps.append(pyrealsense2.disparity_transform(False))
    (frame,) = frames([depth])
    for step in steps:
        frame = step.process(frame)
    return np.array(frame.get_data()).astype(int)


def row(first: int, second: int) -> np.ndarray:
    """Return a map of two surfaces side by side, with a hole between them."""
    depth = np.full((HEIGHT, WIDTH), first)
    depth[:, 36:] = second
    depth[10:40, 28:36] = 0
    return depth


def seen(depth: np.ndarray) -> list[int]:
    """Return which depths stand in the middle of the hole's rows."""
    return sorted({int(value) for value in depth[20:30, 28:36].ravel()})


left, right = seen(filled(row(NEAR, FAR))), seen(filled(row(FAR, NEAR)))
print("object on the left, wall on the right:", left)
print("wall on the left, object on the right:", right)
above = np.full((HEIGHT, WIDTH), NEAR)
above[24:] = FAR
above[24, 30] = 0
depth, disparity = (int(filled(above, disparity=on)[24, 30]) for on in (False, True))
print("one pixel between object above and wall below: depth", depth, "disparity", disparity)
border = np.full((HEIGHT, WIDTH), FAR)
border[[0, -1], 5] = border[20, 0] = 0
after = filled(border)
left_open = [int(after[0, 5]), int(after[-1, 5]), int(after[20, 0])]
print("holes in the first row, the last row and the first column:", left_open)
sys.exit((left, right, depth, disparity, left_open) != ([NEAR], [FAR], FAR, NEAR, [0, 0, 0]))
PY
"$folder/venv/bin/python" "$folder/look.py"
