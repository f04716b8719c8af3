from __future__ import annotations

import math
import re

import numpy as np
import pytest

from dsdmsr.depth.encoding import Encoding
from dsdmsr.errors import EncodingError

LARGEST_FLOAT = float(np.finfo(np.float32).max)


def test_an_encoding_is_floats_of_depth_unless_said_otherwise():
    encoding = Encoding(meaning="values")
    assert (encoding.per_unit, encoding.offset, encoding.invalid) == (1, 0, 0)
    assert (encoding.kind, encoding.unit) == ("depth", None)
    assert (encoding.largest, encoding.rotated, encoding.focal) == (None, 0, None)
    assert not encoding.zero_is_value
    assert not encoding.along_ray


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"per_unit": 0}, "per_unit is 0 and offset 0: give finite numbers, the first above 0"),
        ({"per_unit": -1}, "per_unit is -1 and offset 0: give finite numbers, the first above 0"),
        (
            {"per_unit": math.inf, "offset": 2},
            "per_unit is inf and offset 2: give finite numbers, the first above 0",
        ),
        (
            {"per_unit": math.nan},
            "per_unit is nan and offset 0: give finite numbers, the first above 0",
        ),
        (
            {"offset": math.inf},
            "per_unit is 1 and offset inf: give finite numbers, the first above 0",
        ),
        (
            {"offset": -math.inf},
            "per_unit is 1 and offset -inf: give finite numbers, the first above 0",
        ),
        (
            {"offset": math.nan},
            "per_unit is 1 and offset nan: give finite numbers, the first above 0",
        ),
        ({"largest": 0}, "largest is 0: give 1 to 65535, or None for floats"),
        ({"largest": -1}, "largest is -1: give 1 to 65535, or None for floats"),
        ({"largest": 65536}, "largest is 65536: give 1 to 65535, or None for floats"),
        (
            {"along_ray": True, "kind": "height"},
            "distances along the ray are depth, not height",
        ),
        ({"focal": 0}, "focal is 0: give a number above 0"),
        ({"focal": -0.5}, "focal is -0.5: give a number above 0"),
        ({"focal": math.inf}, "focal is inf: give a number above 0"),
        ({"focal": math.nan}, "focal is nan: give a number above 0"),
    ],
)
def test_what_is_no_encoding_is_refused(options, says):
    with pytest.raises(EncodingError, match=f"^{re.escape(says)}$"):
        Encoding(meaning="x", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"per_unit": 1e-6, "offset": -3},
        {"largest": 1},
        {"largest": 65535},
        {"along_ray": True},
        {"along_ray": True, "focal": 0.5},
        {"focal": 1},
        {"kind": "height"},
        {"kind": "disparity", "along_ray": False},
    ],
)
def test_what_is_one_is_kept(options):
    encoding = Encoding(meaning="x", **options)
    assert {name: getattr(encoding, name) for name in options} == options


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(1, "u1"), (255, "u1"), (256, "u2"), (65535, "u2"), (None, "f4")],
)
def test_an_encoding_has_the_shortest_type_that_holds_its_numbers(largest, dtype):
    assert Encoding(meaning="x", largest=largest).dtype == np.dtype(dtype)


def test_whole_numbers_reach_from_the_smallest_to_the_largest():
    encoding = Encoding(meaning="x", largest=255, per_unit=4, offset=3)
    assert (encoding.smallest, encoding.value_range) == (1, (-0.5, 63))
    zero = Encoding(meaning="x", largest=255, per_unit=4, offset=3, zero_is_value=True)
    assert (zero.smallest, zero.value_range) == (0, (-0.75, 63))


def test_floats_reach_as_far_as_floats_do_and_depth_begins_at_0():
    assert Encoding(meaning="x", per_unit=4).value_range == (0, LARGEST_FLOAT / 4)
    height = Encoding(meaning="x", kind="height")
    assert height.value_range == (-LARGEST_FLOAT, LARGEST_FLOAT)
    scaled = Encoding(meaning="x", kind="height", per_unit=4, offset=100)
    assert scaled.value_range == (-LARGEST_FLOAT / 4, LARGEST_FLOAT / 4)
    assert Encoding(meaning="x", per_unit=0.5, kind="disparity").value_range == (
        -LARGEST_FLOAT,
        LARGEST_FLOAT,
    )
