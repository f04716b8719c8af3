"""The document of faults: each names a test that there is, and figures stay within the promise."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.common.oversized_files import FILES
from benchmarks.common.results import load_results
from dsdmsr.io import checks

ROOT = Path(__file__).parents[1]
TRUST = ROOT / "docs" / "trust.md"


def test_each_fault_names_a_test_that_there_is():
    rows = [line for line in TRUST.read_text(encoding="utf-8").splitlines() if "::" in line]
    assert len(rows) > 30
    for row in rows:
        ((file, name),) = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), row


def test_the_rule_for_sizes_is_the_codes():
    text = " ".join(TRUST.read_text(encoding="utf-8").split())
    assert f"{checks.SURE // 2**20} MiB, or {checks.MOST_COMPRESSED} times the bytes" in text
    assert f"{checks.MOST_BLOCKS:,} tiles, strips or chunks" in text
    assert f"a file {checks.MOST_MEMBERS} pages" in text


def test_no_file_takes_five_seconds_or_a_gigabyte_over_its_honest_size():
    rows = load_results("oversized")["rows"]
    assert {row["file"] for row in rows} == set(FILES)
    for row in rows:
        assert row["s"] < 5, row
        assert row["over"] < 1e9, row


def test_honest_files_are_read_as_fast_as_before():
    for row in load_results("files")["files"]:
        assert row["read_ratio"] <= 1.05, row


def test_large_holes_take_time_in_proportion_to_the_pixels():
    rows = load_results("holes")["rows"]
    (middle,) = (row for row in rows if row["side"] == 2048)
    assert middle["old_s"] > 50 * middle["new_s"]
    assert rows[-1]["new_s"] / rows[0]["new_s"] < 1.3 * (rows[-1]["side"] / rows[0]["side"]) ** 2
