from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.pictures.reduce import Reduced, enlarged, fitted


def reduced(values, size, valid=None, rows=3):
    valid = np.ones(values.shape, bool) if valid is None else valid
    kept = Reduced(values.shape, size)
    for top in range(0, len(values), rows):
        kept.add(values[top : top + rows], valid[top : top + rows])
    return kept.result()


@pytest.mark.parametrize("rows", [1, 3, 8, 100])
def test_whole_blocks_become_their_mean(rng, rows):
    values = rng.uniform(1, 2, (12, 20))
    means, valid, *_ = reduced(values, (3, 5), rows=rows)
    np.testing.assert_allclose(means, values.reshape(3, 4, 5, 4).mean((1, 3)), rtol=1e-6)
    assert valid.all()


@pytest.mark.parametrize("size", [(7, 9), (10, 13), (5, 13), (1, 1)])
def test_a_plane_stays_one_at_any_size(size):
    rows, columns = np.indices((10, 13))
    plane = reduced(3.0 * rows - 2.0 * columns, size)
    expected = 3 * plane.rows[:, None] - 2 * plane.columns
    np.testing.assert_allclose(plane.values, expected, atol=1e-5)
    even = (np.arange(size[1]) + 0.5) * 13 / size[1] - 0.5
    np.testing.assert_allclose(plane.columns, even, atol=0.5)


def test_holes_take_no_part_and_need_half_the_area():
    values, valid = np.full((4, 8), 5.0), np.ones((4, 8), bool)
    valid[:2, :4] = False  # half of the first pixel
    valid[0, 4:], valid[1:3, 4:] = True, False  # half of the second
    valid[3, 7] = False  # and a bit more
    values[~valid] = np.nan
    means, usable, *_ = reduced(values, (1, 2), valid)
    assert usable.tolist() == [[True, False]]
    assert means.tolist() == [[5.0, 0.0]]


def test_a_map_that_is_not_reduced_keeps_its_values(rng):
    values = rng.normal(size=(5, 6)).astype(np.float32)
    np.testing.assert_array_equal(reduced(values, (5, 6))[0], values)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((48, 64), (480, 640)),
        ((480, 640), (480, 640)),
        ((300, 400), (300, 400)),
        ((960, 1280), (480, 640)),
        ((1200, 200), (600, 100)),
        ((1, 1), (600, 600)),
        ((1, 5000), (12, 640)),
    ],
)
def test_sizes_fit_the_box_in_whole_steps_where_maps_are_smaller(shape, size):
    assert fitted(shape, (600, 640), 12) == size


def test_pixels_are_repeated():
    assert enlarged(np.array([[1, 2]]), (2, 4)).tolist() == [[1, 1, 2, 2]] * 2
