from __future__ import annotations

import math

import pytest

from dsdmsr.depth.encoding import Encoding
from dsdmsr.io.stored import Packing


@pytest.mark.parametrize(
    ("scale", "offset"),
    [(1, 0), (0, 5), (-1, 5), (math.inf, 0), (math.nan, 0), (2, math.inf), (2, math.nan)],
)
def test_a_packing_of_nothing_or_of_no_sense_is_none(scale, offset):
    assert Packing.of(scale, offset) is None


@pytest.mark.parametrize(("scale", "offset"), [(1, 5), (2, 0), (1e-300, -7), (0.5, 0.25)])
def test_a_packing_is_its_scale_and_offset_which_is_said(scale, offset):
    packing = Packing.of(scale, offset)
    assert packing == (scale, offset)
    assert packing.note == (
        f"its numbers stand for themselves × {scale:g} + {offset:g}, as it says: values are "
        "written as they are"
    )


def test_packed_numbers_mean_what_they_stand_for():
    unpacked = Encoding(meaning="mm", per_unit=1000, offset=20, unit="m", invalid=7, largest=65535)
    packed = Packing(0.5, -100).packed(unpacked)
    assert (packed.per_unit, packed.offset, packed.largest) == (2000, 240, None)
    assert (packed.meaning, packed.unit, packed.kind) == ("mm", "m", "depth")
    assert math.isnan(packed.invalid)
    # 440 in the file is 120 mm, which are 0.1 m from 20.
    assert (440 - packed.offset) / packed.per_unit == (0.5 * 440 - 100 - 20) / 1000
    assert Packing(0.5).packed(unpacked).invalid == 7
