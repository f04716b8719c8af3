from __future__ import annotations

import struct

import numpy as np

from dsdmsr import read_depth, write_depth


def test_dpt_is_as_sintel_gives_it(tmp_path):
    values = np.array([[1.5, 2, 0.25], [4, 8, 16]], dtype="<f4")
    (tmp_path / "a.dpt").write_bytes(struct.pack("<fii", 202021.25, 3, 2) + values.tobytes())
    depth = read_depth(tmp_path / "a.dpt", "metres")
    np.testing.assert_array_equal(depth.values, values)
    write_depth(tmp_path / "b.dpt", depth)
    assert (tmp_path / "b.dpt").read_bytes() == (tmp_path / "a.dpt").read_bytes()
