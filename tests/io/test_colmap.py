"""COLMAP's dense maps, against pycolmap where it is installed, and bytes made by hand."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import FileError
from dsdmsr.io.colmap import read_colmap

# "width&height&channels&", then floats, x running fastest: COLMAP's documentation, "Output Format".
BY_HAND = b"3&2&1&" + struct.pack("<6f", 1.5, 0, 2.5, 4, 0.25, 16)


def test_bytes_made_by_hand_are_rows_and_0_is_a_hole(tmp_path):
    path = tmp_path / "a.jpg.geometric.bin"
    path.write_bytes(BY_HAND)
    depth = read_depth(path)
    np.testing.assert_array_equal(depth.values, [[1.5, 0, 2.5], [4, 0.25, 16]])
    np.testing.assert_array_equal(depth.valid, [[True, False, True], [True, True, True]])
    assert (depth.kind, depth.unit, depth.encoding) == ("depth", None, "float")
    write_depth(tmp_path / "b.bin", depth)
    assert (tmp_path / "b.bin").read_bytes() == BY_HAND


def test_pycolmap_reads_and_writes_the_same(tmp_path, rng):
    pycolmap = pytest.importorskip("pycolmap")
    numbers = rng.uniform(1, 9, (5, 7)).astype(np.float32)
    numbers[1, 2] = 0
    pycolmap.DepthMap.from_array(numbers, 1.0, 9.0).write(tmp_path / "a.photometric.bin")
    depth = read_depth(tmp_path / "a.photometric.bin")
    np.testing.assert_array_equal(depth.values, numbers)
    np.testing.assert_array_equal(depth.valid, numbers > 0)
    write_depth(tmp_path / "b.geometric.bin", DepthMap(numbers, numbers > 0))
    back = pycolmap.DepthMap()
    back.read(tmp_path / "b.geometric.bin")
    np.testing.assert_array_equal(back.to_array(), numbers)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no COLMAP dense map"),
        (b"\x05\0\0\0\0\0\0\0 cameras", "no COLMAP dense map"),
        (b"3&2&", "no COLMAP dense map"),
        (b"-3&2&1&", "no COLMAP dense map"),
        (BY_HAND[:-1], "promises 3×2 pixels, 24 bytes, but holds 23"),
        (BY_HAND + b"\0", "24 bytes, but holds 25"),
        (b"999999999&999999999&1&" + bytes(24), "promises 999999999×999999999 pixels"),
        (b"0&2&1&", "give one channel of 1×1 pixels or more"),
        (b"2&1&2&" + bytes(16), "of 2 channels"),
        (b"2&1&3&" + bytes(24), "normal map"),
    ],
)
def test_what_is_no_whole_map_is_refused(tmp_path, content, says):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(FileError, match=says) as caught:
        read_depth(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"3&2&1 " + BY_HAND[6:],
            "is no COLMAP dense map (width&height&channels&, then floats): give one of "
            "stereo/depth_maps",
        ),
        (b"3&2&3&" + bytes(72), "is a normal map of COLMAP: give one of stereo/depth_maps"),
        (
            b"3&2&2&",
            "promises 3×2 pixels of 2 channels: give one channel of 1×1 pixels or more",
        ),
        (
            b"0&2&1&",
            "promises 0×2 pixels of 1 channels: give one channel of 1×1 pixels or more",
        ),
        (
            b"3&0&1&",
            "promises 3×0 pixels of 1 channels: give one channel of 1×1 pixels or more",
        ),
        (BY_HAND[:-1], "promises 3×2 pixels, 24 bytes, but holds 23"),
        (BY_HAND + b"\0", "promises 3×2 pixels, 24 bytes, but holds 25"),
    ],
)
def test_what_is_wrong_with_a_map_is_said_in_full(tmp_path, content, says):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(FileError, match=f"^{re.escape(f'{path} {says}')}$"):
        read_colmap(path)
