from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.depth.gaps import ValueScale, value_scale
from dsdmsr.depth.normalise import Normalised, normalise, offset_and_span
from dsdmsr.errors import DepthError


@pytest.mark.parametrize("border", [0, 1, 8])
def test_the_border_is_the_mirrored_map(rng, border):
    values = rng.uniform(3, 9, (5, 7)).astype(np.float32)
    valid = np.ones((5, 7), bool)
    seen = normalise(values, valid, border).lr_depth
    inside = normalise(values, valid, 0).lr_depth[0, 0]
    expected = (values.astype(float) - values.min()) / np.ptp(values.astype(float))
    np.testing.assert_array_equal(inside, expected.astype(np.float32))
    np.testing.assert_array_equal(seen[0, 0], np.pad(inside, border, mode="symmetric"))


def test_more_rows_than_are_worked_on_at_once_come_out_alike(rng):
    values = rng.uniform(3, 9, (600, 3))
    tall = normalise(values, np.ones((600, 3), bool), 0)
    wide = normalise(values.T, np.ones((3, 600), bool), 0)
    np.testing.assert_array_equal(tall.lr_depth[0, 0], wide.lr_depth[0, 0].T)


@pytest.mark.parametrize("shape", [(1, 1), (3, 20_000), (400, 90)])
@pytest.mark.parametrize("allowed", [None, (4.0, 8.5)])
def test_predictions_are_rounded_once(rng, shape, allowed):
    low, high = np.float32(3.1), np.float32(9.7)
    normalised = normalise(np.array([[low, high]]), np.ones((1, 2), bool), 0)
    pred = rng.uniform(-0.2, 1.2, shape).astype(np.float32)
    # A part of a wider array, as a tile is.
    large = np.zeros((shape[0], shape[1] + 2), np.float32)
    normalised.put_in_unit(pred, large[:, 1:-1], allowed)
    exact = float(low) + (float(high) - float(low)) * pred.astype(np.float64)
    expected = exact if allowed is None else np.clip(exact, *allowed)
    np.testing.assert_array_equal(large[:, 1:-1], expected.astype(np.float32))
    assert not large[:, [0, -1]].any()


WALL = 2 + np.arange(600).reshape(20, 30) / 1000


def test_a_map_becomes_0_to_1_and_comes_back():
    values = np.array([[2.0, 4, 7], [6, 10, 99]])
    valid = np.array([[True, True, True], [True, True, False]])
    normalised = normalise(values, valid, 1)
    assert normalised.lr_depth.shape == (1, 1, 4, 5)
    assert normalised.lr_depth.dtype == np.float32
    shares = np.array([[0, 0.25, 0.625], [0.5, 1, 1]])
    # The hole has the value of the nearest pixel, that of the nearest column.
    shares[1, 2] = 0.625
    np.testing.assert_array_equal(normalised.lr_depth[0, 0, 1:-1, 1:-1], shares)
    assert (normalised.low, normalised.high, normalised.border) == (2, 10, 1)
    assert (normalised.scale, normalised.lone) == (None, None)
    back = normalised.in_unit(np.float32([[-0.5, 0], [0.25, 1]]))
    assert back.dtype == np.float64
    np.testing.assert_array_equal(back, [[-2, 2], [4, 10]])


def test_a_flat_map_becomes_0():
    normalised = normalise(np.full((2, 3), 7.0), np.ones((2, 3), bool), 0, rescale=True)
    assert not normalised.lr_depth.any()
    assert (normalised.low, normalised.high, normalised.scale) == (7, 7, None)
    np.testing.assert_array_equal(normalised.in_unit(normalised.lr_depth[0, 0]), 7)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([2.0, 3, 5], (2, 3)), ([[-4.0], [-4.5]], (-4.5, 0.5)), ([7.0, 7], (7, 1)), ([], (0, 1))],
)
def test_the_least_value_becomes_0_and_the_range_1(values, expected):
    found = offset_and_span(np.array(values))
    assert found == expected
    assert all(type(number) is float for number in found)


def test_the_range_is_kept_unless_it_is_to_be_rescaled():
    values = WALL.copy()
    values[:, :3] = 60
    everywhere = np.ones(values.shape, bool)
    plain = normalise(values, everywhere, 0)
    assert plain.scale is None
    np.testing.assert_allclose(plain.lr_depth[0, 0], (values - values.min()) / np.ptp(values))
    rescaled = normalise(values, everywhere, 2, rescale=True)
    inner = rescaled.lr_depth[0, 0, 2:-2, 2:-2]
    scale = value_scale(values)
    np.testing.assert_array_equal(rescaled.scale.values, scale.values)
    np.testing.assert_array_equal(inner, scale.to_shares(values).astype(np.float32))
    assert (rescaled.low, rescaled.high, rescaled.border) == (values.min(), 60, 2)
    assert rescaled.lr_depth.dtype == np.float32
    assert not rescaled.lone.any()
    np.testing.assert_allclose(rescaled.in_unit(inner), values, rtol=1e-5)


@pytest.mark.parametrize("far", [3.5, 65.0])
def test_lone_pixels_are_filled_where_the_range_is_rescaled(far):
    values, valid = WALL.copy(), np.ones(WALL.shape, bool)
    values[7, 9], valid[12, 20] = far + 1.5, False
    values[12, 20] = 1000
    normalised = normalise(values, valid, 0, rescale=True)
    lone = np.zeros(values.shape, bool)
    lone[7, 9] = True
    np.testing.assert_array_equal(normalised.lone, lone)
    # Without it nothing is wide.
    assert normalised.scale is None
    assert (normalised.low, normalised.high) == (2, 2.599)
    shares = (WALL - 2) / 0.599
    shares[7, 9], shares[12, 20] = shares[6, 9], shares[11, 20]
    np.testing.assert_allclose(normalised.lr_depth[0, 0], shares, atol=1e-6)


@pytest.mark.parametrize(("gap", "wide"), [(7.5, False), (9.0, True)])
def test_surfaces_that_are_not_lone_need_a_wider_gap(gap, wide):
    values = np.repeat(2 + np.arange(32) / 31, 30).reshape(32, 30)
    values[:, :4] = 3 + gap
    normalised = normalise(values, np.ones(values.shape, bool), 0, rescale=True)
    assert (normalised.scale is not None) == wide
    assert not normalised.lone.any()


@pytest.mark.parametrize("shape", [(3, 5), (700, 60)])
def test_errors_are_put_in_the_unit(rng, shape):
    error = rng.random(shape, dtype=np.float32)
    errors = np.empty(shape, np.float32)
    pred = rng.random(shape, dtype=np.float32)
    Normalised(pred[None, None], 2.0, 6.0, 0).put_error_in_unit(error, pred, errors)
    np.testing.assert_array_equal(errors, 4 * error)


def test_errors_grow_where_the_scale_is_wide():
    scale = ValueScale(np.array([0.0, 1, 9]), np.array([0.0, 0.5, 1]))
    pred, errors = np.float32([[0.25, 0.5, 0.75]]), np.empty((1, 3), np.float32)
    normalised = Normalised(pred[None, None], 0.0, 9.0, 0, scale)
    normalised.put_error_in_unit(np.float32([[0.125, 0.25, 0.125]]), pred, errors)
    # In the middle it reaches down by half, and up by 4.
    np.testing.assert_allclose(errors, [[0.25, 2.25, 2]])
    np.testing.assert_allclose(normalised.in_unit(pred), [[0.5, 1, 5]])
    values = np.empty((1, 3), np.float32)
    normalised.put_in_unit(pred, values, (0.75, 4.5))
    np.testing.assert_allclose(values, [[0.75, 1, 4.5]])


@pytest.mark.parametrize(("border", "scale"), [(0, 2), (1, 4), (2, 3)])
def test_a_prediction_is_restored_without_its_border(border, scale):
    shape = scale * (3 + 2 * border), scale * (5 + 2 * border)
    pred = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(1, 1, *shape)
    restored = Normalised(pred, 2.0, 6.0, border).restored(pred, scale)
    cut = scale * border
    expected = 2 + 4 * pred[0, 0][cut : shape[0] - cut, cut : shape[1] - cut]
    assert restored.dtype == np.float64
    np.testing.assert_array_equal(restored, expected)


def test_a_map_of_holes_cannot_be_normalised():
    with pytest.raises(DepthError, match="no pixel of the map is valid"):
        normalise(np.ones((2, 2)), np.zeros((2, 2), bool), 0)
