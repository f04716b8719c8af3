from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from testing.png_by_hand import png_by_hand

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import EncodingError


@pytest.mark.parametrize(
    ("encoding", "per_metre"), [("mm", 1000), ("tum", 5000), ("kitti", 256), (None, 1000)]
)
def test_16_bit_png_is_read_to_metres_exactly(tmp_path, encoding, per_metre):
    numbers = np.array([[0, 1, 256], [5000, 65534, 65535]], dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(png_by_hand(numbers))
    depth = read_depth(tmp_path / "a.png", encoding)
    assert (depth.kind, depth.unit, depth.encoding) == ("depth", "m", encoding or "mm")
    np.testing.assert_array_equal(depth.valid, numbers > 0)
    np.testing.assert_array_equal(depth.values, (numbers / per_metre).astype(np.float32))


@pytest.mark.parametrize(("dtype", "name"), [(np.uint8, "levels"), (np.uint16, "levels16")])
def test_levels_are_disparity_of_either_depth(tmp_path, dtype, name):
    numbers = np.array([[0, 1], [200, 255]], dtype=dtype)
    (tmp_path / "a.png").write_bytes(png_by_hand(numbers))
    depth = read_depth(tmp_path / "a.png", "levels")
    assert (depth.kind, depth.unit, depth.encoding) == ("disparity", "level", name)
    np.testing.assert_array_equal(depth.values, numbers)
    np.testing.assert_array_equal(depth.valid, numbers > 0)


def test_16_bit_levels_in_any_byte_order(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[300, 2]], dtype=">u2"))
    depth = read_depth(tmp_path / "a.npy", "levels")
    assert depth.encoding == "levels16"
    np.testing.assert_array_equal(depth.values, [[300, 2]])


@pytest.mark.parametrize(
    ("values", "encoding", "count"),
    [([[65.5351, 65.536, 70.0]], "mm", 2), ([[0.0004, 1, 2]], "mm", 1), ([[13.2]], "tum", 1)],
)
def test_values_that_do_not_fit_are_counted_and_never_clipped(tmp_path, values, encoding, count):
    with pytest.raises(EncodingError, match=f"{count} of .* do not fit"):
        write_depth(tmp_path / "a.png", DepthMap(values, unit="m"), encoding)
    assert not list(tmp_path.iterdir())


def test_writing_refuses_another_kind_or_unit_or_a_float_png(tmp_path):
    disparity = DepthMap([[3.0]], kind="disparity", unit="px")
    for depth, encoding in [(disparity, "mm"), (disparity, "levels"), (DepthMap([[3.0]]), None)]:
        with pytest.raises(EncodingError, match="choose"):
            write_depth(tmp_path / "a.png", depth, encoding)
    assert not list(tmp_path.iterdir())


def png(path, numbers: np.ndarray) -> None:
    Image.fromarray(numbers).save(path)


def test_virtual_kitti_2_has_a_sky_that_is_no_depth(tmp_path):
    numbers = np.array([[1, 250, 65534], [65535, 0, 10_000]], np.uint16)
    png(tmp_path / "depth.png", numbers)
    depth = read_depth(tmp_path / "depth.png", "vkitti2")
    np.testing.assert_array_equal(depth.valid, [[True, True, True], [False, False, True]])
    np.testing.assert_array_equal(depth.values[0], np.float32([0.01, 2.5, 655.34]))
    write_depth(tmp_path / "back.png", depth)
    with Image.open(tmp_path / "back.png") as image:
        np.testing.assert_array_equal(np.asarray(image), [[1, 250, 65534], [65535, 65535, 10_000]])


def test_sun_rgbd_has_its_bits_rotated(tmp_path):
    # The toolbox reads bitor(bitshift(d, -3), bitshift(d, 16 - 3)), in millimetres.
    millimetres = [0, 1, 1500, 9000, 40_000, 65_535]
    rotated = [int(f"{n:016b}"[3:] + f"{n:016b}"[:3], 2) for n in millimetres]
    png(tmp_path / "depth.png", np.array([rotated], np.uint16))
    depth = read_depth(tmp_path / "depth.png", "sunrgbd")
    np.testing.assert_allclose(depth.values[0], np.array(millimetres) / 1000, rtol=1e-6)
    np.testing.assert_array_equal(depth.valid[0], [n > 0 for n in millimetres])
    write_depth(tmp_path / "back.png", depth)
    with Image.open(tmp_path / "back.png") as image:
        np.testing.assert_array_equal(np.asarray(image), [rotated])


def test_kitti_disparity_and_relative_inverse_depth(tmp_path):
    png(tmp_path / "disparity.png", np.array([[0, 1, 25_600]], np.uint16))
    depth = read_depth(tmp_path / "disparity.png", "disparity16")
    assert (depth.kind, depth.unit) == ("disparity", "px")
    np.testing.assert_array_equal(depth.values, [[0, 1 / 256, 100]])
    np.testing.assert_array_equal(depth.valid, [[False, True, True]])
    # A network's answer may be 0, far away, and below.
    np.save(tmp_path / "midas.npy", np.array([[0.0, 812.5, np.nan, -3]], np.float32))
    depth = read_depth(tmp_path / "midas.npy", "inverse")
    assert (depth.kind, depth.unit) == ("inverse_depth", None)
    np.testing.assert_array_equal(depth.values, [[0, 812.5, 0, -3]])
    np.testing.assert_array_equal(depth.valid, [[True, True, False, True]])


def test_what_a_robot_records_as_npy(tmp_path):
    np.save(tmp_path / "32FC1.npy", np.array([[1.25, np.nan, 0]], np.float32))
    depth = read_depth(tmp_path / "32FC1.npy", "metres")
    np.testing.assert_array_equal(depth.valid, [[True, False, False]])
    np.save(tmp_path / "16UC1.npy", np.array([[1250, 0]], np.uint16))
    depth = read_depth(tmp_path / "16UC1.npy")
    assert depth.encoding == "mm"
    np.testing.assert_array_equal(depth.values, np.float32([[1.25, 0]]))
