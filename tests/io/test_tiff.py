from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dsdmsr import DepthMap, read_depth, write_depth


@pytest.mark.parametrize("numbers", [[[0, 1], [300, 65535]], [[0.0, 1.5], [3.25, 1e5]]])
def test_tiff_is_what_pillow_reads_and_writes(tmp_path, numbers):
    whole = isinstance(numbers[0][0], int)
    given = np.array(numbers, dtype=np.uint16 if whole else np.float32)
    Image.fromarray(given).save(tmp_path / "a.tif")
    depth = read_depth(tmp_path / "a.tif", "levels16" if whole else "disparity")
    np.testing.assert_array_equal(depth.values, given)
    write_depth(tmp_path / "b.tiff", depth)
    with Image.open(tmp_path / "b.tiff") as image:
        np.testing.assert_array_equal(np.asarray(image), given)
    assert read_depth(tmp_path / "b.tiff").encoding == ("mm" if whole else "float")


def test_a_large_tiff_has_64_bit_offsets_before_32_bits_end(tmp_path, monkeypatch):
    monkeypatch.setattr("dsdmsr.io.tiff._CLASSIC", 4 * 300 * 300)
    for side, magic in ((300, 42), (301, 43)):
        write_depth(tmp_path / f"{side}.tif", DepthMap(np.ones((side, side)), encoding="metres"))
        head = (tmp_path / f"{side}.tif").read_bytes()[:4]
        assert int.from_bytes(head[2:4], "little") == magic
        assert read_depth(tmp_path / f"{side}.tif").shape == (side, side)
