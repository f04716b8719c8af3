"""PCD files, byte by byte, by the Point Cloud Library's description."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from dsdmsr.io.pcd import write_pcd

POINTS = np.float32([[1, 2, 3], [-4, 0.5, 6]])
PLAIN = b"""# .PCD v0.7 - Point Cloud Data file format
VERSION 0.7
FIELDS x y z
SIZE 4 4 4
TYPE F F F
COUNT 1 1 1
WIDTH 2
HEIGHT 1
VIEWPOINT 0 0 0 1 0 0 0
POINTS 2
DATA binary
"""
COLOURED = (
    PLAIN.replace(b"x y z", b"x y z rgb")
    .replace(b"4 4 4", b"4 4 4 4")
    .replace(b"F F F", b"F F F F")
    .replace(b"COUNT 1 1 1", b"COUNT 1 1 1 1")
)


@pytest.mark.parametrize("points", [POINTS, POINTS.astype(">f4"), POINTS.astype(np.float64)])
def test_points_are_rows_of_floats(tmp_path, points):
    write_pcd(tmp_path / "a.pcd", points)
    expected = PLAIN + struct.pack("<6f", 1, 2, 3, -4, 0.5, 6)
    assert (tmp_path / "a.pcd").read_bytes() == expected


def test_colours_are_the_bits_of_a_fourth_number(tmp_path):
    write_pcd(tmp_path / "a.pcd", POINTS, np.uint8([[0xAB, 0xCD, 0xEF], [1, 2, 255]]))
    expected = COLOURED + struct.pack("<3fI", 1, 2, 3, 0x00ABCDEF)
    expected += struct.pack("<3fI", -4, 0.5, 6, 0x000102FF)
    assert (tmp_path / "a.pcd").read_bytes() == expected
