from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from dsdmsr import DepthMap, Intrinsics, Stereo
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.map import check_map
from dsdmsr.depth.metadata import Metadata
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


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        (np.zeros((0, 5)), {}, "values have shape (0, 5): give H×W, both at least 1"),
        (np.zeros((5, 0)), {}, "values have shape (5, 0): give H×W, both at least 1"),
        (np.zeros(3), {}, "values have shape (3,): give H×W, both at least 1"),
        (np.ones((1, 1), complex), {}, "values are of type complex128: give real numbers"),
        (
            [[1.0]],
            {"valid": np.ones((1, 1), np.int8)},
            "valid is int8 of shape (1, 1): give bool, (1, 1)",
        ),
        (
            [[1.0, 2]],
            {"valid": np.ones((2, 1), bool)},
            "valid is bool of shape (2, 1): give bool, (1, 2)",
        ),
        ([[1.0]], {"unit": "mm"}, "unit is 'mm': allowed are m, px, level, None"),
        (
            [[1.0]],
            {"kind": "dept"},
            "kind is 'dept' (did you mean depth?): allowed are depth, disparity, inverse_depth, "
            "height",
        ),
        (
            [[-1.0, -2.0, 3.0]],
            {},
            "2 pixels are negative, which a depth can't be: mark them invalid, or give another "
            "kind (disparity, inverse_depth, height)",
        ),
        (
            [[-1.0, 0.0, np.nan]],
            {},
            "1 pixels are negative, which a depth can't be: if z points away from what is seen, "
            "as in OpenGL and VTK, give -z, or give another kind (disparity, inverse_depth, "
            "height)",
        ),
        (
            [[1.0, 2.0]],
            {"error": [[0.1], [0.2]]},
            "error has shape (2, 1): give that of the map, (1, 2)",
        ),
        (
            [[1.0, 2.0, 3.0]],
            {"error": [[-0.1, np.nan, 0]]},
            "the error of 2 valid pixels is negative or NaN: give an absolute error, 0 or more, "
            "or mark them invalid",
        ),
        ([[1.0]], {"error": [[1j]]}, "errors are of type complex128: give real numbers"),
    ],
)
def test_errors_say_what_is_wrong_and_what_to_do(values, options, says):
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$"):
        DepthMap(values, **options)


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", "u1", "i2", "u8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("copy", [True, False])
def test_real_numbers_of_any_type_become_floats_of_32_bits_row_by_row(dtype, order, copy):
    given = np.array([[0, 1, 1], [1, 0, 1]], dtype, order=order)
    valid = np.array([[True, False, True], [True, True, True]], order=order)
    error = np.array([[0, 1, 0], [1, 1, 0]], dtype, order=order)
    depth = DepthMap(given, valid, error=error, copy=copy)
    for array in (depth.values, depth.valid, depth.error):
        assert array.flags.c_contiguous
        assert array.flags.aligned
    assert (depth.values.dtype, depth.valid.dtype) == (np.float32, np.bool_)
    assert depth.error.dtype == np.float32
    np.testing.assert_array_equal(depth.values, [[0, 0, 1], [1, 0, 1]])
    np.testing.assert_array_equal(depth.error, [[0, np.nan, 0], [1, 1, 0]])


@pytest.mark.parametrize("copy", [True, False])
def test_masked_pixels_are_invalid_whatever_valid_says(copy):
    values = np.ma.array([[1.0, 2, 3], [4, 5, 6]], mask=[[0, 1, 0], [0, 0, 0]])
    masked = [[True, False, True], [True, True, True]]
    np.testing.assert_array_equal(DepthMap(values, copy=copy).valid, masked)
    valid = np.array([[True, True, False], [True, True, True]])
    depth = DepthMap(values, valid, copy=copy)
    np.testing.assert_array_equal(depth.valid, [[True, False, False], [True, True, True]])
    hidden = np.ma.array(valid, mask=[[0, 0, 0], [0, 1, 0]])
    depth = DepthMap(values, hidden, copy=copy)
    np.testing.assert_array_equal(depth.valid, [[True, False, False], [True, False, True]])
    depth = DepthMap(np.ones((2, 3)), hidden, copy=copy)
    np.testing.assert_array_equal(depth.valid, [[True, True, False], [True, False, True]])


def test_masked_errors_are_not_known():
    error = np.ma.array([[0.5, -3.0]], mask=[[False, True]])
    depth = DepthMap([[1.0, 2.0]], [[True, False]], error=error)
    np.testing.assert_array_equal(depth.error, np.float32([[0.5, np.nan]]))
    with pytest.raises(DepthError, match=r"^the error of 1 valid pixels is negative or NaN"):
        DepthMap([[1.0, 2.0]], error=error)


def test_a_map_keeps_what_it_is_given_and_is_depth_in_an_unknown_unit_otherwise():
    plain = DepthMap([[1.0]])
    assert (plain.kind, plain.unit, plain.intrinsics, plain.stereo) == ("depth", None, None, None)
    assert (plain.encoding, plain.error, plain.metadata) == (None, None, Metadata())
    camera = Intrinsics(fx=1, fy=2, cx=3, cy=4)
    stereo, metadata = Stereo(focal=1, baseline=2), Metadata(entry="z")
    depth = DepthMap(
        [[-1.0]],
        kind="disparity",
        unit="px",
        intrinsics=camera,
        stereo=stereo,
        encoding="float",
        metadata=metadata,
    )
    assert (depth.kind, depth.unit, depth.encoding) == ("disparity", "px", "float")
    assert depth.intrinsics is camera
    assert depth.stereo is stereo
    assert depth.metadata is metadata
    for unit in ("m", "px", "level"):
        assert DepthMap([[1.0]], unit=unit).unit == unit
    assert DepthMap(np.ones((2, 3))).shape == (2, 3)


@pytest.mark.parametrize(
    ("depth", "text"),
    [
        (
            DepthMap([[1.5, 0, 2], [2, 4, 1]], [[True, False, True], [True] * 3], unit="m"),
            "DepthMap(2×3, depth, m, 83.3% valid, 1…4)",
        ),
        (
            DepthMap([[-1 / 3], [1e7]], kind="height"),
            "DepthMap(2×1, height, unknown unit, 100.0% valid, -0.333333…1e+07)",
        ),
        (
            DepthMap([[1.0]], [[False]], kind="disparity", unit="px"),
            "DepthMap(1×1, disparity, px, 0.0% valid)",
        ),
    ],
)
def test_a_map_says_what_it_is(depth, text):
    assert repr(depth) == text


def test_what_is_a_map_passes():
    depth = DepthMap([[1.0]])
    assert check_map(depth) is depth


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (np.ones((2, 3)), "a numpy.ndarray of shape (2, 3)"),
        (None, "a NoneType"),
        (7, "an int 7"),
        ("map.png", "a str 'map.png'"),
    ],
)
def test_what_is_none_is_described(given, what):
    says = (
        f"this is {what}, not a DepthMap: give DepthMap(values, unit='m') for metres, "
        "DepthMap.from_array(numbers, encoding='mm') for a sensor's numbers, or read_depth(path) "
        "for a file"
    )
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$"):
        check_map(given)


def test_frames_become_maps_as_files_do():
    camera = Intrinsics(fx=1, fy=2, cx=3, cy=4)
    stereo = Stereo(focal=1, baseline=2)
    frame = np.uint16([[1500, 0, 700], [2000, 4000, 7]])
    depth = DepthMap.from_array(frame, "mm", invalid=7, intrinsics=camera, stereo=stereo)
    assert (depth.kind, depth.unit, depth.intrinsics, depth.stereo) == (
        "depth",
        "m",
        camera,
        stereo,
    )
    np.testing.assert_array_equal(depth.valid, [[True, False, True], [True, True, False]])
    np.testing.assert_allclose(depth.values, [[1.5, 0, 0.7], [2, 4, 0]], rtol=1e-6)
    assert DepthMap.from_array(frame, encoding="mm").valid.sum() == 5
    floats = DepthMap.from_array(np.float32([[-2.5, 1]]), kind="height")
    assert (floats.kind, floats.intrinsics) == ("height", None)
    np.testing.assert_array_equal(floats.values, [[-2.5, 1]])
    plain = DepthMap.from_array(np.float32([[2.5, 0]]))
    assert (plain.kind, plain.stereo) == ("depth", None)
    np.testing.assert_array_equal(plain.valid, [[True, False]])


def test_notebooks_show_a_picture():
    assert DepthMap(np.ones((4, 6)))._repr_png_().startswith(b"\x89PNG\r\n")


def test_a_mask_that_is_given_away_is_kept_and_one_that_is_not_stays_writable():
    values, valid = np.ones((2, 3), np.float32), np.array([[True, False, True], [True] * 3])
    assert DepthMap(values.copy(), valid).valid is not valid
    assert valid.flags.writeable
    assert DepthMap(values, valid, copy=False).valid is valid
