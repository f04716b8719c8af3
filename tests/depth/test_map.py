from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dsdmsr import DepthMap, Intrinsics
from dsdmsr.depth.convert import to_kind
from dsdmsr.errors import DepthError


def test_values_and_validity_are_kept_and_cannot_change():
    given = np.array([[1.5, 2.0], [3.0, 4.0]])
    valid = np.array([[True, False], [True, True]])
    depth = DepthMap(given, valid, unit="m")
    given[0, 0] = valid[0, 0] = 0
    assert depth.values.dtype == np.float32
    np.testing.assert_array_equal(depth.values, [[1.5, 0], [3, 4]])
    np.testing.assert_array_equal(depth.valid, [[True, False], [True, True]])
    with pytest.raises(ValueError, match="read-only"):
        depth.values[0, 0] = 7
    with pytest.raises(dataclasses.FrozenInstanceError):
        depth.unit = "px"  # type: ignore[misc]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_finite_is_invalid(bad):
    depth = DepthMap([[1.0, bad]], np.array([[True, True]]))
    np.testing.assert_array_equal(depth.valid, [[True, False]])
    assert depth.values[0, 1] == 0


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        (np.zeros((0, 5)), {}, "both at least 1"),
        (np.zeros((2, 2, 3)), {}, "both at least 1"),
        (np.array([["a"]]), {}, "real numbers"),
        (np.ones((1, 1), dtype=complex), {}, "real numbers"),
        ([[1.0]], {"valid": [[1]]}, "give bool"),
        ([[1.0]], {"valid": np.ones((2, 2), bool)}, "give bool"),
        ([[1.0]], {"kind": "distance"}, "kind is 'distance'"),
        ([[1.0]], {"unit": "mm"}, "unit is 'mm'"),
        ([[-1.0, -2.0, 3.0]], {}, "2 pixels are negative, which a depth can't be: mark them"),
        ([[-1.0, -2.0, 0.0]], {}, "as in OpenGL and VTK, give -z, or give another kind"),
    ],
)
def test_what_cannot_be_a_map_is_refused(values, options, says):
    with pytest.raises(DepthError, match=says):
        DepthMap(values, **options)


def test_disparity_may_be_negative_and_invalid_depth_too():
    assert DepthMap([[-1.0]], kind="disparity").values[0, 0] == -1
    assert DepthMap([[-1.0]], [[False]]).values[0, 0] == 0


def test_intrinsics_scale_by_the_pixel_rule():
    large = Intrinsics(fx=100, fy=110, cx=7.5, cy=3.25).scaled(4)
    # The camera ray through the middle of small pixel (u, v) passes the middle of its block.
    assert (large.fx, large.fy) == (400, 440)
    for u in (0.0, 7.5, 12.0):
        middle = 4 * u + 1.5
        assert (middle - large.cx) / large.fx == pytest.approx((u - 7.5) / 100)
    assert large.cy == 4 * 3.75 - 0.5


def test_an_expected_error_is_kept_where_the_map_is_valid_and_read_only():
    depth = DepthMap([[1.0, np.nan], [3.0, 4.0]], unit="m", error=[[0.1, 0.2], [0, np.inf]])
    assert depth.error.dtype == np.float32
    np.testing.assert_array_equal(
        depth.error, np.array([[0.1, np.nan], [0, np.inf]], dtype=np.float32)
    )
    with pytest.raises(ValueError, match="read-only"):
        depth.error[0, 0] = 7
    doubled = dataclasses.replace(depth, values=2 * depth.values)
    np.testing.assert_array_equal(doubled.error, depth.error)
    assert to_kind(depth, "depth") is depth
    assert to_kind(depth, "inverse_depth").error is None


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ([[0.1]], r"error has shape \(1, 1\): give that of the map, \(1, 2\)"),
        ([[0.1, -0.1]], "the error of 1 valid pixels is negative or NaN: give"),
        ([[np.nan, 0.1]], "negative or NaN"),
        ([["a", "b"]], "errors are of type .*: give real numbers"),
    ],
)
def test_what_cannot_be_an_error_is_refused(error, says):
    with pytest.raises(DepthError, match=says):
        DepthMap([[1.0, 2.0]], error=error)


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("bad", [0.0, -3.0, np.nan, np.inf])
def test_arrays_that_are_given_away_are_kept_and_give_the_same_map(rng, holes, bad):
    values = rng.uniform(1, 2, (7, 9)).astype(np.float32)
    valid = rng.random((7, 9)) > 0.3 * holes
    values[~valid] = bad
    error = np.where(valid, values / 10, np.float32(bad))
    copied = DepthMap(values, valid, error=error)
    np.testing.assert_array_equal(copied.valid, valid)
    np.testing.assert_array_equal(copied.values, np.where(valid, values, 0))
    np.testing.assert_array_equal(copied.error, np.where(valid, error, np.float32(np.nan)))
    assert not np.shares_memory(copied.values, values)
    assert not np.shares_memory(copied.valid, valid)
    assert not np.shares_memory(copied.error, error)
    kept = DepthMap(values, valid, error=error, copy=False)
    assert kept.values is values
    assert kept.error is error
    for name in ("values", "valid", "error"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(copied, name))
        assert not getattr(kept, name).flags.writeable


@pytest.mark.parametrize("bad", [np.nan, -1.0])
def test_arrays_that_are_given_away_are_checked_all_the_same(bad):
    values = np.array([[1.0, -2.0, 3.0]], np.float32)
    with pytest.raises(DepthError, match="1 pixels are negative"):
        DepthMap(values, copy=False)
    with pytest.raises(DepthError, match="the error of 1 valid pixels is negative or NaN"):
        DepthMap(abs(values), error=np.array([[0, bad, 0]], np.float32), copy=False)
    lost = DepthMap(np.array([[1.0, np.nan]], np.float32), np.ones((1, 2), bool), copy=False)
    np.testing.assert_array_equal(lost.valid, [[True, False]])
    np.testing.assert_array_equal(lost.values, [[1, 0]])
