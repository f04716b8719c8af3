from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.common.realsense import CHAINS, camera_frames, chain, load_sdk

FOCAL, BASELINE = 576.0, 0.05


def filtered(maps: list[np.ndarray], name: str, *, stereo: bool) -> list[np.ndarray]:
    pytest.importorskip("pyrealsense2", exc_type=ImportError)
    maps = [depth.astype(np.uint16) for depth in maps]
    with camera_frames(maps, FOCAL, BASELINE if stereo else None) as frames:
        run = chain(CHAINS[name], stereo=stereo)
        return [run(frame).astype(int) for frame in frames]


def step_of(height: int) -> np.ndarray:
    depth = np.full((48, 64), 2000)
    depth[:, 32:] += height
    return depth


@pytest.mark.parametrize(
    ("stereo", "height", "smoothed"),
    # On depth, edges are steps above 20 mm. On disparity they are above 20/32 pixels, which is
    # d²·z/(f·b) = 87 mm at 2 m; with a baseline in other units this would be metres or nothing.
    [(False, 15, True), (False, 30, False), (True, 70, True), (True, 110, False)],
)
def test_the_spatial_filter_keeps_edges_of_its_domain(stereo, height, smoothed):
    (after,) = filtered([step_of(height)], "RealSense spatial", stereo=stereo)
    beside = int(after[24, 31])
    assert (beside > 2002) == smoothed
    assert after.dtype.kind == "i"
    assert after[24, 2] == pytest.approx(2000, abs=3)  # whole numbers are rounded upwards


def test_the_temporal_filter_averages_and_fills_what_was_there():
    first, second = np.full((48, 64), 2000), np.full((48, 64), 2010)
    third = second.copy()
    third[10, 10] = 0
    for stereo in (False, True):
        after = filtered([first, second, third], "RealSense temporal", stereo=stereo)
        assert after[1][20, 20] == pytest.approx(2004, abs=1)
        assert after[2][10, 10] == after[1][10, 10]


def test_holes_are_filled_last_and_with_the_farthest_depth():
    depth = step_of(-500)
    depth[20:30, 28:32] = 0
    for stereo in (False, True):
        (after,) = filtered([depth], "RealSense, all three", stereo=stereo)
        np.testing.assert_allclose(after[20:30, 28:32], 2000, atol=1)
        (open_,) = filtered([depth], "RealSense spatial", stereo=stereo)
        assert not open_[20:30, 28:32].any()


def test_frames_keep_their_order_and_memory():
    frames = [np.full((48, 64), 1000 + k) for k in range(5)]
    after = filtered(frames, "RealSense hole filling", stereo=False)
    assert [int(depth[0, 0]) for depth in after] == [1000, 1001, 1002, 1003, 1004]


def test_a_missing_sdk_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(SystemExit, match="pip install pyrealsense2, and libusb") as stopped:
        load_sdk()
    assert "\n" not in str(stopped.value)
