"""Messages of depth images and cameras: those of rosbags, and others with the same fields."""

from __future__ import annotations

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
from dsdmsr.io.ros_images import image_like, image_map
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
