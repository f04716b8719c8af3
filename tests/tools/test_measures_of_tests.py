"""How coverage and faults that tests notice are counted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dsdmsr._provenance import provenance
from tools import coverage, mutants

ABOUT = {"command": "c", **provenance("cpu")}


def file(lines: int, run: int, branches: int, taken: int) -> dict[str, int]:
    names = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    return dict(zip(names, (lines, run, branches, taken), strict=True))


def test_rooms_are_folders_and_modules_beside_them_are_one():
    files = {
        "src/dsdmsr/io/png.py": file(100, 90, 20, 15),
        "/home/x/src/dsdmsr/io/deep/tiff.py": file(10, 10, 0, 0),
        "src/dsdmsr/errors.py": file(7, 7, 2, 1),
        "src/dsdmsr/app/cli.py": file(1, 0, 0, 0),
    }
    assert coverage.rows_of(files) == [
        {"room": "app", "lines": 1, "run": 0, "branches": 0, "taken": 0},
        {"room": "io", "lines": 110, "run": 100, "branches": 20, "taken": 15},
        {"room": "dsdmsr itself", "lines": 7, "run": 7, "branches": 2, "taken": 1},
    ]


def test_the_last_row_is_of_all_rooms():
    rows = [
        {"room": "io", "lines": 1500, "run": 1450, "branches": 100, "taken": 90},
        {"room": "nn", "lines": 500, "run": 500, "branches": 0, "taken": 0},
    ]
    lines = coverage.table({**ABOUT, "rows": rows}).splitlines()
    assert lines[2] == "| io | 1,500 | 96.7 % | 100 | 90.0 % |"
    assert lines[3] == "| nn | 500 | 100.0 % | 0 | 0.0 % |"
    assert lines[4] == "| all | 2,000 | 97.5 % | 100 | 90.0 % |"


def test_a_sample_follows_its_seed_and_not_the_order_of_names():
    names = [f"f{k}" for k in range(100)]
    first = mutants.sample(names, 10, 1)
    assert first == mutants.sample(names[::-1], 10, 1) == sorted(first)
    assert len(set(first)) == 10
    assert first != mutants.sample(names, 10, 2)
    assert mutants.sample(names[:5], 10, 1) == names[:5]


def test_faults_are_counted_by_room():
    row = {"room": "depth", "faults": 3178, "tried": 300, "noticed": 276, "untested": 2}
    lines = mutants.table({**ABOUT, "rows": [row]}).splitlines()
    assert lines[2] == "| depth | 3,178 | 300 | 92 % | 2 |"


def test_rooms_are_there():
    for room in mutants.ROOMS:
        assert (mutants.ROOT / "src" / "dsdmsr" / room).is_dir()
        assert (mutants.ROOT / "tests" / room).is_dir()


@pytest.mark.parametrize(("code", "is_counted"), [(0, True), (1, True), (2, False), (-9, False)])
def test_what_failing_tests_ran_counts_and_what_broke_off_does_not(monkeypatch, code, is_counted):
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        if command[3] == "json":
            Path(command[-1]).write_text('{"files": {}}')
        return subprocess.CompletedProcess(command, code if command[3] == "run" else 0)

    monkeypatch.setattr(subprocess, "run", run)
    if is_counted:
        assert coverage.measure(1) == []
    else:
        with pytest.raises(RuntimeError, match=f"coverage run ended with code {code}"):
            coverage.measure(1)
