"""The matrix of libraries: what the results file says, and again where they are installed."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

from benchmarks.common.results import load_results
from tools.interop.environments import ENVIRONMENTS, HERE
from tools.interop.libraries import LIBRARIES
from tools.interop.run import cells_of, changed

FOUND = load_results("interop")["libraries"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", HERE.libraries)
def test_nothing_has_changed(name, tmp_path):
    library = LIBRARIES[name]
    try:
        importlib.import_module(library.module)
    except ImportError:
        pytest.skip(f"{name} is not installed: pip install '.[interop]'")
    assert changed(FOUND[name], cells_of(name, tmp_path)) == []


def test_nothing_is_wrong_and_every_library_is_there():
    cells = [cell for each in FOUND.values() for way in ("written", "read") for cell in each[way]]
    assert len(cells) >= 150
    assert not [cell for cell in cells if cell["outcome"] in ("wrong", "not written")]
    assert all(cell["words"] for cell in cells if cell["outcome"] != "exact")
    assert FOUND.keys() == LIBRARIES.keys()
    names = [name for environment in ENVIRONMENTS for name in environment.libraries]
    assert sorted(names) == sorted(LIBRARIES)


def test_the_extra_brings_the_libraries_that_run_here():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    brought = {*project["dependencies"], *extras["io"], *extras["interop"]}
    named = {entry.partition(">")[0].partition("[")[0].lower() for entry in brought}
    for name in HERE.libraries:
        assert LIBRARIES[name].distribution.removesuffix("-binary").lower() in named
