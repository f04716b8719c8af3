from __future__ import annotations

from dataclasses import dataclass

import pytest

from dsdmsr._plain import from_plain, to_plain
from dsdmsr.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Part:
    size: int


@dataclass(frozen=True, kw_only=True)
class Whole:
    figures: dict[str, float | None]
    parts: dict[str, Part]


def test_dicts_are_typed_and_come_back():
    plain = {"figures": {"rmse": 1.5, "mae": None}, "parts": {"a": {"size": 2}}}
    whole = from_plain(Whole, plain, "results")
    assert whole.parts == {"a": Part(size=2)}
    assert to_plain(whole) == plain


def test_values_of_dicts_are_checked_and_named():
    with pytest.raises(ConfigError, match=r"results\.figures\.rmse is 'low'"):
        from_plain(Whole, {"figures": {"rmse": "low"}, "parts": {}}, "results")
    with pytest.raises(ConfigError, match=r"results\.parts\.a has an unknown key 'width'"):
        from_plain(Whole, {"figures": {}, "parts": {"a": {"width": 2}}}, "results")
    with pytest.raises(ConfigError, match=r"results\.parts is \[\]"):
        from_plain(Whole, {"figures": {}, "parts": []}, "results")


def test_whole_numbers_that_no_float_holds_are_refused():
    with pytest.raises(ConfigError, match=r"results\.figures\.rmse is 1000.*give a smaller number"):
        from_plain(Whole, {"figures": {"rmse": 10**400}, "parts": {}}, "results")
