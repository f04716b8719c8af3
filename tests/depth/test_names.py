from __future__ import annotations

import re

import pytest

from dsdmsr.depth.degradations import DEGRADATIONS, check_degradation
from dsdmsr.depth.kinds import UNIT_WORDS, check_kind
from dsdmsr.errors import ConfigError, DepthError


def test_degradations_have_names():
    assert DEGRADATIONS == ("bicubic", "area", "interval", "opencv_cubic", "pil_bicubic")
    for name in DEGRADATIONS:
        check_degradation(name)


@pytest.mark.parametrize(
    ("name", "hint"), [("biubic", " (did you mean bicubic?)"), ("nothing of all", "")]
)
def test_other_degradations_are_refused(name, hint):
    says = (
        f"degradation is {name!r}{hint}: allowed are bicubic, area, interval, opencv_cubic, "
        "pil_bicubic"
    )
    with pytest.raises(ConfigError, match=f"^{re.escape(says)}$"):
        check_degradation(name)


@pytest.mark.parametrize("kind", ["depth", "disparity", "inverse_depth", "height"])
def test_kinds_that_there_are_pass(kind):
    check_kind(kind)


@pytest.mark.parametrize(("name", "hint"), [("dept", " (did you mean depth?)"), ("zz", "")])
def test_other_kinds_are_refused(name, hint):
    says = f"kind is {name!r}{hint}: allowed are depth, disparity, inverse_depth, height"
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$"):
        check_kind(name)


def test_units_have_words():
    assert UNIT_WORDS == {
        "m": "metres",
        "px": "pixels",
        "level": "grey levels",
        None: "unit unknown",
    }
