from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.depth.outliers import flat_ends, flat_rims, lone_pixels


def test_a_lone_pixel_differs_from_all_around_it(rng):
    shares = 0.3 + 0.01 * rng.random((20, 30))
    expected = np.zeros(shares.shape, bool)
    for y, x in ((4, 5), (0, 0), (19, 12), (10, 29)):
        shares[y, x], expected[y, x] = 1, True
    shares[10:12, 10] = 0.9  # two of a kind are a thing
    shares[15, 20], shares[15, 21] = 1, 0.95
    np.testing.assert_array_equal(lone_pixels(shares, np.ones(shares.shape, bool)), expected)


def test_holes_are_not_lone_and_tell_nothing(rng):
    shares = 0.3 + 0.01 * rng.random((20, 30))
    valid = np.ones(shares.shape, bool)
    shares[5, 5] = 1
    valid[4:7, 4:7] = False
    valid[5, 5] = True  # an island
    shares[10, 10], valid[10, 10] = 1, False
    shares[15, 15], valid[14, 14:17] = 1, False
    expected = np.zeros(shares.shape, bool)
    expected[15, 15] = True
    np.testing.assert_array_equal(lone_pixels(shares, valid), expected)


def test_many_lone_pixels_are_the_surface(rng):
    assert not lone_pixels(rng.random((20, 30)), np.ones((20, 30), bool)).any()


def test_holes_do_not_count_as_having_the_least_value(rng):
    values, valid = rng.uniform(1, 2, (40, 40)), np.ones((40, 40), bool)
    values[:3, :3], values[20:, :20] = 0, 0
    valid[20:, :20] = False
    # Nine pixels of 1600 are no end of the range that a map is known by.
    assert not flat_ends(values, valid)[:20].any()
    values[:5, :5] = 0
    assert flat_ends(values, valid)[:20].sum() == 16


@pytest.mark.parametrize("end", [0.0, 9.0])
def test_flat_ends_are_what_has_the_least_or_greatest_value_all_around(rng, end):
    values = rng.uniform(1, 8, (12, 14)).astype(np.float32)
    values[2:7, 3:9] = end
    values[9, 9] = end
    valid = np.ones(values.shape, bool)
    expected = np.zeros(values.shape, bool)
    expected[3:6, 4:8] = True
    np.testing.assert_array_equal(flat_ends(values, valid), expected)
    valid[2, 3:9] = False  # a hole beside it is no edge
    values[2, 3:9] = 0
    expected[3] = [False] * 4 + [True] * 4 + [False] * 6
    found = flat_ends(np.where(valid, values, 0), valid)
    assert found[3:6, 4:8].all()
    assert not found[~valid].any()


def test_values_between_the_ends_and_few_pixels_are_left(rng):
    values = rng.uniform(1, 8, (100, 100))
    values[10:20, 10:20] = 5
    values[50:53, 50:53] = 9
    assert not flat_ends(values, np.ones(values.shape, bool)).any()


def test_the_rim_of_a_flat_end_reaches_a_tenth_of_the_step_beside_it():
    values = np.full((8, 10), 3.0)
    values[:, :4], values[:, 4], values[0, 4], values[6, 8] = 0, 2, 5, 0
    valid = np.ones(values.shape, bool)
    valid[6:, 3:5] = False
    flat = flat_ends(values, valid)
    expected = np.zeros(values.shape)
    expected[:6, 3] = 0.2
    np.testing.assert_allclose(flat_rims(values, valid, flat), expected, rtol=1e-6)
