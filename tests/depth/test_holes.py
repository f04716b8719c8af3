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
