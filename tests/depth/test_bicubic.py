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


def test_pixels_sit_in_the_middle_by_default():
    depth = DepthMap([[1.0, 5.0, 2.0], [4.0, 3.0, 7.0]])
    np.testing.assert_array_equal(
        Bicubic(depth, (6, 9)).rows(0, 6), Bicubic(depth, (6, 9), "centre").rows(0, 6)
    )
    assert Bicubic(depth, (6, 9)).rows(0, 6).dtype == np.float32


def test_four_pixels_are_weighed_by_the_cubic_kernel():
    values = [[1.0, 2, 5, 3, 8]]
    (row,) = Bicubic(DepthMap(values), (1, 10), "corner").rows(0, 1)
    # Half-way the weights are -1/16, 9/16, 9/16, -1/16; beyond the border the map is mirrored.
    halves = [(-1 + 9 + 18 - 5) / 16, (-1 + 18 + 45 - 3) / 16, (-2 + 45 + 27 - 8) / 16]
    halves += [(-5 + 27 + 72 - 8) / 16, (-3 + 72 + 72 - 3) / 16]
    np.testing.assert_allclose(row[::2], values[0], rtol=1e-6)
    np.testing.assert_allclose(row[1::2], halves, rtol=1e-6)


@pytest.mark.parametrize("phase", ["centre", "corner", "aligned"])
def test_both_axes_are_interpolated_alike(rng, phase):
    values = rng.uniform(1, 2, (5, 7))
    made = Bicubic(DepthMap(values), (13, 24), phase).rows(0, 13)
    turned = Bicubic(DepthMap(values.T), (24, 13), phase).rows(0, 24)
    np.testing.assert_allclose(made, turned.T, rtol=1e-6)
    parts = Bicubic(DepthMap(values), (13, 24), phase)
    for first, end in ((0, 1), (3, 4), (5, 11), (12, 13)):
        np.testing.assert_array_equal(parts.rows(first, end), made[first:end])


def test_the_nearest_value_stands_in_for_a_hole():
    depth = DepthMap([[1.0, 9.0, 3.0, 4.0]], [[True, True, True, False]])
    filled = DepthMap([[1.0, 9.0, 3.0, 3.0]])
    np.testing.assert_array_equal(
        Bicubic(depth, (3, 12)).rows(0, 3), Bicubic(filled, (3, 12)).rows(0, 3)
    )
