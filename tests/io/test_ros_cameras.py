"""Cameras of ROS messages, whose two axes differ in everything."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import pytest

from dsdmsr.errors import DepthError
from dsdmsr.io.ros_cameras import intrinsics_of, larger_camera

K = (50.0, 0.5, 20.5, 0.0, 60.0, 12.5, 0.0, 0.0, 1.0)
P = (40.0, 0.0, 19.0, -18.0, 0.0, 44.0, 11.0, 7.0, 0.0, 0.0, 1.0, 0.0)


def info(width=41, height=30, *, roi=(0, 0, 0, 0), binning=(0, 0), **matrices):
    names = ("x_offset", "y_offset", "width", "height")
    return SimpleNamespace(
        width=width,
        height=height,
        roi=SimpleNamespace(**dict(zip(names, roi, strict=True))),
        binning_x=binning[0],
        binning_y=binning[1],
        **({"k": K, "p": P} | matrices),
    )


def four(camera) -> tuple[float, ...]:
    return camera.fx, camera.fy, camera.cx, camera.cy


@pytest.mark.parametrize(
    ("rectified", "roi", "shape", "expected"),
    [
        (False, (0, 0, 0, 0), (30, 41), (50, 60, 20.5, 12.5)),
        (True, (0, 0, 0, 0), (30, 41), (40, 44, 19, 11)),
        (False, (4, 6, 16, 12), (12, 16), (50, 60, 16.5, 6.5)),
        (True, (4, 6, 16, 12), (12, 16), (40, 44, 15, 5)),
        (False, (4, 6, 16, 12), (24, 32), (100, 120, 33.5, 13.5)),
        (False, (4, 6, 16, 12), (6, 8), (25, 30, 8, 3)),
        (False, (4, 6, 16, 0), (30, 16), (50, 60, 16.5, 6.5)),
        (False, (4, 6, 0, 12), (12, 41), (50, 60, 16.5, 6.5)),
    ],
)
def test_a_region_begins_at_its_own_column_and_row(rectified, roi, shape, expected):
    assert four(intrinsics_of(info(roi=roi), shape, rectified=rectified)) == expected
    first = info(roi=roi, K=K, P=P)
    del first.k, first.p
    assert four(intrinsics_of(first, shape, rectified=rectified)) == expected


def test_axes_may_differ_by_a_hundredth():
    camera = intrinsics_of(info(200, 100), (200, 402), rectified=False)
    assert four(camera) == pytest.approx((100.5, 120, 21 * 2.01 - 0.5, 25.5))
    for shape, sensor in (((200, 405), (200, 100)), ((100, 202.5), (200, 100))):
        with pytest.raises(ValueError, match=r"^is of 200×100 pixels$"):
            intrinsics_of(info(*sensor), shape, rectified=False)
    with pytest.raises(ValueError, match=r"^is of 16×12 pixels$"):
        intrinsics_of(info(roi=(4, 6, 16, 12)), (30, 41), rectified=False)


def test_a_rectified_image_without_p_is_seen_by_k():
    for p in ((0.0,) * 12, (-40.0, *P[1:])):
        camera = intrinsics_of(info(p=p), (30, 41), rectified=True)
        assert four(camera) == (50, 60, 20.5, 12.5)


@pytest.mark.parametrize(
    "other",
    [
        {"k": (0.0,) * 9},
        {"k": (0.0, *K[1:])},
        {"k": (*K[:4], 0.0, *K[5:])},
        {"k": (-50.0, *K[1:])},
        {"k": (*K[:2], math.nan, *K[3:])},
        {"k": (*K[:5], math.inf, *K[6:])},
        {"width": 0},
        {"height": 0},
    ],
)
def test_a_camera_without_calibration_is_none(other):
    with pytest.raises(ValueError, match=r"^holds no calibration$"):
        intrinsics_of(info(**other), (30, 41), rectified=False)


def test_the_last_column_of_p_may_be_anything():
    p = (*P[:3], math.nan, *P[4:])
    assert four(intrinsics_of(info(p=p), (30, 41), rectified=True)) == (40, 44, 19, 11)


@pytest.mark.parametrize(
    ("binning", "shape"),
    [
        ((0, 0), (30, 41)),
        ((1, 1), (30, 41)),
        ((2, 3), (10, 20)),
        ((3, 0), (30, 13)),
    ],
)
def test_a_larger_camera_is_that_of_each_axis(binning, shape):
    larger = larger_camera(info(binning=binning), 3, shape)
    across, down = binning[0] or 1, binning[1] or 1
    assert (larger.width, larger.height) == (3 * across * shape[1], 3 * down * shape[0])
    assert (larger.binning_x, larger.binning_y) == binning
    assert larger.k == (150, 1.5, 62.5, 0, 180, 38.5, 0, 0, 1)
    assert larger.p == (120, 0, 58, -54, 0, 132, 34, 21, 0, 0, 1, 0)


@pytest.mark.parametrize(
    ("roi", "binning", "expected"),
    [
        ((4, 6, 16, 12), (0, 0), (12, 18, 48, 36)),
        ((4, 6, 17, 13), (2, 3), (12, 18, 48, 36)),
        ((4, 6, 16, 0), (0, 0), (12, 18, 48, 90)),
        ((4, 6, 0, 12), (0, 0), (12, 18, 123, 36)),
    ],
)
def test_a_region_grows_within_its_sensor(roi, binning, expected):
    given = info(roi=roi, binning=binning)
    larger = larger_camera(given, 3)
    region = larger.roi
    assert (region.x_offset, region.y_offset, region.width, region.height) == expected
    assert (larger.width, larger.height) == (123, 90)
    assert (given.roi.width, given.width, given.k) == (roi[2], 41, K)


@pytest.mark.parametrize(("shape", "sizes"), [((30, 40), "40×30"), ((29, 41), "41×29")])
def test_the_camera_of_another_image_is_refused(shape, sizes):
    says = (
        f"the image has {sizes} pixels, its camera_info 41×30: give the camera_info that its "
        "driver publishes beside it"
    )
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$"):
        larger_camera(info(), 2, shape)


def test_each_matrix_grows_if_it_is_calibrated():
    larger = larger_camera(info(p=(0.0,) * 12), 2)
    assert (larger.k[0], larger.p) == (100, (0,) * 12)
    larger = larger_camera(info(k=(0.0,) * 9), 2)
    assert (larger.k, larger.p[0]) == ((0,) * 9, 80)
