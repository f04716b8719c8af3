from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from PIL import Image

from dsdmsr import DepthMap, Intrinsics, Stereo, read_depth
from dsdmsr.errors import DepthError, EncodingError
from dsdmsr.io import ENCODINGS, Encoding, InvalidNumbers
from dsdmsr.io.frames import _stored

CAMERA = Intrinsics(fx=500, fy=501, cx=3, cy=2)


@pytest.mark.parametrize("encoding", [name for name, each in ENCODINGS.items() if each.largest])
def test_a_frame_is_what_a_file_of_the_same_numbers_is(tmp_path, rng, encoding):
    dtype = ENCODINGS[encoding].dtype
    numbers = rng.integers(0, np.iinfo(dtype).max + 1, (9, 12)).astype(dtype)
    numbers[2:5, 3:6], numbers[7] = 0, np.iinfo(dtype).max
    Image.fromarray(numbers).save(tmp_path / "a.png")
    read, made = read_depth(tmp_path / "a.png", encoding), DepthMap.from_array(numbers, encoding)
    np.testing.assert_array_equal(made.values, read.values)
    np.testing.assert_array_equal(made.valid, read.valid)
    assert (made.kind, made.unit, made.encoding) == (read.kind, read.unit, read.encoding)
    assert made.metadata == read.metadata


def test_numbers_that_mean_nothing_and_a_camera_are_taken(rng):
    numbers = np.arange(1000, 1020, dtype=np.uint16).reshape(4, 5)
    depth = DepthMap.from_array(numbers, encoding="mm", invalid=1003, intrinsics=CAMERA)
    assert depth.intrinsics == CAMERA
    assert (depth.unit, int((~depth.valid).sum())) == ("m", 1)
    assert depth.values[1, 1] == np.float32(1.006)
    several = DepthMap.from_array(numbers, "mm", invalid=[1003, 1004])
    assert int((~several.valid).sum()) == 2
    rules = InvalidNumbers(above=1.01)
    assert int(DepthMap.from_array(numbers, "mm", invalid=rules).valid.sum()) == 11
    with pytest.raises(EncodingError, match="invalid is 'x': give a number"):
        DepthMap.from_array(numbers, "mm", invalid="x")


def test_masked_pixels_are_holes_and_the_frame_stays_the_callers():
    numbers = np.ma.masked_equal(np.uint16([[1500, 7], [2000, 3000]]), 7)
    depth = DepthMap.from_array(numbers, "mm")
    np.testing.assert_array_equal(depth.valid, [[True, False], [True, True]])
    plain = np.float32([[1.0, 2.0]])
    depth = DepthMap.from_array(plain, "metres")
    plain[:] = 9
    np.testing.assert_array_equal(depth.values, [[1, 2]])


@pytest.mark.parametrize(
    "frame",
    [
        np.array([[1500, 0]], ">u2"),
        np.array([[1500, 0]], np.int32),
        np.array([[1500, 0]], np.float64),
        torch.tensor([[1500, 0]]),
        [[1500, 0]],
    ],
)
def test_any_array_of_numbers_is_a_frame(frame):
    depth = DepthMap.from_array(frame, "mm")
    np.testing.assert_array_equal(depth.values, np.float32([[1.5, 0]]))
    np.testing.assert_array_equal(depth.valid, [[True, False]])


def test_whole_numbers_are_never_silently_millimetres():
    for dtype, said in (
        (np.uint16, "holds uint16 numbers.*give encoding='mm' .*another of mm, tum, kitti"),
        (np.uint8, "holds uint8 numbers.*another of levels, relative;"),
        (np.int64, "holds int64 numbers"),
    ):
        with pytest.raises(EncodingError, match=f"^the array {said}"):
            DepthMap.from_array(np.full((3, 4), 5, dtype))
    assert DepthMap.from_array(np.float32([[1.5, 2]])).unit is None
    assert DepthMap.from_array(np.float32([[1.5, 2]]), kind="disparity").unit == "px"


def test_names_of_8_bits_mean_those_of_16_as_in_files():
    assert DepthMap.from_array(np.uint16([[5, 300]]), "levels").encoding == "levels16"
    own = Encoding(meaning="quarter millimetres", per_unit=4000, unit="m")
    assert DepthMap.from_array(np.uint16([[4000]]), own).values[0, 0] == 1


@pytest.mark.parametrize(
    ("frame", "encoding", "kind", "error", "said"),
    [
        (np.uint16([[1]]), "kiti", None, EncodingError, "did you mean kitti"),
        (np.uint16([[1]]), "mm", "disparity", EncodingError, "is of kind depth, not disparity"),
        (np.zeros((2, 2, 1), np.uint16), "mm", None, DepthError, r"has shape \(2, 2, 1\)"),
        (np.zeros((0, 2), np.uint16), "mm", None, DepthError, "both at least 1"),
        (np.array([["a"]]), "mm", None, DepthError, "type <U1: give real ones"),
        ([[1, 2], [3]], "mm", None, DepthError, "a list is no array: give H×W numbers"),
        (
            torch.ones(2, 2, requires_grad=True),
            "metres",
            None,
            DepthError,
            r"a torch.Tensor of shape \(2, 2\) is no array",
        ),
        (np.float32([[-1.0, -2.0]]), "metres", None, DepthError, "2 pixels are negative"),
    ],
)
def test_what_is_no_frame_is_refused(frame, encoding, kind, error, said):
    with pytest.raises(error, match=said):
        DepthMap.from_array(frame, encoding, kind=kind)


@pytest.mark.parametrize("kind", [">u2", ">i4", ">f4", ">f8", "<u2", "u1", "f4"])
def test_a_frame_keeps_its_type_in_the_order_of_the_machine(kind):
    given = np.array([[1, 2, 3]], kind)
    numbers = _stored(given, None, None).numbers
    assert numbers.dtype == np.dtype(kind[-2:])
    assert numbers.dtype.isnative
    np.testing.assert_array_equal(numbers, given)


def test_whole_numbers_of_the_other_byte_order_are_not_taken_for_floats():
    with pytest.raises(EncodingError, match=r"^the array holds uint16 numbers, which don't say"):
        DepthMap.from_array(np.array([[1, 2]], ">u2"))


@pytest.mark.parametrize(
    ("kind", "names"),
    [("u2", "mm, tum, kitti"), ("i8", ", ".join(ENCODINGS)), ("u1", "levels, relative")],
)
def test_what_whole_numbers_may_mean_is_listed(kind, names):
    says = (
        f"the array holds {np.dtype(kind).name} numbers, which don't say what they mean: give "
        f"encoding='mm' for millimetres, or another of {names}"
    )
    end = "; or, for numbers that are values already, DepthMap(array)"
    with pytest.raises(EncodingError, match=f"^{re.escape(says)}.*{re.escape(end)}$"):
        DepthMap.from_array(np.ones((2, 3), kind))


@pytest.mark.parametrize("shape", [(3,), (2, 0), (0, 3), (1, 2, 3), ()])
def test_a_frame_has_two_axes_and_a_pixel(shape):
    says = f"the array has shape {shape}: give H×W, both at least 1"
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$"):
        DepthMap.from_array(np.ones(shape, np.float32))
    assert DepthMap.from_array(np.ones((1, 1), np.float32)).shape == (1, 1)


def test_two_cameras_and_a_mask_are_taken():
    stereo = Stereo(focal=500, baseline=0.1)
    numbers = np.ma.masked_equal(np.float32([[1, 2, 3]]), 2)
    depth = DepthMap.from_array(numbers, kind="disparity", intrinsics=CAMERA, stereo=stereo)
    assert (depth.stereo, depth.intrinsics) == (stereo, CAMERA)
    assert depth.valid.tolist() == [[True, False, True]]


@pytest.mark.parametrize("invalid", ["x", object, [1, "x"], [None], {}])
def test_numbers_for_nothing_are_numbers(invalid):
    says = f"invalid is {invalid!r}: give a number, a list of numbers, or an InvalidNumbers"
    with pytest.raises(EncodingError, match=f"^{re.escape(says)}$"):
        DepthMap.from_array(np.uint16([[1]]), "mm", invalid=invalid)


def test_one_number_or_several_mean_nothing():
    numbers = np.uint16([[1, 2, 3, 4]])
    for invalid, seen in [
        (2, [1, 0, 1, 1]),
        (2.0, [1, 0, 1, 1]),
        ((2, 4), [1, 0, 1, 0]),
        (["3"], [1, 1, 0, 1]),
        ([], [1, 1, 1, 1]),
        (None, [1, 1, 1, 1]),
    ]:
        depth = DepthMap.from_array(numbers, "mm", invalid=invalid)
        assert depth.valid.astype(int).tolist() == [seen]
