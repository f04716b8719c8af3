"""Messages of depth images and cameras: those of rosbags, and others with the same fields."""

from __future__ import annotations

import re
import struct
from array import array
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from dsdmsr import DepthMap
from dsdmsr.errors import DepthError, EncodingError, FileError
from dsdmsr.io.ros_cameras import intrinsics_of, larger_camera
from dsdmsr.io.ros_images import changed, image_like, image_map, unpack
from dsdmsr.io.rvl import pack_rvl, unpack_rvl
from tools.source_files import recordings

TYPES = get_typestore(Stores.ROS2_HUMBLE)
A, B = np.float32(100.0 * 101.0), np.float32(1 - 100.0 * 101.0 / 10)
"""Quantisation of compressed_depth_image_transport: by default up to 10 m."""


def message(named):
    return recordings._filled(TYPES, named)


def millimetres(rng, shape=(5, 7), high=9000):
    numbers = rng.integers(1, high, shape).astype(np.uint16)
    numbers[rng.random(shape) < 0.3] = 0
    return numbers


def pixels(image):
    dtype = {"16UC1": np.uint16, "mono16": np.uint16, "32FC1": np.float32}[image.encoding]
    assert image.step == image.width * np.dtype(dtype).itemsize
    assert not image.is_bigendian
    return np.frombuffer(image.data, dtype).reshape(image.height, image.width)


@pytest.mark.parametrize("encoding", ["16UC1", "mono16", "32FC1"])
@pytest.mark.parametrize(("big", "padding"), [(False, 0), (True, 0), (False, 4), (True, 3)])
def test_raw_images_come_back(rng, encoding, big, padding):
    numbers = millimetres(rng)
    if encoding == "32FC1":
        numbers = np.where(numbers > 0, numbers / 1000, np.nan).astype(np.float32)
    image = message(recordings.image(numbers, encoding, big, padding))
    depth = image_map(image)
    np.testing.assert_array_equal(depth.valid, numbers > 0)
    assert (depth.kind, depth.unit) == ("depth", "m")
    back = image_like(image, depth)
    assert type(back) is type(image)
    np.testing.assert_array_equal(pixels(back), numbers)
    assert back.encoding == encoding
    TYPES.serialize_cdr(back, back.__msgtype__)


@pytest.mark.parametrize("hold", [bytes, lambda data: array("B", data)])
def test_data_stay_what_a_client_library_holds(rng, hold):
    numbers = millimetres(rng)
    image = message(recordings.image(numbers, "16UC1"))
    image.data = hold(image.data.tobytes())
    back = image_like(image, image_map(image))
    assert type(back.data) is type(image.data)
    assert bytes(back.data) == numbers.tobytes()


def test_whole_numbers_are_rounded_half_up():
    image = message(recordings.image(np.ones((1, 4), np.uint16), "16UC1"))
    depth = DepthMap(np.float32([[0.0014, 0.00151, 1.2345, 2.0]]), unit="m")
    assert pixels(image_like(image, depth)).tolist() == [[1, 2, 1235, 2000]]
    with pytest.raises(EncodingError, match="1 of 1 valid pixels do not fit"):
        image_like(image, DepthMap([[70.0]], unit="m"))


def png(numbers):
    return cv2.imencode(".png", numbers)[1].tobytes()


@pytest.mark.parametrize("kind", ["png", "rvl"])
@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_compressed_images_come_back(rng, kind, encoding):
    numbers = millimetres(rng, (6, 8))
    size = struct.pack("<II", 8, 6)
    packed = png(numbers) if kind == "png" else size + recordings.rvl(numbers)
    scales = (A, B) if encoding == "32FC1" else (0, 0)
    image = message(recordings.compressed(packed, f"{encoding}; compressedDepth {kind}", *scales))
    depth = image_map(image)
    assert depth.unit == "m"
    back = image_like(image, depth)
    assert back.format == image.format
    content = back.data.tobytes()
    assert content[:12] == image.data[:12].tobytes()
    if kind == "rvl":
        assert content[12:] == packed
    else:
        got = cv2.imdecode(np.frombuffer(content[12:], np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(got, numbers)


def test_quantised_depth_is_rounded_and_stays_in_range(rng):
    numbers = np.full((1, 5), 9, np.uint16)
    image = message(recordings.compressed(png(numbers), "32FC1; compressedDepth png", A, B))
    values = np.float32([[0.5, 3.21, 9.99, 11.0, 1.0]])
    depth = DepthMap(values, [[True] * 4 + [False]], unit="m")
    back = image_map(image_like(image, depth))
    assert back.valid.tolist() == depth.valid.tolist()
    step = values**2 / A
    assert (np.abs(back.values - values) <= 0.51 * step)[0, :3].all()
    assert back.values[0, 3] == pytest.approx(10)


@pytest.mark.parametrize("share", [0, 0.1, 0.9, 1])
def test_rvl_is_that_of_its_paper(rng, share):
    for shape in [(1, 1), (3, 5), (40, 64)]:
        pixels = rng.integers(0, 65536, shape).astype(np.uint16)
        pixels[rng.random(shape) < share] = 0
        assert pack_rvl(pixels) == recordings.rvl(pixels)
        np.testing.assert_array_equal(unpack_rvl(pack_rvl(pixels), pixels.size), pixels.ravel())


@pytest.mark.parametrize(
    ("named", "says"),
    [
        (recordings.image(np.zeros((2, 6), np.uint8), "rgb8"), "encoding rgb8: give a topic of"),
        (recordings.compressed(b"x" * 20, "jpeg"), "encoding jpeg: give a topic of"),
        (recordings.compressed(b"x" * 20, "16UC1; compressedDepth png"), "not a PNG"),
        (recordings.compressed(b"", "16UC1; compressedDepth png"), "is damaged: it holds 12 bytes"),
    ],
)
def test_other_images_are_refused_in_a_line(named, says):
    with pytest.raises(FileError, match=says) as caught:
        image_map(message(named))
    assert "\n" not in str(caught.value)


K = [50, 0.5, 3.5, 0, 60, 2.5, 0, 0, 1]
P = [40, 0, 3, -18, 0, 44, 2, 7, 0, 0, 1, 0]


ROI_LEFT_OVER = (4, 6, 17, 12)
"""A region whose last column is left over by a binning of 2."""


def camera(width=8, height=6, *, first=False, binning=(0, 0), roi=None):
    types = get_typestore(Stores.ROS1_NOETIC) if first else TYPES
    info = recordings._filled(types, recordings.camera(width, height, K, P, first=first))
    info.binning_x, info.binning_y = binning
    if roi is not None:
        names = ("x_offset", "y_offset", "width", "height")
        info.roi = replace(info.roi, **dict(zip(names, roi, strict=True)))
    return info


@pytest.mark.parametrize("first", [True, False])
def test_cameras_grow_by_the_pixel_rule(first):
    info = camera(first=first)
    larger = larger_camera(info, 4, (6, 8))
    k, p = (larger.K, larger.P) if first else (larger.k, larger.p)
    assert k.tolist() == [200, 2, 15.5, 0, 240, 11.5, 0, 0, 1]
    assert p.tolist() == [160, 0, 13.5, -72, 0, 176, 9.5, 28, 0, 0, 1, 0]
    assert (larger.width, larger.height) == (32, 24)
    assert (larger.roi.width, larger.roi.height) == (0, 0)
    r = "R" if first else "r"
    assert getattr(larger, r) is getattr(info, r)
    assert (info.width, (info.K if first else info.k)[0]) == (8, 50)
    if not first:
        TYPES.serialize_cdr(larger, larger.__msgtype__)


@pytest.mark.parametrize(
    ("binning", "roi", "shape", "size", "larger_roi"),
    [
        ((0, 0), None, (30, 41), (82, 60), (0, 0, 0, 0)),
        ((2, 2), None, (15, 20), (80, 60), (0, 0, 0, 0)),
        ((1, 3), None, (10, 41), (82, 60), (0, 0, 0, 0)),
        ((0, 0), (4, 6, 16, 12), (12, 16), (82, 60), (8, 12, 32, 24)),
        ((2, 2), (4, 6, 16, 12), (6, 8), (82, 60), (8, 12, 32, 24)),
        ((2, 2), ROI_LEFT_OVER, (6, 8), (82, 60), (8, 12, 32, 24)),
    ],
)
def test_a_larger_region_fits_its_image(binning, roi, shape, size, larger_roi):
    info = camera(41, 30, binning=binning, roi=roi)
    larger = larger_camera(info, 2, shape)
    assert (larger.width, larger.height) == size
    region = larger.roi
    assert (region.x_offset, region.y_offset, region.width, region.height) == larger_roi
    assert (larger.binning_x, larger.binning_y) == binning
    # Twice as large at once, or the image's camera grown: where pixels lie in space is the same.
    grown = (2 * shape[0], 2 * shape[1])
    assert larger_camera(larger, 2, grown).k.tolist() == larger_camera(info, 4, shape).k.tolist()
    if binning != (1, 3) and shape[1] * max(binning[0], 1) in (41, 16) and roi != ROI_LEFT_OVER:
        at_once = intrinsics_of(larger, grown, rectified=False)
        before = intrinsics_of(info, shape, rectified=False).scaled(2)
        assert at_once.cx == pytest.approx(before.cx)
        assert at_once.fy == pytest.approx(before.fy)


def test_a_camera_without_calibration_keeps_its_zeros():
    info = camera()
    info.k, info.p = np.zeros(9), np.zeros(12)
    larger = larger_camera(info, 2, (6, 8))
    assert not larger.k.any()
    assert not larger.p.any()
    with pytest.raises(ValueError, match="no calibration"):
        intrinsics_of(info, (6, 8), rectified=True)


def test_the_camera_of_another_size_is_refused_in_a_line():
    says = r"the image has 8×6 pixels, its camera_info 4×3: give the camera_info"
    with pytest.raises(DepthError, match=says):
        larger_camera(camera(4, 3), 2, (6, 8))


def test_any_object_with_these_fields_is_a_message():
    image = SimpleNamespace(
        encoding="16UC1", height=1, width=1, step=2, is_bigendian=1, data=b"\x05\xdc"
    )
    assert image_map(image).values[0, 0] == 1.5
    info = SimpleNamespace(
        width=1, height=1, binning_x=0, binning_y=0, K=tuple(K), P=P, roi=camera().roi
    )
    larger = larger_camera(info, 2, (1, 1))
    assert larger.K == (100, 1, 7.5, 0, 120, 5.5, 0, 0, 1)
    assert isinstance(larger.P, list)


def raw(**fields):
    whole = {"encoding": "16UC1", "height": 2, "width": 3, "step": 7, "is_bigendian": 0}
    return SimpleNamespace(**(whole | {"data": bytes(range(14))} | fields))


def packed(content, said="32FC1; compressedDepth png", a=0.0, b=0.0, kind=7):
    return SimpleNamespace(format=said, data=struct.pack("<iff", kind, a, b) + content)


def in_rvl(numbers):
    return struct.pack("<II", numbers.shape[1], numbers.shape[0]) + recordings.rvl(numbers)


@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        ({}, [[0x0100, 0x0302, 0x0504], [0x0807, 0x0A09, 0x0C0B]]),
        ({"is_bigendian": 1}, [[0x0001, 0x0203, 0x0405], [0x0708, 0x090A, 0x0B0C]]),
        (
            {"step": 6, "data": bytes(range(12))},
            [[0x0100, 0x0302, 0x0504], [0x0706, 0x0908, 0x0B0A]],
        ),
        ({"encoding": " mono16 "}, [[0x0100, 0x0302, 0x0504], [0x0807, 0x0A09, 0x0C0B]]),
    ],
)
def test_rows_are_of_so_many_bytes(fields, numbers):
    made, notes = unpack(raw(**fields), "it")
    assert (made.dtype, made.tolist()) == (np.uint16, numbers)
    assumed = ["mono16 is taken for depth in millimetres"]
    assert notes == (assumed if "encoding" in fields else [])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"step": 5, "data": bytes(10)}, "promises 3×2 pixels in rows of 5 bytes, but holds 10"),
        ({"data": bytes(13)}, "promises 3×2 pixels in rows of 7 bytes, but holds 13"),
        ({"data": bytes(15)}, "promises 3×2 pixels in rows of 7 bytes, but holds 15"),
        ({"width": 0}, "promises 0×2 pixels in rows of 7 bytes, but holds 14"),
        ({"height": 0, "data": b""}, "promises 3×0 pixels in rows of 7 bytes, but holds 0"),
        ({"encoding": "32FC1"}, "promises 3×2 pixels in rows of 7 bytes, but holds 14"),
    ],
)
def test_rows_that_are_not_there_are_refused(fields, says):
    with pytest.raises(ValueError, match=f"^it {re.escape(says)}$"):
        unpack(raw(**fields), "a")
    with pytest.raises(FileError, match=f"^the image is damaged: it {re.escape(says)}$"):
        image_map(raw(**fields))


@pytest.mark.parametrize(
    ("image", "encoding"),
    [
        (raw(encoding="16SC1"), "16SC1"),
        (raw(encoding="16UC1x"), "16UC1x"),
        (packed(b"", "16UC1; png"), "16UC1; png"),
        (packed(b"", "8UC1; compressedDepth"), "8UC1; compressedDepth"),
    ],
)
def test_images_of_another_encoding_are_named(image, encoding):
    says = (
        f"it has the encoding {encoding}: give a topic of 16UC1, mono16, 32FC1 or compressedDepth"
    )
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        unpack(image, "it")


def test_numbers_of_quantisation_become_depth():
    numbers = np.uint16([[0, 1, 2, 3], [4, 6, 10, 65535]])
    image = packed(in_rvl(numbers), "32FC1; compressedDepth rvl", 8.0, 2.0)
    made, notes = unpack(image, "it")
    assert (made.dtype, made.shape, notes) == (np.float32, (2, 4), [])
    expected = [[np.nan, np.nan, np.inf, 8], [4, 2, 1, 8 / 65533]]
    np.testing.assert_array_equal(made, np.float32(expected))


def test_depth_that_is_too_small_for_a_float_is_none():
    image = packed(in_rvl(np.uint16([[65535, 1]])), "32FC1; compressedDepth rvl", 1e-45)
    assert np.isnan(unpack(image, "it")[0]).tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (0.0, 1.0, "0 and 1"),
        (-1.0, 1.0, "-1 and 1"),
        (np.inf, 1.0, "inf and 1"),
        (np.nan, 1.0, "nan and 1"),
        (1.0, np.inf, "1 and inf"),
        (1.0, np.nan, "1 and nan"),
    ],
)
def test_numbers_of_quantisation_are_finite(a, b, said):
    image = packed(in_rvl(np.uint16([[5]])), "32FC1; compressedDepth rvl", a, b)
    with pytest.raises(ValueError, match=f"^its numbers of quantisation are {said}$"):
        unpack(image, "it")
    image.format = "16UC1; compressedDepth rvl"
    assert unpack(image, "it")[0].tolist() == [[5]]


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (bytes(7), "png", "it holds 19 bytes"),
        (bytes(7), "rvl", "it holds 19 bytes"),
        (struct.pack("<II", 0, 3), "rvl", "it promises 0×3 pixels"),
        (struct.pack("<II", 2**13, 2**13 + 1), "rvl", "it promises 8192×8193 pixels"),
        (struct.pack("<II", 2**13, 2**13), "rvl", "RVL data end after 0 of 67108864 pixels"),
        (png(np.ones((2, 2), np.uint8)), "png", "its PNG has not 16 bits"),
    ],
)
def test_compressed_images_that_are_none_are_refused(content, kind, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        unpack(packed(content, f"16UC1; compressedDepth {kind}"), "it")


def test_a_compressed_image_keeps_its_header_and_rounds(rng):
    image = packed(in_rvl(np.uint16([[5, 6]])), "32FC1; compressedDepth rvl", 8.0, 2.0)
    values = np.float32([[8 / 3.49, 8 / 3.51, 1e-9], [1e9, 1, 1]])
    depth = DepthMap(values, [[True] * 3, [True, True, False]], unit="m")
    back = image_like(image, depth)
    assert isinstance(back.data, bytes)
    assert back.data[:12] == image.data[:12]
    assert back.data[12:] == in_rvl(np.uint16([[5, 6, 65535], [2, 10, 0]]))
    low = packed(in_rvl(np.uint16([[5]])), "32FC1; compressedDepth rvl", 8.0, -3.0)
    made = image_like(low, DepthMap([[100.0]], unit="m"))
    assert made.data[12:] == in_rvl(np.uint16([[1]]))


def test_a_raw_image_keeps_what_is_not_of_its_size(rng):
    image = raw(is_bigendian=1, header="h")
    back = image_like(image, DepthMap(np.full((1, 5), 0.258, np.float32), unit="m"))
    assert (back.height, back.width, back.step, back.is_bigendian) == (1, 5, 10, 0)
    assert (back.header, back.encoding, back.data) == ("h", "16UC1", b"\x02\x01" * 5)
    assert (image.height, len(image.data)) == (2, 14)


@pytest.mark.parametrize("kind", [list, tuple, bytes, lambda data: array("B", data), np.array])
def test_fields_keep_their_type_and_others_are_left_alone(kind):
    message = SimpleNamespace(data=kind([1, 2]), name="a", height=3)
    other = changed(message, data=np.uint8([7, 8, 9]), height=4)
    assert type(other.data) is type(message.data)
    assert list(other.data) == [7, 8, 9]
    assert (other.name, other.height, message.height, list(message.data)) == ("a", 4, 3, [1, 2])
