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


@pytest.mark.parametrize(("apart", "lone"), [(0.1, True), (0.0999, False)])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("place", [(0, 0), (0, 3), (4, 6), (2, 3), (4, 0)])
def test_a_tenth_apart_from_all_around_is_lone(apart, lone, sign, place):
    shares = np.zeros((5, 7))
    shares[place] = sign * apart
    found = lone_pixels(shares, np.ones(shares.shape, bool))
    assert found.dtype == np.bool_
    assert found.sum() == found[place] == lone


@pytest.mark.parametrize("down", [-1, 0, 1])
@pytest.mark.parametrize("right", [-1, 0, 1])
def test_one_pixel_alike_in_any_direction_is_company(down, right):
    shares = np.zeros((9, 12))
    shares[4, 5] = shares[4 + down, 5 + right] = 1
    found = lone_pixels(shares, np.ones(shares.shape, bool))
    assert found.any() == (down == right == 0)


@pytest.mark.parametrize(("around", "lone"), [(2, False), (3, True)])
@pytest.mark.parametrize("order", [1, -1])
def test_three_valid_pixels_around_tell(around, lone, order):
    shares, valid = np.zeros((9, 12)), np.ones((9, 12), bool)
    valid[3:6, 4:7] = False
    beside = [(3, 4), (3, 5), (3, 6), (4, 4), (4, 6), (5, 4), (5, 5), (5, 6)][::order]
    for place in [(4, 5), *beside[:around]]:
        valid[place] = True
    shares[4, 5] = 1
    assert lone_pixels(shares, valid).sum() == lone


@pytest.mark.parametrize(("count", "holes", "found"), [(20, 0, 20), (21, 0, 0), (20, 1, 0)])
def test_a_twentieth_of_the_valid_pixels_may_be_lone(count, holes, found):
    shares, valid = np.zeros((16, 25)), np.ones((16, 25), bool)
    rows, columns = np.divmod(np.arange(count), 7)
    shares[2 * rows, 2 * columns] = 1
    valid[-1, :holes] = False
    assert lone_pixels(shares, valid).sum() == found


@pytest.mark.parametrize("down", [-1, 0, 1])
@pytest.mark.parametrize("right", [-1, 0, 1])
@pytest.mark.parametrize("end", [0.0, 9.0])
def test_one_other_value_in_any_direction_ends_flatness(down, right, end):
    values = np.linspace(1, 8, 9 * 12).reshape(9, 12)
    values[3:6, 4:7] = end
    valid = np.ones(values.shape, bool)
    assert flat_ends(values, valid).sum() == flat_ends(values, valid)[4, 5] == 1
    values[4 + down, 5 + right] = 5
    assert not flat_ends(values, valid).any()
    valid[4 + down, 5 + right] = False
    assert flat_ends(values, valid).sum() == (down != 0 or right != 0)


@pytest.mark.parametrize(("more", "found"), [(0, False), (1, True)])
def test_an_end_has_a_hundredth_of_the_pixels(more, found):
    values = np.linspace(1, 8, 1000).reshape(20, 50)
    values[3:6, 4:7] = 0
    values[-1, :more] = 0
    assert flat_ends(values, np.ones(values.shape, bool)).any() == found


def test_flat_ends_reach_the_borders_and_may_be_everything():
    values = np.linspace(1, 8, 6 * 9).reshape(6, 9)
    values[:2, -2:] = 0
    expected = np.zeros(values.shape, bool)
    expected[0, -1] = True
    everywhere = np.ones(values.shape, bool)
    found = flat_ends(values, everywhere)
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, expected)
    assert flat_ends(np.full((3, 4), 2.0), np.ones((3, 4), bool)).all()
    assert not flat_ends(values, ~everywhere).any()
    assert flat_ends(values, ~everywhere).shape == values.shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(14, 19), (1, 30), (25, 1)])
def test_rims_have_a_tenth_of_the_least_step_to_the_eight_around(rng, dtype, shape):
    values = rng.integers(1, 60, shape).astype(dtype)
    valid = rng.random(shape) > 0.05
    for (y, x), end in zip(rng.integers(shape, size=(8, 2)), [0, 60] * 4, strict=True):
        here = slice(max(0, y - 2), y + 3), slice(max(0, x - 2), x + 3)
        values[here] = end
        valid[here] |= rng.random(valid[here].shape) > 0.1
    flat = flat_ends(values, valid)
    expected = np.zeros(shape)
    for y, x in np.argwhere(valid & ~flat):
        here = slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2)
        if flat[here].any():
            steps = abs(values[here] - values[y, x])[valid[here]]
            expected[y, x] = steps[steps > 0].min() / 10
    limits = flat_rims(values, valid, flat)
    assert expected.any()
    assert limits.dtype == np.float32
    np.testing.assert_allclose(limits, expected, rtol=1e-6)


@pytest.mark.parametrize("down", [-1, 0, 1])
@pytest.mark.parametrize("right", [-1, 0, 1])
def test_a_rim_sees_the_pixel_beside_it_in_any_direction(down, right):
    values = np.full((9, 11), 5.0)
    values[2:7, 3:8], values[0, 0] = 0, 9
    valid = np.ones(values.shape, bool)
    flat = flat_ends(values, valid)
    values[4 + 3 * down, 5 + 3 * right] = 2
    limits = flat_rims(values, valid, flat)
    assert limits[4 + 2 * down, 5 + 2 * right] == pytest.approx(0.2 if down or right else 0)
    assert limits[:, :3].max() == limits[:, 8:].max() == 0


@pytest.mark.parametrize("place", [(0, 0), (0, 3), (4, 6), (2, 0)])
def test_what_lies_beyond_the_border_tells_nothing(place):
    shares, valid = np.ones((5, 7)), np.ones((5, 7), bool)
    shares[place] = 0
    assert lone_pixels(shares, valid)[place]
    row, column = place
    valid[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = False
    valid[place] = valid[2, 3] = True
    assert not lone_pixels(1 - shares, valid)[place]


def test_where_no_pixel_is_lone_the_answer_has_the_maps_shape(rng):
    for shares in (rng.random((20, 30)), np.zeros((20, 30))):
        lone = lone_pixels(shares, np.ones((20, 30), bool))
        assert (lone.shape, lone.dtype, lone.sum()) == ((20, 30), np.bool_, 0)


@pytest.mark.parametrize("beyond", [-1.0, 10.0])
def test_what_stands_in_holes_is_no_end(beyond):
    values = np.linspace(1, 8, 9 * 12).reshape(9, 12)
    values[:4, :4], values[5:, 7:] = 0, 9
    valid = np.ones(values.shape, bool)
    expected = flat_ends(values, valid)
    assert expected.sum() == 9 + 12
    values[1, 9], valid[1, 9] = beyond, False
    np.testing.assert_array_equal(flat_ends(values, valid), expected)
