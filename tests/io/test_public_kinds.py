"""Files as public sources write them: exact values, the numbers of another library, and `info`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from testing.command import run

from benchmarks.common.results import load_results
from dsdmsr.io import read_numbers
from tools.source_files import GROUPS, SOURCES, Source
from tools.source_table import described, reading

IDS = [source.name.removesuffix(", …") for source in SOURCES]
"""Without what pytest's command line does not take."""
AGAINST = [f"{name}, by {source.library}" for name, source in zip(IDS, SOURCES, strict=True)]
ROUNDING = 2.0**-23
"""What float32 may make of a value, relative to it."""


def plain(path: Path) -> Path:
    """Return a file, without what follows its name to choose a map."""
    return Path(str(path).partition("#")[0])


@pytest.mark.parametrize("source", SOURCES, ids=IDS)
def test_values_and_holes_are_what_the_source_says(source: Source, tmp_path):
    content, depth = source.content, reading(source.make(tmp_path), source)
    np.testing.assert_array_equal(depth.valid, content.valid)
    np.testing.assert_allclose(
        depth.values[depth.valid], content.values[content.valid], rtol=ROUNDING, atol=0
    )
    assert (depth.kind, depth.unit) == (source.kind, source.unit)


@pytest.mark.parametrize("source", SOURCES, ids=AGAINST)
def test_numbers_are_those_of_another_library(source: Source, tmp_path):
    path = source.make(tmp_path)
    try:
        numbers = source.read(plain(path))
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not installed: pip install '.[dev]'")
    np.testing.assert_array_equal(read_numbers(path), numbers)


@pytest.mark.parametrize("source", SOURCES, ids=IDS)
def test_info_says_what_is_right(source: Source, tmp_path, capsys):
    path, content = source.make(tmp_path), source.content
    code, out, err = run(capsys, "info", path, *source.options)
    assert (code, err) == (0, "")
    holes = content.valid.size - int(content.valid.sum())
    assert f"holes     {holes:,} of {content.valid.size:,} pixels" in out
    units = {"m": "in metres", "px": "in pixels", "level": "in grey levels", None: "unit unknown"}
    assert f"kind      {source.kind.replace('_', ' ')}, {units[source.unit]}" in out
    assert ("assumed, --encoding changes it" in out) is source.assumed
    (line,) = (line for line in out.splitlines() if line.startswith("  encoding"))
    assert source.encoding in line
    low, high = (f(content.values[content.valid]) for f in (np.min, np.max))
    assert f"range     {np.float32(low):.6g} to {np.float32(high):.6g}" in out
    said = described(source, path)
    assert (said["holes"], said["assumed"]) == (holes, source.assumed)


def test_the_table_in_the_documents_is_of_these_files(tmp_path):
    groups = load_results("sources")["groups"]
    for name, sources in GROUPS.items():
        assert [row["name"] for row in groups[name]] == [source.name for source in sources]
        for row, source in zip(groups[name], sources, strict=True):
            assert row["read"] == described(source, source.make(tmp_path)), source.name
            assert (row["options"], row["remark"]) == (" ".join(source.options), source.remark)
    assert groups.keys() == GROUPS.keys()


def test_no_two_sources_have_a_file_of_the_same_name():
    assert len({source.file for source in SOURCES}) == len(SOURCES) >= 26
