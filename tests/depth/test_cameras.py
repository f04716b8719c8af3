from __future__ import annotations

import math
import re

import pytest

from dsdmsr import Intrinsics, Stereo
from dsdmsr.depth.phase import Axis
from dsdmsr.errors import ConfigError, DepthError


def test_a_camera_is_read_from_four_numbers():
    camera = Intrinsics.parse("525,510.5,-3.5,239.25")
    assert camera == Intrinsics(fx=525, fy=510.5, cx=-3.5, cy=239.25)
    assert Intrinsics.parse(" 0.5, 1e-3 ,0,-0.0") == Intrinsics(fx=0.5, fy=1e-3, cx=0, cy=0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "1,2,3,x",
        "1;2;3;4",
        "0,2,3,4",
        "1,0,3,4",
        "-1,2,3,4",
        "1,-2,3,4",
        "inf,2,3,4",
        "1,inf,3,4",
        "1,2,inf,4",
        "1,2,-inf,4",
        "1,2,3,inf",
        "1,2,3,-inf",
        "nan,2,3,4",
        "1,nan,3,4",
        "1,2,nan,4",
        "1,2,3,nan",
    ],
)
def test_what_is_no_camera_is_refused(text):
    says = f"intrinsics are {text!r}: give fx,fy,cx,cy in pixels, focal lengths above 0"
    with pytest.raises(ConfigError, match=f"^{re.escape(says)}$"):
        Intrinsics.parse(text)


def test_a_larger_map_has_a_longer_focal_length_and_its_centre_by_the_pixel_rule():
    camera = Intrinsics(fx=100, fy=110, cx=7.5, cy=3.25)
    assert camera.scaled(4) == Intrinsics(fx=400, fy=440, cx=31.5, cy=14.5)
    assert camera.scaled(2, 3) == Intrinsics(fx=200, fy=330, cx=15.5, cy=10.75)
    assert camera.scaled(3, 1) == Intrinsics(fx=300, fy=110, cx=23.5, cy=3.25)
    assert camera.scaled(0.5) == Intrinsics(fx=50, fy=55, cx=3.5, cy=1.375)


def test_each_axis_of_a_camera_is_mapped_by_itself():
    camera = Intrinsics(fx=100, fy=110, cx=7.5, cy=3.25)
    mapped = camera.mapped(Axis(4, 1), Axis(2, -0.5))
    assert mapped == Intrinsics(fx=400, fy=220, cx=31, cy=6)


def test_two_cameras_may_have_any_positive_numbers():
    stereo = Stereo(focal=0.5, baseline=0.001)
    assert (stereo.focal, stereo.baseline, stereo.doffs) == (0.5, 0.001, 0)
    assert Stereo(focal=1, baseline=1, doffs=-7.5).doffs == -7.5


@pytest.mark.parametrize(
    ("focal", "baseline", "doffs", "numbers"),
    [
        (0, 0.2, 1, "focal length 0, baseline 0.2 and doffs 1"),
        (-3, 0.2, 1, "focal length -3, baseline 0.2 and doffs 1"),
        (math.inf, 0.2, 1, "focal length inf, baseline 0.2 and doffs 1"),
        (math.nan, 0.2, 1, "focal length nan, baseline 0.2 and doffs 1"),
        (1000, 0, 1, "focal length 1000, baseline 0 and doffs 1"),
        (1000, -0.2, 1, "focal length 1000, baseline -0.2 and doffs 1"),
        (1000, math.inf, 1, "focal length 1000, baseline inf and doffs 1"),
        (1000, math.nan, 1, "focal length 1000, baseline nan and doffs 1"),
        (1000, 0.2, math.inf, "focal length 1000, baseline 0.2 and doffs inf"),
        (1000, 0.2, -math.inf, "focal length 1000, baseline 0.2 and doffs -inf"),
        (1000, 0.2, math.nan, "focal length 1000, baseline 0.2 and doffs nan"),
        (0, 0, math.nan, "focal length 0, baseline 0 and doffs nan"),
    ],
)
def test_what_are_no_two_cameras_is_refused(focal, baseline, doffs, numbers):
    says = f"{numbers} are no two cameras: the first two are above 0, and all finite"
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$"):
        Stereo(focal=focal, baseline=baseline, doffs=doffs)
