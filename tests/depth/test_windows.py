from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from dsdmsr.depth.windows import window_extreme, window_sum


@pytest.mark.parametrize("shape", [(1, 1), (3, 20), (17, 9)])
@pytest.mark.parametrize("radius", [1, 2, 6])
def test_extremes_and_sums_are_those_of_the_square_as_far_as_the_map_goes(rng, shape, radius):
    values = rng.normal(size=shape).astype(np.float32)
    side = 2 * radius + 1
    for pick, reference in (
        (np.minimum, ndimage.minimum_filter),
        (np.maximum, ndimage.maximum_filter),
    ):
        expected = reference(values, side, mode="nearest")
        np.testing.assert_array_equal(window_extreme(values, radius, pick), expected)
    expected = ndimage.uniform_filter(values.astype(float), side, mode="constant") * side**2
    np.testing.assert_allclose(window_sum(values, radius), expected, atol=1e-9)


def test_sums_are_exact_for_short_types():
    values = np.full((3, 40), 60_000, np.float16)
    total = window_sum(values, 1)
    assert total.dtype == np.float64
    assert total[1, 1] == 9 * float(values[0, 0])
    assert window_sum(np.full((2, 2), True), 3).tolist() == [[4, 4], [4, 4]]


def test_extremes_are_floats_of_32_bits_and_a_radius_of_0_changes_nothing():
    values = np.array([[3.0, 1, 2], [5, 4, 9]])
    assert window_extreme(values, 1, np.maximum).dtype == np.float32
    np.testing.assert_array_equal(window_extreme(values, 0, np.minimum), values)
    np.testing.assert_array_equal(window_sum(values, 0), values)
