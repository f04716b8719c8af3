#!/usr/bin/env bash
# pyrealsense2 2.59.1.11053, the spatial filter with its default options, seen 2026-11-29 on Linux.
#
# One would expect: the filter smooths between edges and is right on average: a flat wall with noise keeps its
# mean, and a slope of 4 millimetres a pixel stays where it is, whichever way it falls.
#
# What happens: halves are rounded upwards at each of its passes: a wall at 1000 mm with noise of some millimetres
# moves 3 mm away from the camera. Slopes move 2 mm away if they rise to the right, or lie along the columns either
# way, and not at all if they fall to the right. A wall without noise stays.
#
# Whoever measures with the filter calibrates with it, or smooths in floats.
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
    sensor.stop()
    sensor.close()
    return found


def numbers(frame: pyrealsense2.frame) -> np.ndarray:
    return np.asanyarray(frame.get_data()).astype(int)


def moved(depth: np.ndarray) -> float:
    """Return by how many millimetres the filter moves the middle of a map."""
    after = numbers(pyrealsense2.spatial_filter().process(frames([depth])[0]))
    return round(float((after - depth)[16:32, 24:40].mean()), 1)


rows, columns = np.mgrid[:HEIGHT, :WIDTH]
noise = np.random.default_rng(0).integers(-4, 5, (HEIGHT, WIDTH))
seen = {
    "flat": moved(np.full((HEIGHT, WIDTH), 1000)),
    "flat with noise": moved(1000 + noise),
    "rising to the right": moved(1000 + 4 * columns),
    "falling to the right": moved(1500 - 4 * columns),
    "rising downwards": moved(1000 + 4 * rows),
    "falling downwards": moved(1500 - 4 * rows),
}
for name, distance in seen.items():
    print(f"{name}: moved by {distance} mm")
flat, noisy, *slopes = seen.values()
sys.exit(flat != 0 or not 2 < noisy < 5 or slopes != [2.0, 0.0, 2.0, 2.0])
PY
"$folder/venv/bin/python" "$folder/look.py"
