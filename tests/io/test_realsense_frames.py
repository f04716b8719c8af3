"""Frames of RealSense cameras by an SDK that is made up, so that none has to be installed."""

from __future__ import annotations

import re
import sys
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

from dsdmsr.errors import DependencyError, FileError
from dsdmsr.io import ReadOptions
from dsdmsr.io.realsense_camera import camera_frames, find_camera

NUMBERS = np.uint16([[1000, 0, 3000], [4000, 5000, 65535]])
LENS = SimpleNamespace(fx=50.0, fy=51.0, ppx=7.5, ppy=5.25)


def profile(width, height, *, stream="depth", form="z16", default=False):
    video = SimpleNamespace(width=lambda: width, height=lambda: height, intrinsics=LENS)
    return SimpleNamespace(
        stream_type=lambda: stream,
        format=lambda: form,
        is_default=lambda: default,
        as_video_stream_profile=lambda: video,
        size=(width, height),
    )


def frame(number):
    depth = SimpleNamespace(
        profile=profile(3, 2),
        get_frame_number=lambda: number,
        get_timestamp=lambda: 1000.25 + number,
        get_data=lambda: NUMBERS,
        get_units=lambda: float(np.float32(0.001)),
    )
    return SimpleNamespace(as_depth_frame=lambda: depth)


class Sensor:
    """A sensor that says what was asked of it."""

    def __init__(self, *profiles, fails=False):
        self.profiles, self.fails, self.asked = profiles, fails, []

    def get_stream_profiles(self):
        return self.profiles

    def open(self, chosen):
        if self.fails:
            raise RuntimeError("it is in use")
        self.asked.append(chosen.size)

    def start(self, queue):
        self.asked.append("start")

    def stop(self):
        self.asked.append("stop")

    def close(self):
        self.asked.append("close")


@pytest.fixture
def sdk(monkeypatch):
    """The SDK: every second time that is looked, there is a frame."""
    made = SimpleNamespace(
        stream=SimpleNamespace(depth="depth"),
        format=SimpleNamespace(z16="z16"),
        devices=[],
        looks=[],
        held=[],
        gives=True,
    )

    def look(milliseconds):
        made.looks.append(milliseconds)
        there = made.gives and len(made.looks) % 2 == 0
        return there, frame(len(made.looks)) if there else None

    def queue(size):
        made.held.append(size)
        return SimpleNamespace(try_wait_for_frame=look)

    made.frame_queue = queue
    made.context = lambda: SimpleNamespace(query_devices=lambda: made.devices)
    monkeypatch.setitem(sys.modules, "pyrealsense2", made)
    return made


def camera(*profiles, **more):
    sensor = Sensor(*(profiles or (profile(3, 2, default=True),)), **more)
    return SimpleNamespace(first_depth_sensor=lambda: sensor, sensor=sensor)


def test_a_frame_is_a_map_in_metres_with_its_number_time_and_camera(sdk):
    given = camera()
    frames = camera_frames(given)
    (stamp, depth), (later, _) = next(frames), next(frames)
    frames.close()
    assert (stamp.number, stamp.time) == (2, 1_002_250_000)
    assert (later.number, later.time) == (4, 1_004_250_000)
    assert (depth.kind, depth.unit, depth.encoding.per_unit) == ("depth", "m", 1000)
    np.testing.assert_array_equal(depth.valid, NUMBERS > 0)
    np.testing.assert_array_equal(depth.values, (NUMBERS / 1000).astype(np.float32))
    lens = depth.intrinsics
    assert (lens.fx, lens.fy, lens.cx, lens.cy) == (50, 51, 7.5, 5.25)
    assert given.sensor.asked == [(3, 2), "start", "stop", "close"]
    assert (sdk.looks, sdk.held) == ([100] * 4, [2])


def test_options_of_reading_go_before_what_the_camera_says(sdk):
    frames = camera_frames(camera(), reading=ReadOptions(units_per_metre=500, invalid_above=9))
    depth = next(frames)[1]
    frames.close()
    np.testing.assert_array_equal(depth.valid, (NUMBERS > 0) & (NUMBERS <= 4500))
    assert depth.values[0, 0] == 2


@pytest.mark.parametrize(
    ("profiles", "size", "opened"),
    [
        ([(9, 8, {}), (3, 2, {"default": True})], None, (3, 2)),
        ([(9, 8, {}), (3, 2, {})], None, (9, 8)),
        ([(9, 8, {}), (3, 2, {"default": True})], "9x8", (9, 8)),
        ([(9, 8, {"stream": "color"}), (5, 4, {"form": "y8"}), (3, 2, {})], None, (3, 2)),
    ],
)
def test_the_stream_is_of_the_size_that_is_wanted(sdk, profiles, size, opened):
    given = camera(*(profile(width, height, **more) for width, height, more in profiles))
    frames = camera_frames(given, size=size)
    next(frames)
    frames.close()
    assert given.sensor.asked[0] == opened


@pytest.mark.parametrize(
    ("profiles", "says"),
    [
        ([(9, 8, {"stream": "color"})], "the RealSense camera gives no 16-bit depth"),
        (
            [(9, 8, {}), (3, 2, {"default": True})],
            "the RealSense camera has no depth of 1x1 pixels: it has 9x8, 3x2",
        ),
    ],
)
def test_a_camera_without_the_depth_that_is_wanted_is_refused(sdk, profiles, says):
    given = camera(*(profile(width, height, **more) for width, height, more in profiles))
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        next(camera_frames(given, size="1x1"))
    assert given.sensor.asked == []


def test_a_camera_that_fails_is_refused_and_closed(sdk):
    says = "the RealSense camera cannot be opened: it is in use"
    with pytest.raises(FileError, match=f"^{says}$"):
        next(camera_frames(camera(fails=True)))
    sdk.gives, given = False, camera()
    with pytest.raises(FileError, match=r"^the RealSense camera has given no frame for 0 s$"):
        next(camera_frames(given, timeout=0))
    assert given.sensor.asked[1:] == ["start", "stop", "close"]


def test_frames_end_when_it_is_said(sdk):
    ended = Event()
    ended.set()
    given = camera()
    assert list(camera_frames(given, ended=ended)) == []
    assert given.sensor.asked == [(3, 2), "start", "stop", "close"]


def test_the_first_camera_is_found(sdk, monkeypatch):
    says = "no RealSense camera is connected: connect one, and close other programs"
    with pytest.raises(FileError, match=f"^{says}$"):
        find_camera()
    sdk.devices = ["first", "second"]
    assert find_camera() == "first"
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(DependencyError, match="a RealSense camera"):
        find_camera()
