"""PLY files, byte by byte, by Turk's description."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from dsdmsr.io.ply import write_ply

POINTS = np.float32([[1, 2, 3], [-4, 0.5, 6], [7, 8, -9.25]])
COLOURS = np.uint8([[255, 0, 7], [1, 2, 3], [4, 5, 6]])
FACES = np.int32([[0, 1, 2], [2, 1, 0]])
AXES = "property float x\nproperty float y\nproperty float z\n"
HEAD = "ply\nformat binary_little_endian 1.0\nelement vertex 3\n" + AXES
CHANNELS = "property uchar red\nproperty uchar green\nproperty uchar blue\n"
TRIANGLES = "element face 2\nproperty list uchar int vertex_indices\n"
PLAIN = struct.pack("<9f", *POINTS.ravel())
COLOURED = b"".join(
    struct.pack("<3f3B", *point, *colour) for point, colour in zip(POINTS, COLOURS, strict=True)
)
INDICES = struct.pack("<B3iB3i", 3, 0, 1, 2, 3, 2, 1, 0)


@pytest.mark.parametrize(
    ("faces", "colours", "head", "body"),
    [
        (None, None, HEAD, PLAIN),
        (FACES, None, HEAD + TRIANGLES, PLAIN + INDICES),
        (None, COLOURS, HEAD + CHANNELS, COLOURED),
        (FACES, COLOURS, HEAD + CHANNELS + TRIANGLES, COLOURED + INDICES),
    ],
)
def test_a_surface_is_its_header_its_vertices_and_its_faces(tmp_path, faces, colours, head, body):
    write_ply(tmp_path / "a.ply", POINTS, faces, colours)
    assert (tmp_path / "a.ply").read_bytes() == head.encode() + b"end_header\n" + body


def test_numbers_of_other_types_are_stored_as_floats_too(tmp_path):
    for given in (POINTS.astype(np.float64), POINTS.astype(">f4"), np.asfortranarray(POINTS)):
        write_ply(tmp_path / "a.ply", given)
        assert (tmp_path / "a.ply").read_bytes().endswith(b"end_header\n" + PLAIN)


def test_no_points_are_a_header(tmp_path):
    write_ply(tmp_path / "a.ply", POINTS[:0], FACES[:0], COLOURS[:0])
    content = (tmp_path / "a.ply").read_bytes()
    assert b"element vertex 0\n" in content
    assert b"element face 0\n" in content
    assert content.endswith(b"end_header\n")
