from __future__ import annotations

import numpy as np
import pytest

import dsdmsr
from dsdmsr.depth.map import DepthMap
from dsdmsr.pictures.comparison import Comparison
from dsdmsr.pictures.detail import Detail, busiest_window


def test_the_window_with_most_steps_is_found_and_holes_are_no_steps():
    values = np.ones((40, 50), np.float32)
    values[22:26:2, 31:37] = 2
    valid = np.ones(values.shape, bool)
    valid[2:10:2, 2:30] = False
    values[~valid] = 0
    top, left = busiest_window(DepthMap(values, valid), (8, 10))
    assert 18 <= top <= 22
    assert 27 <= left <= 31
    assert busiest_window(DepthMap(values, valid), (40, 50)) == (0, 0)
    assert busiest_window(DepthMap(np.ones((4, 5))), (2, 2)) == (0, 0)
    assert busiest_window(DepthMap(np.ones((1, 1)), np.zeros((1, 1), bool)), (1, 1)) == (0, 0)


@pytest.mark.parametrize("band", [1, 7, 64, 90])
@pytest.mark.parametrize("shape", [(90, 120), (80, 101)])
def test_what_comes_in_bands_is_what_lies_in_the_window(rng, band, shape):
    lr_depth = DepthMap(rng.uniform(1, 2, (30, 40)).astype(np.float32))
    interpolated, values = rng.uniform(1, 2, (2, *shape)).astype(np.float32)
    valid = rng.uniform(size=shape) > 0.1
    detail = Detail(lr_depth, shape, (24, 30))
    for top in range(0, shape[0], band):
        part = slice(top, top + band)
        detail.add(top, interpolated[part], values[part], valid[part])
    down, right = shape[0] / 30, shape[1] / 40
    rows, columns = int(24 / down), int(30 / right)
    top, left = busiest_window(lr_depth, (rows, columns))
    part = np.s_[
        round(top * down) : round((top + rows) * down),
        round(left * right) : round((left + columns) * right),
    ]
    np.testing.assert_array_equal(detail.result.valid, valid[part])
    np.testing.assert_array_equal(detail.result.values, np.where(valid, values, 0)[part])
    np.testing.assert_array_equal(
        detail.interpolated.values, np.where(valid, interpolated, 0)[part]
    )
    expected = lr_depth.values[top : top + rows, left : left + columns]
    np.testing.assert_array_equal(detail.lr_depth.values, expected)


def test_a_preview_shows_a_detail_only_where_the_result_is_reduced(rng):
    for height, rows in ((40, 2), (300, 4)):
        lr_depth = DepthMap(rng.uniform(1, 2, (height, height)))
        upscaled = DepthMap(rng.uniform(1, 2, (4 * height, 4 * height)))
        comparison = Comparison("a", lr_depth, upscaled.shape)
        comparison.keep(upscaled)
        strip = comparison.strip()
        assert len(strip.rows) == rows
        assert ("a detail at full size" in strip.title) == (rows == 4)
        in_sheet = Comparison("a", lr_depth, upscaled.shape, in_sheet=True)
        in_sheet.keep(upscaled)
        assert len(in_sheet.strip().rows) == 1
    assert strip.rows[2][2].label == "detail of the result, 640×640"
    assert strip.rows[2][2].picture.size == (640, 640)
    assert dsdmsr.preview(lr_depth, upscaled).height > 4 * 640
