from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label, map_coordinates

from dsdmsr.depth.holes import enlarge_valid, fill_nearest, hole_sizes
from dsdmsr.errors import DepthError


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (23, 31), (60, 45)])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 0.98, 1.0])
def test_each_pixel_gets_the_value_of_a_nearest_valid_one(rng, shape, share):
    valid = rng.random(shape) >= share
    valid.flat[rng.integers(valid.size)] = True
    values = rng.normal(size=shape)
    filled = fill_nearest(np.where(valid, values, np.nan), valid)
    distance = distance_transform_edt(~valid)
    np.testing.assert_array_equal(filled[valid], values[valid])
    where = {v: np.argwhere(values == v)[0] for v in values[valid]}
    for index in np.argwhere(~valid):
        source = where[filled[tuple(index)]]
        assert valid[tuple(source)]
        assert np.hypot(*(source - index)) == pytest.approx(distance[tuple(index)])


@pytest.mark.parametrize("count", [1, 2, 30, 3000])
def test_large_holes_are_filled_from_the_nearest_pixels_too(rng, count):
    valid = np.zeros((300, 410), bool)
    valid.flat[rng.integers(valid.size, size=count)] = True
    rows, columns = np.indices(valid.shape)
    source = fill_nearest(np.arange(valid.size, dtype=float).reshape(valid.shape), valid)
    row, column = np.divmod(source.astype(int), valid.shape[1])
    away = np.hypot(row - rows, column - columns)
    np.testing.assert_allclose(away, distance_transform_edt(~valid))


def test_nothing_to_go_by():
    with pytest.raises(DepthError, match="no pixel of the map is valid"):
        fill_nearest(np.ones((3, 3)), np.zeros((3, 3), bool))


@pytest.mark.parametrize("scale", [2, 4, 16])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.95, 1.0])
def test_borders_of_holes_are_where_interpolation_is_one_half(rng, scale, share):
    valid = rng.random((13, 11)) >= share
    made = enlarge_valid(valid, scale)
    places = [(np.arange(scale * n) + 0.5) / scale - 0.5 for n in valid.shape]
    grid = np.meshgrid(*places, indexing="ij")
    expected = map_coordinates(valid.astype(float), grid, order=1, mode="nearest")
    clear = abs(expected - 0.5) > 1e-6
    np.testing.assert_array_equal(made[clear], expected[clear] > 0.5)
    # No small pixel is lost, and straight borders stay where they were.
    blocks = made.reshape(13, scale, 11, scale)
    assert blocks.any((1, 3))[valid].all()
    assert not blocks.all((1, 3))[~valid].any()


def test_straight_borders_stay_and_corners_are_cut():
    valid = np.ones((6, 6), bool)
    valid[:, 3:] = False
    np.testing.assert_array_equal(enlarge_valid(valid, 4), valid.repeat(4, 0).repeat(4, 1))
    valid[:3] = True
    corner = enlarge_valid(valid, 8)[20:28, 20:28]
    assert corner[:4].all()
    assert corner[:, :4].all()
    assert corner[4, 4]
    assert not corner[-1, -1]
    # A diagonal row of pixels becomes a line without steps as high as a small pixel.
    line = enlarge_valid(~np.eye(9, dtype=bool), 8)
    begins = (~line[8:-8]).argmax(1)
    assert np.abs(np.diff(begins)).max() <= 5


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (40, 37)])
def test_holes_have_the_size_of_their_parts_that_hang_together(rng, share, shape):
    valid = rng.random(shape) >= share
    parts, _ = label(~valid)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    np.testing.assert_array_equal(hole_sizes(valid), sizes[parts])


def test_a_hole_may_wind_through_the_whole_map():
    valid = np.ones((41, 41), bool)
    for row in range(0, 41, 2):
        valid[row] = False
        valid[min(row + 1, 40), 0 if row % 4 else 40] = False
    assert set(np.unique(hole_sizes(valid))) == {0, int((~valid).sum())}


def nearest_by_definition(valid: np.ndarray, row: int, column: int) -> tuple[int, int]:
    """The nearest valid pixel; of equally near ones that of the nearest column, left, above."""
    return min(
        (tuple(place) for place in np.argwhere(valid)),
        key=lambda place: (
            (place[0] - row) ** 2 + (place[1] - column) ** 2,
            abs(place[1] - column),
            place[1],
            place[0],
        ),
    )


@pytest.mark.parametrize("shape", [(1, 12), (12, 1), (9, 14), (14, 9)])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_of_equally_near_pixels_it_is_always_the_same_one(rng, shape, share):
    valid = rng.random(shape) >= share
    valid.flat[rng.integers(valid.size)] = True
    values = np.arange(valid.size).reshape(shape).astype(np.float32)
    expected = [[values[nearest_by_definition(valid, *at)] for at in row] for row in places(shape)]
    np.testing.assert_array_equal(fill_nearest(values, valid), expected)


def places(shape: tuple[int, int]) -> list[list[tuple[int, int]]]:
    return [[(row, column) for column in range(shape[1])] for row in range(shape[0])]


@pytest.mark.parametrize("scale", [2, 4, 8, 16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (6, 1), (13, 11)])
def test_each_larger_pixel_is_valid_by_the_interpolation_of_the_four_around(rng, scale, shape):
    valid = rng.random(shape) >= 0.4
    # In units of 1 / (2·scale) numbers are whole, and halves exact.
    unit = 2 * scale
    weights = []
    for length in shape:
        centre = 2 * np.arange(scale * length) + 1 - scale
        towards = np.maximum(0, unit - abs(centre[:, None] - unit * np.arange(-1, length + 1)))
        towards[:, 1] += towards[:, 0]
        towards[:, -2] += towards[:, -1]
        weights.append(towards[:, 1:-1])
    share = weights[0] @ valid.astype(int) @ weights[1].T
    np.testing.assert_array_equal(enlarge_valid(valid, scale), share > unit**2 // 2)


@pytest.mark.parametrize("height", [9, 300])
def test_some_rows_become_what_they_become_in_the_whole_map(rng, height):
    valid = rng.random((height, 6)) >= 0.2
    valid[height // 2 :] = True
    whole = enlarge_valid(valid, 4)
    for top, bottom in ((0, 1), (0, 4), (3, 5), (height // 2, height - 1), (height - 1, None)):
        part = slice(4 * top, None if bottom is None else 4 * bottom)
        np.testing.assert_array_equal(enlarge_valid(valid, 4, top, bottom), whole[part])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_filling_keeps_the_type_and_leaves_what_is_given(dtype):
    values = np.array([[1, np.nan, 3], [np.nan, np.nan, 6]], dtype)
    valid = np.isfinite(values)
    filled = fill_nearest(values, valid)
    assert filled.dtype == dtype
    np.testing.assert_array_equal(filled, [[1, 1, 3], [1, 6, 6]])
    np.testing.assert_array_equal(np.isfinite(values), valid)
    everywhere = np.ones(values.shape, bool)
    assert fill_nearest(values, everywhere) is values


def test_nothing_to_go_by_is_said():
    says = "^no pixel of the map is valid: there is nothing to go by$"
    with pytest.raises(DepthError, match=says):
        fill_nearest(np.ones((3, 2)), np.zeros((3, 2), bool))


@pytest.mark.parametrize("width", [5, 150])
@pytest.mark.parametrize("share", [0.3, 0.999])
def test_more_rows_than_are_filled_at_once_are_filled_alike(rng, width, share):
    valid = rng.random((600, width)) >= share
    valid[::251, 0] = True
    values = np.arange(valid.size, dtype=float).reshape(valid.shape)
    row, column = np.divmod(fill_nearest(values, valid).astype(int), width)
    assert valid[row, column].all()
    rows, columns = np.indices(valid.shape)
    away = np.hypot(row - rows, column - columns)
    np.testing.assert_allclose(away, distance_transform_edt(~valid))


@pytest.mark.parametrize("apart", [8, 9, 15, 17, 63, 64, 65, 66, 130])
@pytest.mark.parametrize("turned", [False, True])
def test_valid_columns_far_apart_fill_what_is_between(apart, turned):
    valid = np.zeros((6, 2 * apart + 1), bool)
    valid[2, 0] = valid[4, apart] = valid[0, -1] = True
    valid = valid[:, ::-1] if turned else valid
    values = np.arange(valid.size, dtype=float).reshape(valid.shape)
    row, column = np.divmod(fill_nearest(values, valid).astype(int), valid.shape[1])
    rows, columns = np.indices(valid.shape)
    away = np.hypot(row - rows, column - columns)
    np.testing.assert_allclose(away, distance_transform_edt(~valid))


@pytest.mark.parametrize("scale", [1, 2, 3, 5])
@pytest.mark.parametrize("height", [1, 7, 256, 257, 600])
def test_an_array_that_is_given_is_filled(rng, scale, height):
    valid = rng.random((height, 5)) >= 0.3
    expected = enlarge_valid(valid, scale)
    assert expected.shape == (height * scale, 5 * scale)
    assert expected.dtype == np.bool_
    if scale == 1:
        np.testing.assert_array_equal(expected, valid)
    into = ~expected
    assert enlarge_valid(valid, scale, into=into) is into
    np.testing.assert_array_equal(into, expected)
    bottom = max(1, height - 1)
    part = np.zeros((scale * (bottom - height // 2), 5 * scale), bool)
    if len(part):
        enlarge_valid(valid, scale, height // 2, bottom, into=part)
        np.testing.assert_array_equal(part, expected[scale * (height // 2) : scale * bottom])


def test_rows_that_are_all_alike_depend_on_those_beside_the_part():
    valid = np.ones((520, 3), bool)
    valid[255:257, 1] = False
    np.testing.assert_array_equal(enlarge_valid(valid, 2), valid.repeat(2, 0).repeat(2, 1))
    assert not enlarge_valid(np.zeros((300, 2), bool), 2).any()


def test_an_odd_factor_has_a_pixel_on_each_centre():
    valid = np.array([[True, False], [False, False]])
    made = enlarge_valid(valid, 3)
    expected = np.zeros((6, 6), bool)
    expected[:3, :3] = True
    # Where both are a third of the way off, the interpolation is 4/9.
    expected[2, 2] = False
    np.testing.assert_array_equal(made, expected)


def test_holes_that_touch_at_corners_are_two():
    valid = np.ones((4, 5), bool)
    valid[0, :2] = valid[1, 2] = valid[3, 3:] = valid[2, 4] = False
    expected = [[2, 2, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 3], [0, 0, 0, 3, 3]]
    sizes = hole_sizes(valid)
    assert sizes.dtype == np.int64
    np.testing.assert_array_equal(sizes, expected)
    # Holes don't go on at the other border.
    wide = np.ones((3, 4), bool)
    wide[0, -1] = wide[1, 0] = wide[2, 1] = wide[0, 1] = False
    np.testing.assert_array_equal(hole_sizes(wide), ~wide)
