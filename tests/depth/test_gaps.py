from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dsdmsr.depth.gaps import ValueScale, value_scale

Y, X = np.mgrid[:24, :32]
WALL = 2 + 0.01 * X + 0.005 * Y
WIDE = {
    "one wrong pixel": np.where((Y == 12) & (X == 16), 65.535, WALL),
    "one wrong pixel in front": 10 + np.where((Y == 12) & (X == 16), -10, WALL),
    "a flat background": np.where(X < 16, 1000.0, WALL),
    "a background that goes on": np.where(X < 16, 20 + 61 * X + 2.5 * Y, WALL),
    "two backgrounds": np.where(X < 8, 1000.0, np.where(X < 16, 30.0, WALL)),
    "millimetres": np.round(1000 * np.where(X < 16, 60.0, WALL)),
}


@pytest.mark.parametrize("name", WIDE)
def test_the_wall_gets_room_and_comes_back(name):
    values = WIDE[name]
    scale = value_scale(values)
    assert scale is not None
    shares = scale.to_shares(values)
    assert (shares.min(), shares.max()) == (0, 1)
    wall = shares[:, 17:]
    assert np.ptp(wall[wall < np.quantile(wall, 0.99)]) > 0.15
    np.testing.assert_allclose(scale.to_values(shares), values, rtol=1e-12)
    order = np.argsort(values, axis=None)
    assert (np.diff(shares.ravel()[order]) >= 0).all()


@pytest.mark.parametrize(
    "values",
    [
        WALL,
        np.where(X < 16, 3.2, WALL),
        np.where(X < 16, 1000.0, 2.0),  # two surfaces without relief
        np.where(X < 10, 100, np.where(X < 20, 200, 0)),
        np.where(X < 16, 80, 10 + X % 3),  # a stair of three levels, which are 64ths already
        np.full((3, 4), 7.0),
        np.array([[5.0]]),
        np.linspace(1, 80, 24 * 32).reshape(24, 32) ** 2,
    ],
)
def test_other_maps_have_none(values):
    assert value_scale(values) is None


def test_whole_numbers_stay_a_fine_stair():
    """Where a wall of twenty levels stands before a far one, no step is more than a 64th."""
    values = np.where(X < 16, 60_000, 2000 + X % 20).astype(float)
    scale = value_scale(values)
    assert scale is not None
    steps = np.diff(scale.to_shares(np.arange(2000.0, 2020.0)))
    assert 1e-3 < steps.max() <= 1 / 64


@given(seed=st.integers(0, 2**16), far=st.floats(10, 1e6), count=st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_any_scale_is_monotone_both_ways_and_beyond(seed, far, count):
    rng = np.random.default_rng(seed)
    values = rng.uniform(2, 2.5, (12, 14))
    values.flat[rng.choice(values.size, count, replace=False)] = far * (1 + rng.random(count))
    scale = value_scale(values)
    if scale is None:
        return
    places = np.linspace(-0.2, 1.2, 2001)
    back = scale.to_values(places)
    assert (np.diff(back) >= 0).all()
    np.testing.assert_allclose(scale.to_shares(scale.values), scale.shares, atol=1e-12)
    assert back[0] < values.min() < values.max() < back[-1]


def test_beyond_its_ends_a_scale_goes_on_as_its_last_pieces_do():
    scale = ValueScale(np.array([0.0, 1, 3, 10, 12]), np.array([0.0, 0.5, 0.6, 0.9, 1]))
    shares = np.array([[-0.5, 0, 0.25], [0.75, 1, 1.5]])
    np.testing.assert_allclose(scale.to_values(shares), [[-1, 0, 0.5], [6.5, 12, 22]])
    values = np.array([[-9.0, 0, 0.5], [6.5, 12, 99]], np.float32)
    found = scale.to_shares(values)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [[0, 0, 0.25], [0.75, 1, 1]])


def test_a_gap_becomes_as_short_as_the_stair_of_the_others_allows():
    # 0.34 long: with 0.3 beside it, a step of 0.01 is one 64th of the whole.
    scale = value_scale(np.array([[60.0, 2.01], [2.0, 2.3]]))
    np.testing.assert_allclose(scale.values, [2, 2.01, 2.3, 2.368, 59.932, 60])
    expected = np.array([0, 0.01, 0.3, 0.368, 0.572, 0.64]) / 0.64
    np.testing.assert_allclose(scale.shares, expected)


FINE = np.arange(65) / 64


@pytest.mark.parametrize("far", [9.25, 60.0])
def test_a_gap_becomes_half_as_long_as_the_rest_with_slow_ends(far):
    scale = value_scale(np.append(FINE, far))
    there = np.array([0, 0.5, 1, 1.1, (1 + far) / 2, far - 0.1, far])
    expected = np.array([0, 0.5, 1, 1.1, 1.25, 1.4, 1.5]) / 1.5
    np.testing.assert_allclose(scale.to_shares(there), expected)
    np.testing.assert_allclose(scale.to_values(np.array([-0.2, 1.2])), [-0.3, far + 0.3])


@pytest.mark.parametrize(
    ("far", "wide", "found"), [(9.0, 8, 0), (9.01, 8, 1), (4.0, 3, 0), (4.01, 3, 1), (9.0, 3, 1)]
)
def test_a_gap_is_wide_by_the_range_besides(far, wide, found):
    values = np.append(FINE, far)
    assert (value_scale(values, wide=wide) is not None) == found
    assert (value_scale(-values, wide=wide) is not None) == found
    if wide == 8:
        assert (value_scale(values) is not None) == found


def test_eight_gaps_are_shortened_at_most():
    values = np.concatenate([np.arange(9) / 8, 12.0 ** np.arange(1, 10)])
    scale = value_scale(values)
    # The range of 12 besides, and eight times half of it.
    there = np.array([0.0, 1, 12, 144, 1728, 12.0**9])
    expected = np.array([0, 1, 12, 18, 24, 60]) / 60
    np.testing.assert_allclose(scale.to_shares(there), expected, atol=1e-12)
    # Shortening the gap before 12, too, would leave a stair of an eighth each too coarse.
    fewer = value_scale(values[:-1])
    there = np.array([1.0, 12, 144])
    np.testing.assert_allclose(fewer.to_shares(there), np.array([1, 12, 18]) / 54)


def test_shares_that_are_at_hand_tell_whether_it_is_worth_a_look():
    values = np.append(FINE, 60.0)
    shares = (values / 60).astype(np.float32)
    given, made = value_scale(values, shares), value_scale(values)
    np.testing.assert_array_equal(given.values, made.values)
    np.testing.assert_array_equal(given.shares, made.shares)
    assert value_scale(values, np.linspace(0, 1, 66).astype(np.float32)) is None


CROWD = np.arange(33) / 32


def test_a_crowd_gets_a_third_and_room_beside_it():
    far = np.arange(0, 1001, 100.0)
    scale = value_scale(np.concatenate([far, 500 + CROWD]))
    # The crowd becomes half as long as what is besides, 499.5; each gap beside it a third of that.
    there = np.array([0, 400, 420, 500 - 1 / 15, 500, 500.5, 501, 501 + 1 / 15, 580.2, 600, 1000])
    expected = np.array([0, 400, 433.3, 533.2, 566.5, 816.25, 1066, 1099.3, 1199.2, 1232.5, 1632.5])
    np.testing.assert_allclose(scale.to_shares(there), expected / 1632.5)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_crowd_may_be_at_an_end(sign):
    values = sign * np.concatenate([CROWD, np.arange(100, 1001, 100)])
    there = sign * np.array([0.0, 1, 1 + 1 / 15, 80.2, 100, 1000])
    expected = np.array([0, 499.5, 532.8, 632.7, 666, 1566]) / 1566
    scale = value_scale(values)
    assert len(scale.values) == len(values) + 2
    shares = scale.to_shares(there)
    np.testing.assert_allclose(shares if sign > 0 else 1 - shares, expected, atol=1e-12)


@pytest.mark.parametrize(("steps", "found"), [(15, 0), (16, 1)])
def test_a_crowd_has_many_values_and_its_steps_stay_64ths(steps, found):
    far = np.arange(0, 1001, 100.0)
    crowd = 500 + np.arange(steps + 1) / 16
    scale = value_scale(np.concatenate([far, crowd]))
    assert (scale is not None) == found
    if found:
        shares = scale.to_shares(np.array([0, 500, 501, 600, 1000.0]))
        np.testing.assert_allclose(shares, np.array([0, 500, 750, 849, 1249]) / 1249)


def test_beside_a_crowd_values_change_as_slowly_as_in_it():
    far = np.arange(0, 1001, 100.0)
    scale = value_scale(np.concatenate([far, 500 + 2 * CROWD]))
    # Of 998 besides the crowd gets 499, and each gap beside it a third of that.
    there = np.array([0, 400, 420, 500 - 2 / 15, 500, 502, 502 + 2 / 15, 580.4, 600, 1000])
    room = 499 / 3
    pieces = [0, 400, 0.2 * room, 0.6 * room, 0.2 * room, 499]
    expected = np.cumsum([*pieces, 0.2 * room, 0.6 * room, 0.2 * room, 400])
    np.testing.assert_allclose(scale.to_shares(there), expected / expected[-1])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_single_value_beside_a_crowd_gets_its_room(sign):
    values = sign * np.concatenate([[450], 500 + CROWD, np.arange(550, 1451, 100)])
    shares = value_scale(values).to_shares(sign * np.array([450.0, 500, 501, 550, 1450]))
    expected = np.cumsum([0, 166.5, 499.5, 166.5, 900])
    expected /= expected[-1]
    np.testing.assert_allclose(shares if sign > 0 else 1 - shares, expected, atol=1e-12)


@pytest.mark.parametrize(("end", "found"), [(554, 1), (557, 0)])
def test_a_crowd_with_a_step_that_is_a_64th_already_stays(end, found):
    far = np.repeat(np.arange(0, 1001, 100.0), 78)
    steps = 540 + np.arange(16) / 16
    values = np.concatenate([far, steps, np.repeat([540.0, end], 60)])
    assert (value_scale(values) is not None) == found


def test_a_crowd_whose_steps_are_coarse_gets_less_than_a_third():
    far = np.arange(0, 1001, 100.0)
    crowd = 500 + np.append(np.arange(40) / 4, 18.75)
    scale = value_scale(np.concatenate([far, crowd]))
    # Its step of 9 becomes a 64th of 1000, and the others as many times as long.
    shares = scale.to_shares(np.array([0, 500, 509.75, 518.75, 600, 1000]))
    longer = 1000 / 64 / 9
    expected = np.cumsum([0, 500, 9.75 * longer, 9 * longer, 81.25, 400])
    np.testing.assert_allclose(shares, expected / expected[-1])


def test_gaps_and_crowds_are_told_together():
    near = np.arange(0, 1001, 100.0)
    values = np.concatenate([near, 500 + CROWD, [1e6]])
    scale = value_scale(values)
    # The gap becomes 500 long first, and then the crowd half as long as what is besides.
    there = np.array([0, 400, 500, 501, 600, 1000, 1e6])
    room = 1499 / 2
    expected = np.cumsum([0, 400, room / 3, room, room / 3, 400, 500])
    np.testing.assert_allclose(scale.to_shares(there), expected / expected[-1])
    # Three gaps have slow ends.
    assert len(scale.values) == len(set(values)) + 6


@pytest.mark.parametrize("low", [-50.0, 0.0, 3.0, 1e4])
def test_where_the_range_lies_does_not_matter(low):
    for values in (np.append(FINE, 60.0), np.append(FINE, 5.0), np.append(CROWD, [20, 40, 60.0])):
        scale, moved = value_scale(values), value_scale(values + low)
        assert (scale is None) == (moved is None)
        if scale is not None:
            np.testing.assert_allclose(moved.values, scale.values + low)
            np.testing.assert_allclose(moved.shares, scale.shares, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int32])
def test_a_scale_is_of_doubles(dtype):
    scale = value_scale(np.append(np.arange(65), 6000).astype(dtype))
    assert (scale.values.dtype, scale.shares.dtype) == (np.float64, np.float64)


@pytest.mark.parametrize(("width", "found"), [(19.0, 1), (20.5, 0)])
def test_a_crowd_lies_within_a_fiftieth(width, found):
    far = np.arange(0, 1001, 100.0)
    scale = value_scale(np.concatenate([far, 500 + width * np.arange(61) / 60]))
    assert (scale is not None) == found


@pytest.mark.parametrize(("pixels", "found"), [(99, 0), (101, 1)])
def test_a_crowd_is_a_tenth_of_the_pixels(pixels, found):
    far = np.repeat(np.arange(0, 1001, 50.0), 43)
    crowd = 520 + np.arange(pixels) / pixels
    assert (value_scale(np.concatenate([far, crowd])) is not None) == found


def test_flat_surfaces_are_no_crowd_but_may_stand_beside_one():
    far = np.append(np.arange(0, 1001, 100.0), np.full(50, 300.0))
    assert value_scale(far) is None
    assert value_scale(np.repeat([1.0, 2, 3], 50)) is None
    values = np.concatenate([far, 500 + np.arange(129) / 128])
    shares = value_scale(values).to_shares(np.array([500.0, 501]))
    np.testing.assert_allclose(shares, np.array([566.5, 1066]) / 1632.5)


def test_a_crowd_grows_by_neighbours_as_near_as_it_is_wide():
    far = np.arange(0, 1001, 100.0)
    crowd = 500 + CROWD
    beside = np.array([499.0, 502.0, 504.9])
    scale = value_scale(np.concatenate([far, crowd, beside]))
    # From 499 to 504.9 it has 5.9; 6 further would be too far.
    shares = scale.to_shares(np.array([499.0, 500, 501, 502, 504.9]))
    ratio = np.diff(shares) / np.diff([499.0, 500, 501, 502, 504.9])
    np.testing.assert_allclose(ratio, ratio[0])
    longest_step = 1000 / 64
    assert ratio[0] == pytest.approx(longest_step / 2.9 / (1000 + 5.9 * (longest_step / 2.9 - 1)))
    apart = value_scale(np.concatenate([far, crowd, [497.9, 502.1]]))
    shares = apart.to_shares(np.array([497.9, 500, 501, 502.1]))
    # Those are gaps beside it, a third as long as it.
    np.testing.assert_allclose(np.diff(shares)[[0, 2]], np.diff(shares)[1] / 3)


@pytest.mark.parametrize("shape", [(90, 91), (91, 90), (300, 200)])
def test_one_pixel_of_many_is_enough_for_a_gap(rng, shape):
    values = rng.uniform(2, 3, shape)
    assert value_scale(values) is None
    values[-2, -3] = 60
    assert value_scale(values) is not None
    values[-2, -3] = -60
    assert value_scale(values) is not None


def test_no_map_of_the_published_protocols_has_one(data_dir):
    """So what they measure is not touched."""
    paths = [
        path
        for folder in ("middlebury/eval", "lu_rgbd/eval", "icl_nuim/train")
        for path in sorted((data_dir / folder).rglob("*.png"))
    ]
    assert len(paths) > 30
    for path in paths:
        with Image.open(path) as image:
            numbers = np.asarray(image).astype(np.float64)
        if numbers.ndim == 2:
            assert value_scale(numbers[::4, ::4]) is None, path
