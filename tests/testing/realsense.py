"""A RealSense camera that needs no hardware: the SDK's own software device."""

from __future__ import annotations

import threading
import time

import numpy as np
import pyrealsense2 as rs

HEIGHT, WIDTH, UNIT = 12, 16, 0.00025


class Camera:
    """A software device, whose frame k has the numbers 4000 + k, and a hole."""

    def __init__(self) -> None:
        self.device = rs.software_device()
        self._sensor = self.device.add_sensor("Stereo Module")
        self._profile = self._add(1, WIDTH, HEIGHT, default=True)
        self._add(2, 2 * WIDTH, HEIGHT, default=False)
        self._sensor.add_read_only_option(rs.option.depth_units, UNIT)
        self.plugged = threading.Event()
        self.plugged.set()
        self._going = True
        self._thread = threading.Thread(target=self._feed)
        self._thread.start()

    def _add(self, number: int, width: int, height: int, *, default: bool):
        stream, lens = rs.video_stream(), rs.intrinsics()
        stream.type, stream.fmt, stream.uid = rs.stream.depth, rs.format.z16, number
        stream.width, stream.height, stream.fps, stream.bpp = width, height, 30, 2
        lens.width, lens.height, lens.fx, lens.fy = width, height, 50, 51
        lens.ppx, lens.ppy, lens.model = 7.5, 5.25, rs.distortion.none
        stream.intrinsics = lens
        return self._sensor.add_video_stream(stream, default).as_video_stream_profile()

    def _feed(self) -> None:
        number = 0
        while self._going:
            self.plugged.wait(0.1)
            if self.plugged.is_set():
                self._give(number)
                number += 1
            time.sleep(0.005)

    def _give(self, number: int) -> None:
        frame = rs.software_video_frame()
        frame.stride, frame.bpp = 2 * WIDTH, 2
        numbers = np.full((HEIGHT, WIDTH), 4000 + number, np.uint16)
        numbers[0, 0] = 0
        frame.pixels = numbers
        frame.timestamp, frame.frame_number = 1000.5 + 33.25 * number, number
        frame.domain, frame.profile = rs.timestamp_domain.system_time, self._profile
        frame.depth_units = UNIT
        self._sensor.on_video_frame(frame)

    def close(self) -> None:
        self._going = False
        self._thread.join()
