#!/usr/bin/env bash
# pyrealsense2 2.59.1.11053, the temporal filter with its default options, seen 2026-11-29 on Linux.
#
# One would expect: a moving average comes, after some frames, to what the camera sees, from both sides, and keeps the
# mean of noise.
#
# What happens: the average is kept in whole numbers, and decimals are cut: from 1000 mm to a wall that is now at
# 1003, it comes to 1001 and stays there for ever; from 1006, it comes to 1003. A wall with noise of some
# millimetres stands 1 mm closer to the camera than it is, in the mean of all pixels.
#
# Whoever measures with the filter averages frames in floats.
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


def averaged(maps: list[np.ndarray]) -> list[float]:
    """Return the mean of the filter's output, frame by frame."""
    temporal = pyrealsense2.temporal_filter()
    return [float(numbers(temporal.process(frame)).mean()) for frame in frames(maps)]


def wall(distance: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), distance)


closer = averaged([wall(1000)] * 3 + [wall(1003)] * 40)
farther = averaged([wall(1006)] * 3 + [wall(1003)] * 40)
chance = np.random.default_rng(0)
noisy = [wall(1000) + chance.integers(-4, 5, (HEIGHT, WIDTH)) for _ in range(60)]
mean = float(np.mean(averaged(noisy)[20:]))
print("from 1000 to 1003:", closer[:8], "and after 40 frames", closer[-1])
print("from 1006 to 1003:", farther[:8], "and after 40 frames", farther[-1])
print(f"mean of 1000 with noise: {np.mean(noisy):.2f} before, {mean:.2f} after")
sys.exit(closer[-1] != 1001 or farther[-1] != 1003 or not 998.5 < mean < 999.5)
PY
"$folder/venv/bin/python" "$folder/look.py"
