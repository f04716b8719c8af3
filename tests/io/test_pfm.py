from __future__ import annotations

import struct

import numpy as np
import pytest

from dsdmsr import read_depth


@pytest.mark.parametrize(("order", "sign"), [("<", "-1.0"), (">", "1"), (">", "2.5e0")])
def test_pfm_of_both_byte_orders(tmp_path, order, sign):
    values = np.array([[1.5, 2, 0], [4, np.inf, 6.25]], dtype=np.float32)
    body = values[::-1].astype(f"{order}f4").tobytes()
    (tmp_path / "a.pfm").write_bytes(f"Pf\n3 2\n{sign}\n".encode() + body)
    depth = read_depth(tmp_path / "a.pfm")
    np.testing.assert_array_equal(depth.valid, [[True, True, False], [True, False, True]])
    np.testing.assert_array_equal(depth.values[depth.valid], [1.5, 2, 4, 6.25])


def test_pfm_that_starts_with_a_line_feed_byte(tmp_path):
    # The first float's bytes may look like white space; the header ends after one line feed.
    value = struct.unpack("<f", b"\n\n \n")[0]
    (tmp_path / "a.pfm").write_bytes(b"Pf\n1 1\n-1\n" + b"\n\n \n")
    assert read_depth(tmp_path / "a.pfm").values[0, 0] == np.float32(value)


def test_the_dtu_sample_is_read(data_dir):
    depth = read_depth(data_dir / "dtu" / "depth_map_0000.pfm", "dtu")
    assert depth.shape == (128, 160)
    assert depth.valid.mean() == pytest.approx(0.68, abs=0.01)
    assert depth.values[depth.valid].min() == pytest.approx(0.509, abs=0.001)
    assert depth.values[depth.valid].max() == pytest.approx(0.760, abs=0.001)
