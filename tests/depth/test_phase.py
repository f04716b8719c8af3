from __future__ import annotations

import re

import pytest

from dsdmsr.depth.phase import Axis, axis, check_phase
from dsdmsr.errors import ConfigError


@pytest.mark.parametrize(
    ("pixels", "larger", "phase", "factor", "offset"),
    [
        (160, 640, "centre", 4, 1.5),
        (3, 3, "centre", 1, 0),
        (4, 10, "centre", 2.5, 0.75),
        (1, 5, "centre", 5, 2),
        (160, 640, "corner", 4, 0),
        (1, 5, "corner", 5, 0),
        (4, 10, "aligned", 3, 0),
        (2, 5, "aligned", 4, 0),
        (3, 3, "aligned", 1, 0),
        (1, 5, "aligned", 5, 2),
    ],
)
def test_a_phase_says_where_pixels_sit(pixels, larger, phase, factor, offset):
    made = axis(pixels, larger, phase)
    assert made == (factor, offset)
    assert (made.factor, made.offset) == (factor, offset)


def test_pixels_sit_in_the_middle_by_default():
    assert axis(8, 32) == axis(8, 32, "centre") == (4, 1.5)


def test_coordinates_lie_elsewhere_in_a_larger_map():
    along = Axis(4, 1.5)
    assert [along.of(x) for x in (0, 1, -0.5, 2.25)] == [1.5, 5.5, -0.5, 10.5]
    assert [along.of_corner(x) for x in (0, 0.5, 1, 3)] == [0, 2, 4, 12]
    # On the first pixel of four, the first outer corner lies beyond the larger map's.
    assert [Axis(4, 0).of_corner(x) for x in (0, 0.5, 2)] == [-1.5, 0.5, 6.5]
    assert Axis(3, -7).of_corner(2) == -2


@pytest.mark.parametrize("phase", ["centre", "corner", "aligned"])
def test_phases_that_there_are_pass(phase):
    assert check_phase(phase) == phase


@pytest.mark.parametrize("phase", ["center", "", "CENTRE"])
def test_other_phases_are_refused(phase):
    says = f"phase is {phase!r}: allowed are centre, corner, aligned"
    with pytest.raises(ConfigError, match=f"^{re.escape(says)}$"):
        check_phase(phase)
