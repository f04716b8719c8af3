"""The oldest versions that are tested are the oldest that may be installed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def test_minimum_has_the_lower_bounds_of_what_it_is_for():
    text = (ROOT / "minimum.txt").read_text(encoding="utf-8")
    tested = dict(re.findall(r"^([\w-]+)==([\d.]+)$", text, flags=re.MULTILINE))
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", (ROOT / "scripts/ci/minimum").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for e in extras.split(",") for line in optional[e])]
    for requirement in map(Requirement, lines):
        (bound,) = [s.version for s in requirement.specifier if s.operator == ">="]
        assert Version(tested.pop(requirement.name)) == Version(bound), requirement
    assert [*tested] == ["opencv-contrib-python-headless"]
