#!/usr/bin/env bash
# pyrealsense2 2.59.1.11053, a software device added to a context, seen 2026-11-29 on Linux.
#
# One would expect: what `software_device.add_to` documents: "Any future queries on the context will return this
# device". So that a pipeline of this context runs without a camera, as a test of a program needs it.
#
# What happens: the context lists no device, of any product line, and a pipeline finds none. It keeps only weak
# references to what is added, and nothing else holds the one to a software device.
#
# Whoever tests without a camera opens the device's sensor: `device.first_depth_sensor().open(profile)`, then
# `start(frame_queue)`, which cameras have, too.
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

device = pyrealsense2.software_device()
sensor = device.add_sensor("Stereo Module")
stream, camera = pyrealsense2.video_stream(), pyrealsense2.intrinsics()
stream.type, stream.fmt = pyrealsense2.stream.depth, pyrealsense2.format.z16
stream.width, stream.height, stream.fps, stream.bpp = 8, 6, 30, 2
camera.width, camera.height, camera.fx, camera.fy = 8, 6, 10, 10
camera.ppx, camera.ppy, camera.model = 4, 3, pyrealsense2.distortion.none
stream.intrinsics = camera
profile = sensor.add_video_stream(stream, True).as_video_stream_profile()
sensor.add_read_only_option(pyrealsense2.option.depth_units, 0.001)
device.register_info(pyrealsense2.camera_info.serial_number, "1")

context = pyrealsense2.context()
before = len(context.query_devices())
device.add_to(context)
added = len(context.query_devices()) - before
lines = {
    name: len(context.query_devices(int(line)))
    for name, line in pyrealsense2.product_line.__members__.items()
}
config = pyrealsense2.config()
config.enable_device("1")
found = config.can_resolve(pyrealsense2.pipeline_wrapper(pyrealsense2.pipeline(context)))
print(f"devices more than before: {added}; by product line: {lines}; a pipeline finds it: {found}")

queue = pyrealsense2.frame_queue(1)
opened = device.first_depth_sensor()
opened.open(profile)
opened.start(queue)
frame = pyrealsense2.software_video_frame()
frame.stride, frame.bpp, frame.pixels = 16, 2, np.full((6, 8), 1234, np.uint16)
frame.timestamp, frame.frame_number, frame.profile = 0.0, 1, profile
frame.domain, frame.depth_units = pyrealsense2.timestamp_domain.system_time, 0.001
sensor.on_video_frame(frame)
number = int(np.asanyarray(queue.wait_for_frame().get_data())[0, 0])
opened.stop()
opened.close()
print("through its sensor comes:", number)
sys.exit(added != 0 or found or number != 1234)
PY
"$folder/venv/bin/python" "$folder/look.py"
