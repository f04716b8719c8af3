from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap
from dsdmsr.depth.bicubic import Bicubic
from dsdmsr.depth.resize import resize


@pytest.mark.parametrize("scale", [2, 3, 4, 16])
def test_rows_in_parts_are_those_of_a_resize(rng, scale):
    depth = DepthMap(rng.uniform(1, 2, (7, 9)))
    shape = 7 * scale, 9 * scale
    rows = Bicubic(depth, shape)
    parts = [rows.rows(top, min(top + 5, shape[0])) for top in range(0, shape[0], 5)]
    np.testing.assert_allclose(np.concatenate(parts), resize(depth.values, scale), atol=1e-5)


def test_holes_take_no_part():
    values = np.full((6, 8), 2.0)
    values[2, 3] = np.nan
    valid = np.ones((6, 8), bool)
    valid[:, 7] = False
    values[:, 7] = 1e6
    np.testing.assert_allclose(Bicubic(DepthMap(values, valid), (24, 32)).rows(0, 24), 2, rtol=1e-6)
    assert (Bicubic(DepthMap(values, ~(valid | True)), (24, 32)).rows(3, 5) == 0).all()


@pytest.mark.parametrize(
    ("phase", "width", "places"),
    [("centre", 9, [1, 4, 7]), ("corner", 12, [0, 4, 8]), ("aligned", 13, [0, 6, 12])],
)
def test_pixels_sit_where_the_phase_puts_them(phase, width, places):
    (row,) = Bicubic(DepthMap([[1.0, 5.0, 2.0]]), (1, width), phase).rows(0, 1)
    np.testing.assert_allclose(row[places], [1, 5, 2], rtol=1e-6)


def test_an_overshoot_stays_finite():
    most = float(np.finfo(np.float32).max)
    depth = DepthMap([[-most, -most, most, most]], kind="height")
    (row,) = Bicubic(depth, (1, 16)).rows(0, 1)
    assert (row.min(), row.max()) == (-most, most)


def test_a_single_pixel_is_everywhere():
    assert (Bicubic(DepthMap([[3.0]]), (5, 4)).rows(0, 5) == 3).all()
