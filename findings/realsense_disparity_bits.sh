#!/usr/bin/env bash
# pyrealsense2 2.59.1.11053, disparity frames in Python, seen 2026-11-29 on Linux.
#
# One would expect: the format is called disparity32, the SDK's filters compute it in floats, and NumPy gets floats: a wall
# at 2 m before a camera of 50 pixels' focal length and a baseline of 50 mm has a disparity of 1.25 pixels.
#
# What happens: the buffer says that it holds unsigned whole numbers of 32 bits, and NumPy shows the floats' bits,
# numbers above a billion. Seen as floats they are 32nds of a pixel, 40, of which no name says anything. Without the
# option stereo_baseline, and when no variable holds the frame's sensor any more, the transform gives the depth frame back,
# without a word.
#
# Whoever reads them says .view(numpy.float32) / 32, and looks at the profile's format first.
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


def frames(maps: list[np.ndarray], baseline: float | None) -> list[pyrealsense2.frame]:
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
    if baseline is not None:
        sensor.add_read_only_option(pyrealsense2.option.stereo_baseline, baseline)
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
    sensors.append(sensor)
    return found


def transformed(baseline: float | None, *, keep: bool = True) -> tuple[str, np.ndarray]:
    """Return the format, and the numbers, of what a wall at 2 m becomes."""
    (frame,) = frames([np.full((HEIGHT, WIDTH), 2000)], baseline)
    if not keep:
        sensors.clear()
    frame = pyrealsense2.disparity_transform(True).process(frame)
    return str(frame.profile.format()), np.array(frame.get_data())


name, numbers = transformed(50)
floats = numbers.view(np.float32)
print(name, numbers.dtype, numbers[0, 0], "as floats", floats[0, 0])
bits = name == "format.disparity32" and numbers.dtype == np.uint32 and floats[0, 0] == 40
silent = True
for why, found in (
    ("without a baseline", transformed(None)),
    ("when the sensor is gone", transformed(50, keep=False)),
):
    print(f"{why}:", found[0], found[1].dtype, found[1][0, 0])
    silent &= found[0] == "format.z16" and int(found[1][0, 0]) == 2000
sys.exit(not (bits and silent))
PY
"$folder/venv/bin/python" "$folder/look.py"
