"""RealSense cameras, by the SDK's own software device: no camera has been connected to these."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from dsdmsr import Upscaler
from dsdmsr.errors import FileError, FrameError
from dsdmsr.io import ReadOptions
from dsdmsr.io.realsense_camera import camera_frames, find_camera

rs = pytest.importorskip("pyrealsense2", exc_type=ImportError)
from testing.realsense import HEIGHT, UNIT, WIDTH, Camera  # noqa: E402


@pytest.fixture
def camera() -> Iterator[Camera]:
    camera = Camera()
    yield camera
    camera.close()


def test_frames_have_their_unit_camera_number_and_time(camera):
    frames = camera_frames(camera.device)
    found = [next(frames) for _ in range(5)]
    frames.close()
    numbers = [stamp.number for stamp, _ in found]
    assert numbers == sorted(set(numbers))
    for stamp, depth in found:
        assert stamp.time == round(1e6 * (1000.5 + 33.25 * stamp.number))
        assert (depth.unit, depth.kind, depth.shape) == ("m", "depth", (HEIGHT, WIDTH))
        assert depth.encoding.per_unit == 4000
        assert not depth.valid[0, 0]
        assert depth.valid.sum() == HEIGHT * WIDTH - 1
        np.testing.assert_allclose(depth.values[depth.valid], UNIT * (4000 + stamp.number))
        assert (depth.intrinsics.fx, depth.intrinsics.fy) == (50, 51)
        assert (depth.intrinsics.cx, depth.intrinsics.cy) == (7.5, 5.25)


def test_a_camera_is_upscaled_as_it_goes(camera):
    upscaler = Upscaler.from_pretrained("dsdmsr-fast", scale=4, device="cpu")
    with upscaler.stream(camera_frames(camera.device), newest=True) as stream:
        results = [next(stream) for _ in range(4)]
    for result in results:
        assert result.depth.shape == (4 * HEIGHT, 4 * WIDTH)
        lens = result.depth.intrinsics
        assert (lens.fx, lens.fy, lens.cx, lens.cy) == (200, 204, 4 * 8 - 0.5, 4 * 5.75 - 0.5)
        assert result.depth.values.max() == pytest.approx(UNIT * (4000 + result.stamp.number))
    numbers = [result.stamp.number for result in results]
    assert numbers == sorted(set(numbers))


def test_options_of_reading_hold_for_a_camera(camera):
    reading = ReadOptions(units_per_metre=1000, invalid_above=3)
    frames = camera_frames(camera.device, reading=reading)
    stamp, depth = next(frames)
    frames.close()
    assert stamp.number >= 0
    assert not depth.valid.any()


def test_a_camera_that_stops_is_an_error_of_the_source(camera):
    upscaler = Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu")
    stream = upscaler.stream(camera_frames(camera.device, timeout=0.3))
    next(stream)
    camera.plugged.clear()
    with pytest.raises(FrameError, match=r"the RealSense camera has given no frame for 0\.3 s"):
        list(stream)


def test_the_end_can_be_set_and_the_camera_opened_again(camera):
    for _ in range(2):
        ended = threading.Event()
        frames = camera_frames(camera.device, ended=ended)
        next(frames)
        ended.set()
        assert list(frames) == []


def test_a_size_that_the_camera_lacks_is_one_line(camera):
    with pytest.raises(FileError, match="has no depth of 9x9 pixels: it has 16x12, 32x12"):
        next(camera_frames(camera.device, size="9x9"))


def test_no_camera_is_one_line():
    if len(rs.context().query_devices()):
        pytest.skip("a camera is connected")
    with pytest.raises(FileError, match="no RealSense camera is connected"):
        find_camera()
